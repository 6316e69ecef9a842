/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarded calls that wait. */
#include <client/serve_table.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <client/stream.h>

/* One allocation: the call, then both its arrays. */
static struct cbx_serve_wait *new_wait(
	const struct cbx_serve_call *call, size_t count)
{
	struct cbx_serve_wait *wait = calloc(
		1, sizeof(*wait) + count * (sizeof(struct cbx_forward_poll) +
						   sizeof(struct pollfd)));

	if (wait != NULL) {
		wait->thread = call->thread;
		wait->until_ns = UINT64_MAX;
		wait->connecting = -1;
		wait->count = count;
		wait->asked = (struct cbx_forward_poll *)(wait + 1);
		wait->poll = (struct pollfd *)(wait->asked + count);
	}
	return wait;
}

/* @return how many are ready */
static int64_t look(struct cbx_serve_wait *wait)
{
	int64_t ready = 0;

	for (size_t i = 0; i < wait->count; i++) {
		wait->poll[i].revents = 0;
	}
	(void)poll(wait->poll, (nfds_t)wait->count, 0);
	for (size_t i = 0; i < wait->count; i++) {
		wait->asked[i].ready =
			wait->poll[i].fd < 0 ? POLLNVAL
					     : (uint16_t)wait->poll[i].revents;
		ready += wait->asked[i].ready != 0;
	}
	return ready;
}

static int64_t answer_poll(struct cbx_serve_call *call,
	const struct cbx_serve_wait *wait, int64_t ready)
{
	int64_t status = cbx_serve_answer(
		call, wait->asked, wait->count * sizeof(wait->asked[0]));

	return status != 0 ? status : ready;
}

/* A connection that is made or failed. */
static int64_t answer_connect(
	struct cbx_serve_call *call, const struct cbx_serve_wait *wait)
{
	struct cbx_serve_open *open = cbx_serve_get(
		call->server, (uint64_t)wait->connecting, CBX_SERVE_SOCKET);
	struct cbx_forward_stat told;
	int64_t status;

	if (open == NULL) {
		return -EBADF;
	}
	status = cbx_serve_stat(open->fd, true, &told);
	if (status == 0 && told.error != 0) {
		status = -(int64_t)told.error;
	}
	if (status == 0) {
		return cbx_serve_ends(call, wait->connecting);
	}
	cbx_serve_close(open);
	return status;
}

static int64_t remember(struct cbx_server *server, struct cbx_serve_wait *wait)
{
	wait->next = server->waiting;
	server->waiting = wait;
	return CBX_SERVE_LATER;
}

static void set_polls(struct cbx_serve_call *call, struct cbx_serve_wait *wait)
{
	memcpy(wait->asked, call->data, call->payload);
	for (size_t i = 0; i < wait->count; i++) {
		const struct cbx_serve_open *open = cbx_serve_get(
			call->server, wait->asked[i].handle, CBX_SERVE_FREE);

		wait->poll[i].fd = open == NULL ? -1 : open->fd;
		wait->poll[i].events =
			(short)(wait->asked[i].events &
				(POLLIN | POLLOUT | POLLPRI | POLLRDHUP));
	}
}

int64_t cbx_serve_poll(struct cbx_serve_call *call)
{
	size_t count = call->payload / sizeof(struct cbx_forward_poll);
	struct cbx_serve_wait *wait;
	int64_t result;

	if (call->payload % sizeof(struct cbx_forward_poll) != 0 ||
		count > CBX_SERVE_POLLS || call->payload > call->max) {
		return -EINVAL;
	}
	wait = new_wait(call, count);
	if (wait == NULL) {
		return -ENOMEM;
	}
	set_polls(call, wait);
	result = look(wait);
	if (result == 0 && call->arg[0] != 0 && !call->server->woken) {
		wait->until_ns = cbx_until_ns(call->arg[0]);
		return remember(call->server, wait);
	}
	call->server->woken = false;
	result = answer_poll(call, wait, result);
	free(wait);
	return result;
}

int64_t cbx_serve_connecting(struct cbx_serve_call *call, int64_t handle)
{
	struct cbx_serve_wait *wait = new_wait(call, 1);

	if (wait == NULL) {
		cbx_serve_close(&call->server->open[handle]);
		return -ENOMEM;
	}
	wait->connecting = handle;
	wait->poll[0].fd = call->server->open[handle].fd;
	wait->poll[0].events = POLLOUT;
	return remember(call->server, wait);
}

void cbx_serve_wake(struct cbx_server *server)
{
	server->woken = true;
	for (struct cbx_serve_wait *wait = server->waiting; wait != NULL;
		wait = wait->next) {
		wait->woken = wait->connecting < 0;
		server->woken = server->woken && !wait->woken;
	}
}

/* Whether a call can be answered now. */
static bool is_due(struct cbx_serve_wait *wait, int64_t *ready)
{
	*ready = wait->woken ? 0 : look(wait);
	return wait->woken || *ready != 0 || cbx_now_ns() >= wait->until_ns;
}

static bool take_next(
	struct cbx_server *server, void *data, struct cbx_served *served)
{
	for (struct cbx_serve_wait **at = &server->waiting; *at != NULL;
		at = &(*at)->next) {
		struct cbx_serve_wait *wait = *at;
		struct cbx_serve_call call = { .server = server,
			.data = data,
			.max = CBX_IO_BYTES_MAX,
			.bytes = &served->bytes };
		int64_t ready;

		if (!is_due(wait, &ready)) {
			continue;
		}
		*at = wait->next;
		served->thread = wait->thread;
		served->bytes = 0;
		served->result = wait->connecting >= 0
					 ? answer_connect(&call, wait)
					 : answer_poll(&call, wait, ready);
		free(wait);
		return true;
	}
	return false;
}

bool cbx_server_next(
	struct cbx_server *server, void *data, struct cbx_served *served)
{
	bool found;

	pthread_mutex_lock(&server->lock);
	found = take_next(server, data, served);
	pthread_mutex_unlock(&server->lock);
	return found;
}

bool cbx_server_waits(struct cbx_server *server)
{
	bool waits;

	pthread_mutex_lock(&server->lock);
	waits = server->waiting != NULL;
	pthread_mutex_unlock(&server->lock);
	return waits;
}

/* What any call waits for. @return whether one need not */
static bool gather(struct cbx_server *server, struct pollfd *all, nfds_t *count,
	uint64_t *until_ns)
{
	bool woken = false;

	for (const struct cbx_serve_wait *wait = server->waiting; wait != NULL;
		wait = wait->next) {
		if (wait->until_ns < *until_ns) {
			*until_ns = wait->until_ns;
		}
		for (size_t i = 0;
			i < wait->count && *count <= CBX_SERVE_HANDLES; i++) {
			all[*count] = wait->poll[i];
			all[(*count)++].revents = 0;
		}
		woken = woken || wait->woken;
	}
	return woken;
}

void cbx_server_sleep(struct cbx_server *server, int wake, uint64_t until_ns)
{
	struct pollfd all[CBX_SERVE_HANDLES + 1] = { { .fd = wake,
		.events = POLLIN } };
	uint64_t now = cbx_now_ns();
	nfds_t count = 1;
	struct timespec pause;
	bool woken;

	pthread_mutex_lock(&server->lock);
	woken = gather(server, all, &count, &until_ns);
	pthread_mutex_unlock(&server->lock);
	if (woken) {
		return;
	}
	pause.tv_sec =
		(time_t)((until_ns > now ? until_ns - now : 0) / 1000000000u);
	pause.tv_nsec =
		(long)((until_ns > now ? until_ns - now : 0) % 1000000000u);
	(void)ppoll(all, count, until_ns == UINT64_MAX ? NULL : &pause, NULL);
}
