/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the host's that become its kernel's code, and cease to be. */
#include <hal/hal.h>
#include <hal/pks-vm/pure/code.h>
#include <hal/pks-vm/pure/table_int.h>

/* No code is looked at before this flush: what was mapped until then may be
 * what a CPU still executes next to it. */
static uint64_t token;

static enum cbx_status check_take(const struct cbx_frame *frame)
{
	enum cbx_status status = cbx_frame_check(frame, CBX_FRAME_CODE);

	return status == CBX_OK && frame->type == CBX_FRAME_CODE &&
			       frame->state != CBX_FRAME_COMING
		       ? CBX_E_STATE
		       : status;
}

enum cbx_status cbx_code_take(struct cbx_pfn pfn, uint64_t count)
{
	enum cbx_status status = CBX_OK;
	bool more = false;

	for (uint64_t i = 0; i < count && status == CBX_OK; i++) {
		status = check_take(cbx_frame_at(pfn.n + i));
	}
	if (status != CBX_OK) {
		return status;
	}
	for (uint64_t i = 0; i < count; i++) {
		struct cbx_frame *frame = cbx_frame_at(pfn.n + i);

		more = more || frame->type != CBX_FRAME_CODE;
		frame->type = CBX_FRAME_CODE;
		frame->state = CBX_FRAME_COMING;
		cbx_frame_direct(cbx_pfn_add(pfn, i), frame);
	}
	if (more) {
		token = cbx_hal_view_flush();
	}
	return cbx_hal_view_flushed(token) ? CBX_OK : CBX_E_BUSY;
}

static void settle(struct cbx_pfn pfn, uint64_t count, uint8_t type)
{
	for (uint64_t i = 0; i < count; i++) {
		struct cbx_frame *frame = cbx_frame_at(pfn.n + i);

		frame->type = type;
		frame->state = 0;
		cbx_frame_direct(cbx_pfn_add(pfn, i), frame);
	}
}

void cbx_code_keep(struct cbx_pfn pfn, uint64_t count)
{
	settle(pfn, count, CBX_FRAME_CODE);
}

void cbx_code_drop(struct cbx_pfn pfn, uint64_t count)
{
	settle(pfn, count, CBX_FRAME_PAGE);
}

bool cbx_code_is(struct cbx_pfn pfn, bool mapped)
{
	const struct cbx_frame *frame = cbx_frame_at(pfn.n);

	return frame != NULL && frame->type == CBX_FRAME_CODE &&
	       (frame->state == 0) == mapped;
}

enum cbx_status cbx_code_leave(struct cbx_pfn pfn, uint64_t count)
{
	bool more = false;

	for (uint64_t i = 0; i < count; i++) {
		struct cbx_frame *frame = cbx_frame_at(pfn.n + i);

		more = more || frame->state != CBX_FRAME_LEAVING;
		frame->state = CBX_FRAME_LEAVING;
	}
	if (more) {
		token = cbx_hal_view_flush();
	}
	if (!cbx_hal_view_flushed(token)) {
		return CBX_E_BUSY;
	}
	settle(pfn, count, CBX_FRAME_PAGE);
	return CBX_OK;
}
