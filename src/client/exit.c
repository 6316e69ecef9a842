/* SPDX-License-Identifier: Apache-2.0 */
/* What a box wants from its host when it exits. */
#include <errno.h>
#include <string.h>

#include <client/error.h>
#include <client/run.h>

/* Answer a thread that sleeps; the bytes are in the box's buffer. */
static enum cbx_status reply(struct cbx_running *run, uint64_t thread,
	int64_t result, uint64_t bytes)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_REPLY,
		.arg = { run->box->root, thread, (uint64_t)result,
			run->box->buffer.pfn, bytes } };
	struct cbx_reply answer;
	enum cbx_status status = cbx_cpu_call(run->cpu, &call, &answer);

	/* Killed meanwhile: the next entry says so. */
	if (answer.status == CBX_E_STATE || answer.status == CBX_E_STALE) {
		return CBX_OK;
	}
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, answer.status,
					  "the monitor does not take a reply");
}

static int64_t read_input(struct cbx_running *run, void *buf, size_t size)
{
	int64_t n;

	if (run->how.input != NULL) {
		n = run->how.input(run->how.arg, buf, size);
	} else if (run->how.input_fd < 0) {
		n = 0;
	} else {
		n = cbx_stream_read(
			run->how.input_fd, buf, size, &run->patience);
	}
	if (n > (int64_t)size) {
		n = -EIO;
	}
	if (n < 0 && n != -EINTR) {
		run->result.input_error = (int32_t)-n;
	}
	return n;
}

/* Fill the buffer with the client's data; shorter at its end only. */
static int64_t read_full(struct cbx_running *run, uint8_t *buf, size_t size)
{
	size_t done = 0;
	int64_t n = 1;

	while (done < size && n > 0) {
		n = read_input(run, buf + done, size - done);
		done += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? n : (int64_t)done;
}

static enum cbx_status confine_once(struct cbx_running *run, uint64_t thread,
	uint64_t bytes, uint64_t flags)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_CONFINE,
		.arg = { run->box->root, thread, run->box->buffer.pfn, bytes,
			flags } };
	struct cbx_reply answer;
	enum cbx_status status;
	uint32_t tries = 0;

	do {
		status = cbx_cpu_call(run->cpu, &call, &answer);
	} while (answer.status == CBX_E_BUSY && cbx_busy_wait(++tries));
	if (status == CBX_OK) {
		run->confined = true;
		return CBX_OK;
	}
	if (answer.status == CBX_E_STALE) {
		return CBX_OK;
	}
	return cbx_fail_call(
		status, answer.status, "the monitor does not confine the box");
}

static enum cbx_status fail_client_data(struct cbx_running *run, uint64_t most)
{
	enum cbx_status status = cbx_box_end(run->box, run->cpu);

	return status != CBX_OK
		       ? status
		       : cbx_fail(CBX_E_INVALID,
				 "the client's data does not fit: the box "
				 "takes %llu bytes; give it more memory",
				 (unsigned long long)most);
}

/* Deliver the client's data: the first bytes confine the box. */
static enum cbx_status confine(
	struct cbx_running *run, uint64_t thread, uint64_t most)
{
	uint64_t total = 0;
	bool last = false;

	while (!last) {
		int64_t n = read_full(
			run, cbx_box_buffer(run->box), CBX_IO_BYTES_MAX);
		enum cbx_status status;

		if (n < 0) {
			/* Half of the data must not pass for all of it. */
			return cbx_box_end(run->box, run->cpu);
		}
		if ((uint64_t)n > most - total) {
			return fail_client_data(run, most);
		}
		last = (uint64_t)n < CBX_IO_BYTES_MAX;
		total += (uint64_t)n;
		status = confine_once(
			run, thread, (uint64_t)n, last ? CBX_CONFINE_LAST : 0);
		if (status != CBX_OK) {
			return status;
		}
	}
	return CBX_OK;
}

enum cbx_status cbx_run_input(
	struct cbx_running *run, const struct cbx_reply *exit)
{
	uint64_t most = exit->ret[3];
	int64_t n;

	if (run->confined) {
		return cbx_run_nonsense("input of a confined box");
	}
	if (exit->ret[2] == CBX_PORT_CLIENT) {
		return confine(run, exit->ret[1], most);
	}
	if (most > CBX_IO_BYTES_MAX) {
		most = CBX_IO_BYTES_MAX;
	}
	n = read_input(run, cbx_box_buffer(run->box), (size_t)most);
	return reply(run, exit->ret[1], n, n > 0 ? (uint64_t)n : 0);
}

static int64_t write_to(struct cbx_running *run, enum cbx_port port,
	const void *buf, size_t size)
{
	int fd =
		port == CBX_PORT_ERROR ? run->how.error_fd : run->how.output_fd;

	if (run->how.output != NULL) {
		return run->how.output(run->how.arg, port, buf, size);
	}
	return fd < 0 ? -EBADF
		      : cbx_stream_write(fd, buf, size, &run->patience);
}

static int64_t write_output(struct cbx_running *run, enum cbx_port port,
	const void *buf, size_t size)
{
	int64_t n = write_to(run, port, buf, size);

	if (n > (int64_t)size) {
		n = -EIO;
	}
	if (n < 0 && n != -EINTR) {
		*(port == CBX_PORT_ERROR ? &run->result.error_error
					 : &run->result.output_error) =
			(int32_t)-n;
	}
	return n;
}

/* A confined box cannot be told: what cannot be written is lost, and the
 * result says so. */
static enum cbx_status output_confined(struct cbx_running *run)
{
	const uint8_t *buf = cbx_box_buffer(run->box);
	struct cbx_output header;
	uint64_t done = 0;
	int64_t n = 1;

	memcpy(&header, buf, sizeof(header));
	if (header.bytes > CBX_IO_BYTES_MAX - sizeof(header)) {
		return cbx_run_nonsense("a confined output's size");
	}
	while (done < header.bytes && n > 0) {
		n = write_output(run, CBX_PORT_OUTPUT,
			buf + sizeof(header) + done,
			(size_t)(header.bytes - done));
		done += n > 0 ? (uint64_t)n : 0;
	}
	return CBX_OK;
}

enum cbx_status cbx_run_output(
	struct cbx_running *run, const struct cbx_reply *exit)
{
	uint64_t port = exit->ret[2];
	uint64_t bytes = exit->ret[3];
	int64_t n;

	if (run->confined) {
		return output_confined(run);
	}
	if (bytes == 0 || bytes > CBX_IO_BYTES_MAX ||
		(port != CBX_PORT_OUTPUT && port != CBX_PORT_ERROR)) {
		return cbx_run_nonsense("an output's size or port");
	}
	n = write_output(run, (enum cbx_port)port, cbx_box_buffer(run->box),
		(size_t)bytes);
	return n == (int64_t)bytes ? CBX_OK : reply(run, exit->ret[1], n, 0);
}

/* The call at the exit; its payload is moved to the buffer's beginning. */
static enum cbx_status read_call(const struct cbx_running *run,
	const struct cbx_reply *exit, struct cbx_forward_call *call,
	size_t *bytes)
{
	uint8_t *buf = cbx_box_buffer(run->box);

	if (run->confined || exit->ret[3] < sizeof(struct cbx_forward) ||
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
static int64_t serve(struct cbx_running *run, uint64_t thread,
	const struct cbx_forward_call *call, size_t *bytes)
{
	void *buf = cbx_box_buffer(run->box);

	if (run->how.forward != NULL) {
		return run->how.forward(run->how.arg, call, buf, bytes);
	}
	if ((run->how.flags & CBX_RUN_SERVE) == 0) {
		return -ENOSYS;
	}
	if (run->server == NULL) {
		run->server = cbx_server_new();
	}
	return run->server == NULL
		       ? -ENOMEM
		       : cbx_server_call(run->server, thread, call, buf, bytes);
}

enum cbx_status cbx_run_forward(
	struct cbx_running *run, const struct cbx_reply *exit)
{
	struct cbx_forward_call call;
	size_t bytes;
	enum cbx_status status = read_call(run, exit, &call, &bytes);
	int64_t result;

	if (status != CBX_OK) {
		return status;
	}
	result = serve(run, exit->ret[1], &call, &bytes);
	if (result == CBX_SERVE_LATER) {
		return CBX_OK;
	}
	if (bytes > call.max) {
		result = -EIO;
	}
	return reply(run, exit->ret[1], result, result < 0 ? 0 : bytes);
}

enum cbx_status cbx_run_refused(
	struct cbx_running *run, const struct cbx_reply *exit)
{
	struct cbx_forward_call call;
	size_t bytes;
	enum cbx_status status = read_call(run, exit, &call, &bytes);

	if (status == CBX_OK && run->how.refused != NULL) {
		run->how.refused(
			run->how.arg, &call, cbx_box_buffer(run->box), bytes);
	}
	return status;
}

enum cbx_status cbx_run_served(struct cbx_running *run)
{
	struct cbx_served served;
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && run->server != NULL &&
		cbx_server_next(
			run->server, cbx_box_buffer(run->box), &served)) {
		status = reply(run, served.thread, served.result, served.bytes);
	}
	return status;
}

void cbx_run_trace(struct cbx_running *run, const struct cbx_reply *exit)
{
	struct cbx_trace event = { .number = (uint32_t)(exit->ret[0] >> 32) };

	if (run->how.trace == NULL) {
		return;
	}
	if ((uint32_t)exit->ret[0] == CBX_EXIT_RESULT) {
		event.is_result = 1;
		event.result = (int64_t)exit->ret[1];
	} else {
		memcpy(event.arg, &exit->ret[1], sizeof(event.arg));
	}
	run->how.trace(run->how.arg, run->box, &event);
}
