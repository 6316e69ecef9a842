/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/assert.h>
#include <core/channel.h>
#include <core/frame.h>
#include <core/keeper.h>
#include <core/measure.h>
#include <core/reserve.h>
#include <core/rule.h>

/* The thread waits for the host from now on. */
static void wait_for(struct cbx_run *run, enum cbx_ask ask,
	struct cbx_va buffer, uint64_t capacity)
{
	struct cbx_thread *thread = run->thread;

	thread->state = CBX_THREAD_WAITING;
	thread->ask = (uint32_t)ask;
	thread->buffer = buffer;
	thread->capacity = capacity;
	thread->filled = 0;
	if (ask != CBX_ASK_CLIENT) {
		run->d->asks++;
	}
	run->host->ret[1] = thread->self;
}

/* Whether a thread of the box waits for the client already. */
static bool client_awaited(const struct cbx_domain *d)
{
	bool found = false;

	for (uint32_t handle = d->threads.head; !found && handle != CBX_NO_LINK;
		handle = cbx_list_next(handle)) {
		const struct cbx_thread *thread = cbx_thread_hold(d, handle);

		found = thread->state == CBX_THREAD_WAITING &&
			thread->ask == CBX_ASK_CLIENT;
		cbx_thread_drop(thread);
	}
	return found;
}

enum cbx_status cbx_channel_read(struct cbx_run *run, uint64_t port,
	struct cbx_va buffer, uint64_t capacity)
{
	bool client = port == CBX_PORT_CLIENT;

	if ((port != CBX_PORT_INPUT && !client) || capacity == 0) {
		return CBX_E_INVALID;
	}
	if (client && client_awaited(run->d)) {
		return CBX_E_STATE;
	}
	/* The whole of a client's buffer is looked at when data comes. */
	if (!cbx_copy_box_range(cbx_run_space(run), buffer,
		    capacity < CBX_IO_BYTES_MAX ? capacity : CBX_IO_BYTES_MAX,
		    CBX_RIGHT_W)) {
		return CBX_E_FAULT;
	}
	cbx_run_leave(run, CBX_EXIT_INPUT);
	run->host->ret[2] = port;
	run->host->ret[3] = capacity;
	wait_for(
		run, client ? CBX_ASK_CLIENT : CBX_ASK_INPUT, buffer, capacity);
	return CBX_OK;
}

/* What the keeper writes is the operator's log. */
static enum cbx_status log_output(
	struct cbx_run *run, struct cbx_va buffer, uint64_t *bytes)
{
	char text[128];
	size_t size =
		*bytes < sizeof(text) - 1 ? (size_t)*bytes : sizeof(text) - 1;
	enum cbx_status status =
		cbx_copy_from_box(cbx_run_space(run), buffer, text, size);

	if (status == CBX_OK) {
		text[size] = '\0';
		cbx_hal_log(text);
		*bytes = size;
	}
	return status;
}

enum cbx_status cbx_channel_write(struct cbx_run *run, uint64_t port,
	struct cbx_va buffer, uint64_t size, uint64_t *bytes)
{
	uint64_t room = run->io.pages << CBX_PAGE_SHIFT;
	bool confined = run->d->state == CBX_DOMAIN_CONFINED;
	enum cbx_status status;

	*bytes = size < CBX_IO_BYTES_MAX ? size : CBX_IO_BYTES_MAX;
	if (port != CBX_PORT_OUTPUT && port != CBX_PORT_ERROR) {
		return CBX_E_INVALID;
	}
	if (!cbx_copy_box_range(
		    cbx_run_space(run), buffer, *bytes, CBX_RIGHT_R)) {
		return CBX_E_FAULT;
	}
	if (run->d->keeper) {
		return log_output(run, buffer, bytes);
	}
	if (confined) {
		cbx_frame_hold(run, port, buffer, bytes);
		return CBX_OK;
	}
	if (*bytes > room) {
		*bytes = room;
	}
	if (*bytes == 0) {
		return size == 0 ? CBX_OK : CBX_E_NOMEM;
	}
	status = cbx_copy_box_to_host(
		cbx_run_space(run), buffer, run->io, 0, *bytes);
	if (status == CBX_OK) {
		cbx_run_leave_to_serve(run, CBX_EXIT_OUTPUT);
		run->host->ret[1] = run->thread->self;
		run->host->ret[2] = port;
		run->host->ret[3] = *bytes;
		run->thread->ask = CBX_ASK_OUTPUT;
		run->thread->buffer = buffer;
		run->thread->capacity = *bytes;
	}
	return status;
}

/* Give the host a call: what was copied and checked, then the rest. */
static enum cbx_status tell(struct cbx_run *run, const struct cbx_forwarding *f,
	const struct cbx_told *told, uint64_t size)
{
	uint64_t head = size < sizeof(*told) ? size : sizeof(*told);
	enum cbx_status status = cbx_copy_to_host(run->io, 0, told, head);

	return status != CBX_OK ? status
				: cbx_copy_box_to_host(cbx_run_space(run),
					  (struct cbx_va){ f->block.a + head },
					  run->io, head, size - head);
}

enum cbx_status cbx_channel_forward(
	struct cbx_run *run, const struct cbx_forwarding *f)
{
	uint64_t size = sizeof(struct cbx_forward) + f->in_bytes;
	const struct cbx_space *space = cbx_run_space(run);
	struct cbx_told told;
	enum cbx_status status;
	bool allowed;

	if (f->in_bytes > CBX_IO_BYTES_MAX - sizeof(struct cbx_forward) ||
		f->capacity > CBX_IO_BYTES_MAX) {
		return CBX_E_INVALID;
	}
	if (!cbx_copy_box_range(space, f->block, size, CBX_RIGHT_R) ||
		!cbx_copy_box_range(
			space, f->answer, f->capacity, CBX_RIGHT_W)) {
		return CBX_E_FAULT;
	}
	if (size > run->io.pages << CBX_PAGE_SHIFT) {
		return CBX_E_NOMEM;
	}
	status = cbx_copy_from_box(space, f->block, &told,
		size < sizeof(told) ? (size_t)size : sizeof(told));
	if (status != CBX_OK) {
		return status;
	}
	allowed =
		cbx_rules_allow(&run->d->policy, f->number, &told, f->in_bytes);
	if (!allowed && (run->d->policy.flags & CBX_POLICY_STRICT) != 0) {
		cbx_domain_end(run->d, CBX_END_VIOLATION, f->number);
		return CBX_E_DENIED;
	}
	status = tell(run, f, &told, size);
	if (status == CBX_OK) {
		cbx_run_leave(
			run, allowed ? CBX_EXIT_FORWARD : CBX_EXIT_REFUSED);
		run->host->ret[1] = run->thread->self;
		run->host->ret[2] = f->number;
		run->host->ret[3] = size;
		run->host->ret[4] = f->capacity;
	}
	if (!allowed) {
		return CBX_E_DENIED;
	}
	if (status == CBX_OK) {
		wait_for(run, CBX_ASK_FORWARD, f->answer, f->capacity);
	}
	return status;
}

enum cbx_status cbx_channel_deliver(struct cbx_domain *d,
	const struct cbx_thread *thread, struct cbx_va to, uint64_t bytes,
	const struct cbx_digest *digest)
{
	struct cbx_space *space = cbx_space_hold(d, thread->space);
	enum cbx_status status = CBX_E_FAULT;

	if (cbx_copy_box_range(space, to, bytes, CBX_RIGHT_W)) {
		cbx_measure_deliver(space, to, bytes);
		d->input_digest = *digest;
		d->input_bytes += bytes;
		status = CBX_OK;
	}
	cbx_space_drop(space);
	return status;
}

void cbx_channel_answer(
	struct cbx_thread *thread, uint64_t result, uint64_t bytes)
{
	thread->reply = (struct cbx_reply){ .ret = { result, bytes } };
	thread->answered = true;
	thread->ask = CBX_ASK_NOTHING;
	if (thread->state == CBX_THREAD_WAITING) {
		thread->state = CBX_THREAD_RUNNABLE;
	}
}

/* Whether the thread asked for something that a reply with @p bytes answers. */
static enum cbx_status check_reply(
	const struct cbx_thread *thread, const struct cbx_answer *answer)
{
	switch ((enum cbx_ask)thread->ask) {
	case CBX_ASK_INPUT:
	case CBX_ASK_FORWARD:
		return answer->bytes <= CBX_IO_BYTES_MAX &&
				       answer->bytes <= thread->capacity
			       ? CBX_OK
			       : CBX_E_INVALID;
	case CBX_ASK_OUTPUT:
		return thread->state != CBX_THREAD_RUNNABLE ? CBX_E_STATE
		       : answer->bytes == 0		    ? CBX_OK
							    : CBX_E_INVALID;
	case CBX_ASK_NOTHING:
	case CBX_ASK_CLIENT:
	default:
		return CBX_E_STATE;
	}
}

enum cbx_status cbx_channel_reply(struct cbx_domain *d,
	struct cbx_thread *thread, const struct cbx_answer *answer)
{
	const struct cbx_record record = {
		.kind = CBX_RECORD_INPUT,
		.address = d->input_bytes,
		.info = answer->result,
	};
	struct cbx_digest digest = d->input_digest;
	bool counted = thread->ask != CBX_ASK_OUTPUT;
	enum cbx_status status = check_reply(thread, answer);

	if (status == CBX_OK) {
		status = cbx_measure_fetch(answer->source, answer->bytes);
	}
	if (status == CBX_OK) {
		status = cbx_measure_bytes(d, &record, answer->bytes, &digest);
	}
	if (status == CBX_OK) {
		status = cbx_channel_deliver(
			d, thread, thread->buffer, answer->bytes, &digest);
	}
	if (status == CBX_OK) {
		cbx_channel_answer(thread, answer->result, answer->bytes);
		d->asks -= counted;
	}
	return status;
}
