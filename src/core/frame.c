/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/frame.h>
#include <core/keeper.h>
#include <core/measure.h>
#include <hal/hal.h>

static uint64_t frame_bytes(const struct cbx_domain *d)
{
	return d->policy.output_pages * (uint64_t)CBX_PAGE_SIZE;
}

void cbx_frame_hold(struct cbx_run *run, uint64_t port, struct cbx_va buffer,
	uint64_t *bytes)
{
	uint64_t room = frame_bytes(run->d) - sizeof(struct cbx_output) -
			CBX_OUTPUT_TAIL;
	struct cbx_thread *thread = run->thread;

	if (*bytes > room) {
		*bytes = room;
	}
	thread->state = CBX_THREAD_HELD;
	thread->wake = cbx_thread_frame_wake(run->d);
	thread->buffer = buffer;
	thread->capacity = *bytes;
	thread->port = (uint32_t)port;
	run->yield = true;
}

/* Bytes [at, end) of the desk's data: the box's memory at @p va on, or zeros
 * without a space. */
static enum cbx_status lay(const struct cbx_space *space, struct cbx_va va,
	uint64_t at, uint64_t end)
{
	enum cbx_status status = CBX_OK;

	while (at < end && status == CBX_OK) {
		uint64_t in = at % CBX_PAGE_SIZE;
		uint64_t n = CBX_PAGE_SIZE - in;
		uint8_t *data = cbx_keeper_data(at >> CBX_PAGE_SHIFT);

		n = n < end - at ? n : end - at;
		if (space == NULL) {
			memset(data + in, 0, (size_t)n);
		} else {
			status = cbx_copy_from_box(
				space, va, data + in, (size_t)n);
		}
		cbx_hal_page_unmap(data);
		va.a += n;
		at += n;
	}
	return status;
}

/* Seal the frame on the desk. */
static enum cbx_status seal(
	const struct cbx_domain *d, struct cbx_session *session)
{
	struct cbx_desk *desk = cbx_keeper_desk(CBX_DESK_SEAL);
	enum cbx_status status;

	desk->size = frame_bytes(d);
	desk->session = *session;
	status = cbx_keeper_work(desk);
	*session = desk->session;
	cbx_hal_page_unmap(desk);
	return status;
}

/* A frame, to the host's buffer.  Once sealed its number is used up, whatever
 * the host does with it. */
static enum cbx_status send(struct cbx_run *run,
	const struct cbx_output *header, struct cbx_session *session)
{
	const struct cbx_domain *d = run->d;
	uint64_t end = sizeof(*header) + header->bytes;
	uint8_t *data = cbx_keeper_data(0);
	enum cbx_status status = CBX_OK;

	memcpy(data, header, sizeof(*header));
	cbx_hal_page_unmap(data);
	if (header->bytes != 0) {
		status = lay(cbx_run_space(run), run->thread->buffer,
			sizeof(*header), end);
	}
	if (status == CBX_OK) {
		status = lay(NULL, (struct cbx_va){ 0 }, end, frame_bytes(d));
	}
	if (status == CBX_OK && session->open != 0) {
		status = seal(d, session);
	}
	return status == CBX_OK ? cbx_measure_give(run->io, frame_bytes(d))
				: status;
}

void cbx_frame_release(struct cbx_run *run)
{
	struct cbx_thread *thread = run->thread;
	const struct cbx_output header = {
		.bytes = thread->capacity,
		.kind = CBX_OUTPUT_DATA,
		.port = thread->port,
	};
	enum cbx_status status = send(run, &header, &run->d->session);

	if (status == CBX_OK) {
		cbx_run_leave_to_serve(run, CBX_EXIT_OUTPUT);
		return;
	}
	thread->reply = (struct cbx_reply){ .status = (uint64_t)status };
}

void cbx_frame_end(struct cbx_run *run)
{
	const struct cbx_output header = {
		.kind = CBX_OUTPUT_END,
		.status = run->d->end_status,
		.reason = run->d->end_reason,
	};
	struct cbx_session session = run->d->session;
	enum cbx_status status = CBX_OK;

	if (session.open != 0) {
		status = send(run, &header, &session);
	}
	if (status != CBX_OK) {
		cbx_hal_log("the end of a confined box was not told");
	}
}
