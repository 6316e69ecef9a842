/* SPDX-License-Identifier: Apache-2.0 */
/* What a box wants from its host when it exits. */
#include <errno.h>
#include <string.h>

#include <client/counter.h>
#include <client/debugger.h>
#include <client/error.h>
#include <client/confine.h>
#include <client/lend.h>

/* Answer a thread that sleeps; the bytes are in the lender's buffer.  The entry
 * that follows need not wait for the monitor's word, which cbx_run_answered
 * looks at. */
static enum cbx_status reply(struct cbx_lender *lender, uint64_t thread,
	int64_t result, uint64_t bytes)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_REPLY,
		.arg = { lender->run->box->root, thread, (uint64_t)result,
			lender->buffer.pfn, bytes } };

	return cbx_cpu_post(lender->cpu, &call);
}

enum cbx_status cbx_run_answered(struct cbx_lender *lender)
{
	enum cbx_status status = cbx_cpu_posted(lender->cpu);

	/* Killed meanwhile: the entry said so. */
	return status == CBX_OK || status == CBX_E_STATE ||
			       status == CBX_E_STALE
		       ? CBX_OK
		       : cbx_fail_monitor(
				 status, "the monitor does not take a reply");
}

static int64_t read_input(struct cbx_lender *lender, void *buf, size_t size)
{
	int64_t n;

	if (lender->run->how.input != NULL) {
		n = lender->run->how.input(lender->run->how.arg, buf, size);
	} else if (lender->run->how.input_fd < 0) {
		n = 0;
	} else {
		n = cbx_stream_read(lender->run->how.input_fd, buf, size,
			&lender->patience);
	}
	if (n > (int64_t)size) {
		n = -EIO;
	}
	if (n < 0 && n != -EINTR) {
		lender->run->result.input_error = (int32_t)-n;
	}
	return n;
}

int64_t cbx_run_read_full(struct cbx_lender *lender, uint8_t *buf, size_t size)
{
	size_t done = 0;
	int64_t n = 1;

	while (done < size && n > 0) {
		n = read_input(lender, buf + done, size - done);
		done += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? n : (int64_t)done;
}

static enum cbx_status serve_input(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	uint64_t most = exit->ret[3];
	int64_t n;

	if (lender->run->confined) {
		return cbx_run_nonsense("input of a confined box");
	}
	if (exit->ret[2] == CBX_PORT_CLIENT) {
		return cbx_confine_deliver(lender, exit->ret[1], most);
	}
	if (most > CBX_IO_BYTES_MAX) {
		most = CBX_IO_BYTES_MAX;
	}
	n = read_input(lender, cbx_lend_buffer(lender), (size_t)most);
	return reply(lender, exit->ret[1], n, n > 0 ? (uint64_t)n : 0);
}

enum cbx_status cbx_run_input(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	enum cbx_status status;

	/* a callback may wait, and nobody knows */
	if (lender->run->how.input != NULL ||
		pthread_mutex_trylock(&lender->run->reading) != 0) {
		cbx_lend_block(lender);
		pthread_mutex_lock(&lender->run->reading);
	}
	status = serve_input(lender, exit);
	pthread_mutex_unlock(&lender->run->reading);
	return status;
}

static int64_t write_to(struct cbx_lender *lender, enum cbx_port port,
	const void *buf, size_t size)
{
	int fd = port == CBX_PORT_ERROR ? lender->run->how.error_fd
					: lender->run->how.output_fd;

	if (lender->run->how.output != NULL) {
		return lender->run->how.output(
			lender->run->how.arg, port, buf, size);
	}
	return fd < 0 ? -EBADF
		      : cbx_stream_write(fd, buf, size, &lender->patience);
}

int64_t cbx_run_write(struct cbx_lender *lender, enum cbx_port port,
	const void *buf, size_t size)
{
	int64_t n = write_to(lender, port, buf, size);

	if (n > (int64_t)size) {
		n = -EIO;
	}
	if (n < 0 && n != -EINTR) {
		*(port == CBX_PORT_ERROR ? &lender->run->result.error_error
					 : &lender->run->result.output_error) =
			(int32_t)-n;
	}
	return n;
}

enum cbx_status cbx_run_output(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	uint64_t port = exit->ret[2];
	uint64_t bytes = exit->ret[3];
	int64_t n;

	if (lender->run->confined) {
		return cbx_confine_output(lender);
	}
	if (bytes == 0 || bytes > CBX_IO_BYTES_MAX ||
		(port != CBX_PORT_OUTPUT && port != CBX_PORT_ERROR)) {
		return cbx_run_nonsense("an output's size or port");
	}
	n = cbx_run_write(lender, (enum cbx_port)port, cbx_lend_buffer(lender),
		(size_t)bytes);
	return n == (int64_t)bytes ? CBX_OK : reply(lender, exit->ret[1], n, 0);
}

/* The call at the exit; its payload is moved to the buffer's beginning. */
static enum cbx_status read_call(const struct cbx_lender *lender,
	const struct cbx_reply *exit, struct cbx_forward_call *call,
	size_t *bytes)
{
	uint8_t *buf = cbx_lend_buffer(lender);

	if (lender->run->confined ||
		exit->ret[3] < sizeof(struct cbx_forward) ||
		exit->ret[3] > CBX_IO_BYTES_MAX) {
		return cbx_run_nonsense("a forwarded call");
	}
	*call = (struct cbx_forward_call){ .number = (uint32_t)exit->ret[2],
		.max = exit->ret[4] < CBX_IO_BYTES_MAX ? (size_t)exit->ret[4]
						       : CBX_IO_BYTES_MAX };
	memcpy(&call->args, buf, sizeof(call->args));
	*bytes = (size_t)exit->ret[3] - sizeof(call->args);
	memmove(buf, buf + sizeof(call->args), *bytes);
	return CBX_OK;
}

/* Serve a call by the callback, or here if that was asked for. */
static int64_t serve(struct cbx_lender *lender, uint64_t thread,
	const struct cbx_forward_call *call, size_t *bytes)
{
	void *buf = cbx_lend_buffer(lender);

	if (call->number == CBX_FORWARD_COUNTER &&
		lender->run->how.counter != NULL) {
		return cbx_counter_forward(
			lender->run->how.counter, call, buf, bytes);
	}
	if (call->number == CBX_FORWARD_DEBUG) {
		return cbx_debugger_forward(lender, call, buf, bytes);
	}
	if (lender->run->how.forward != NULL) {
		return lender->run->how.forward(
			lender->run->how.arg, call, buf, bytes);
	}
	if ((lender->run->how.flags & CBX_RUN_SERVE) == 0) {
		return -ENOSYS;
	}
	if (lender->run->server == NULL) {
		lender->run->server = cbx_server_new();
	}
	return lender->run->server == NULL
		       ? -ENOMEM
		       : cbx_server_call(
				 lender->run->server, thread, call, buf, bytes);
}

enum cbx_status cbx_run_forward(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	struct cbx_forward_call call = { 0 };
	size_t bytes = 0;
	enum cbx_status status = read_call(lender, exit, &call, &bytes);
	int64_t result;

	if (status != CBX_OK) {
		return status;
	}
	result = serve(lender, exit->ret[1], &call, &bytes);
	if (result == CBX_SERVE_LATER) {
		return CBX_OK;
	}
	if (bytes > call.max) {
		result = -EIO;
	}
	return reply(lender, exit->ret[1], result, result < 0 ? 0 : bytes);
}

enum cbx_status cbx_run_refused(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	struct cbx_forward_call call = { 0 };
	size_t bytes = 0;
	enum cbx_status status = read_call(lender, exit, &call, &bytes);

	if (status == CBX_OK && lender->run->how.refused != NULL) {
		lender->run->how.refused(lender->run->how.arg, &call,
			cbx_lend_buffer(lender), bytes);
	}
	return status;
}

enum cbx_status cbx_run_served(struct cbx_lender *lender)
{
	struct cbx_served served;
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && lender->run->server != NULL &&
		cbx_server_waits(lender->run->server)) {
		cbx_cpu_settle(lender->cpu); /* the buffer is free then */
		if (!cbx_server_next(lender->run->server,
			    cbx_lend_buffer(lender), &served)) {
			break;
		}
		status = reply(
			lender, served.thread, served.result, served.bytes);
	}
	return status;
}

void cbx_run_trace(struct cbx_lender *lender, const struct cbx_reply *exit)
{
	struct cbx_trace event = { .number = (uint32_t)(exit->ret[0] >> 32) };

	if (lender->run->how.trace == NULL) {
		return;
	}
	if ((uint32_t)exit->ret[0] == CBX_EXIT_RESULT) {
		event.is_result = 1;
		event.result = (int64_t)exit->ret[1];
		event.thread = exit->ret[2];
		event.says = exit->ret[3];
	} else {
		memcpy(&event.thread, cbx_lend_buffer(lender),
			sizeof(event.thread));
		memcpy(event.arg, &exit->ret[1], sizeof(event.arg));
	}
	lender->run->how.trace(lender->run->how.arg, lender->run->box, &event);
}
