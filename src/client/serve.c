/* SPDX-License-Identifier: Apache-2.0 */
#include <client/serve_table.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cbx_server *cbx_server_new(void)
{
	struct cbx_server *server = calloc(1, sizeof(*server));

	if (server != NULL) {
		(void)pthread_mutex_init(&server->lock, NULL);
	}
	return server;
}

struct cbx_serve_open *cbx_serve_get(
	struct cbx_server *server, uint64_t handle, enum cbx_serve_kind kind)
{
	struct cbx_serve_open *open;

	if (handle >= CBX_SERVE_HANDLES) {
		return NULL;
	}
	open = &server->open[handle];
	return open->kind == CBX_SERVE_FREE ||
			       (kind != CBX_SERVE_FREE && kind != open->kind)
		       ? NULL
		       : open;
}

int64_t cbx_serve_add(
	struct cbx_server *server, enum cbx_serve_kind kind, int fd)
{
	for (int64_t i = 0; i < (int64_t)CBX_SERVE_HANDLES; i++) {
		if (server->open[i].kind == CBX_SERVE_FREE) {
			server->open[i] = (struct cbx_serve_open){ .kind = kind,
				.fd = fd };
			return i;
		}
	}
	close(fd);
	return -EMFILE;
}

void cbx_serve_close(struct cbx_serve_open *open)
{
	if (open->directory != NULL) {
		closedir(open->directory);
	} else if (open->kind != CBX_SERVE_FREE) {
		close(open->fd);
	}
	*open = (struct cbx_serve_open){ 0 };
}

void cbx_server_destroy(struct cbx_server *server)
{
	if (server == NULL) {
		return;
	}
	for (size_t i = 0; i < CBX_SERVE_HANDLES; i++) {
		cbx_serve_close(&server->open[i]);
	}
	while (server->waiting != NULL) {
		struct cbx_serve_wait *next = server->waiting->next;

		free(server->waiting);
		server->waiting = next;
	}
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}

int64_t cbx_serve_answer(
	struct cbx_serve_call *call, const void *from, size_t bytes)
{
	if (bytes > call->max) {
		return -ERANGE;
	}
	memcpy(call->data, from, bytes);
	*call->bytes = bytes;
	return 0;
}

int64_t cbx_serve_close_call(struct cbx_serve_call *call)
{
	struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_FREE);

	if (open == NULL) {
		return -EBADF;
	}
	cbx_serve_close(open);
	cbx_serve_wake(call->server); /* they ask again without it */
	return 0;
}

int64_t cbx_serve_wake_call(struct cbx_serve_call *call)
{
	cbx_serve_wake(call->server);
	return 0;
}

/* Counters are kept by struct cbx_run's counter, or not at all. */
int64_t cbx_serve_counter_call(struct cbx_serve_call *call)
{
	(void)call;
	return -ENOSYS;
}

/* A debugger is struct cbx_run's debug_fd, or there is none. */
int64_t cbx_serve_debug_call(struct cbx_serve_call *call)
{
	(void)call;
	return -EPIPE;
}

int64_t cbx_serve_poll_call(struct cbx_serve_call *call)
{
	return cbx_serve_poll(call);
}

static int64_t dispatch(uint32_t number, struct cbx_serve_call *call)
{
	switch (number) {
#define X(id, NAME, name) \
	case (id):        \
		return cbx_serve_##name##_call(call);
#include <confbox/forward.def>
#undef X
	default:
		return -ENOSYS;
	}
}

int64_t cbx_server_call(struct cbx_server *server, uint64_t thread,
	const struct cbx_forward_call *call, void *data, size_t *bytes)
{
	struct cbx_serve_call each = { server, thread, call->args.arg, data,
		*bytes, call->max, bytes };
	int64_t result;

	*bytes = 0;
	pthread_mutex_lock(&server->lock);
	result = dispatch(call->number, &each);
	pthread_mutex_unlock(&server->lock);
	if (result < 0) {
		*bytes = 0;
	}
	return result;
}
