/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the host's, for what a monitor is to read or write. */
#include <client/context.h>

#include <base/types.h>

/* Have donated pages back; whoever waits for them may hold a CPU. */
static bool return_pages(struct cbx_context *context, struct cbx_extent donated)
{
	uint32_t tries = 0;
	uint64_t done = 0;

	while (done < donated.count) {
		uint64_t left = donated.count - done;
		uint64_t count =
			left < CBX_RANGE_PAGES_MAX ? left : CBX_RANGE_PAGES_MAX;
		struct cbx_call call = { .id = CBX_CALL_PAGE_RETURN,
			.arg = { donated.pfn + done, count } };
		struct cbx_reply reply;
		enum cbx_status status =
			cbx_context_call(context, &call, &reply);

		if (status != CBX_OK && (reply.status != CBX_E_BUSY ||
						!cbx_busy_wait(++tries))) {
			return false;
		}
		done += status == CBX_OK       ? count
			: reply.ret[0] < count ? reply.ret[0]
					       : count;
	}
	return true;
}

bool cbx_context_pages(
	struct cbx_context *context, uint64_t count, struct cbx_extent *extent)
{
	struct cbx_extent donated;

	if (cbx_pool_take(&context->pool, count, extent)) {
		return true;
	}
	while (cbx_pool_take_donated(&context->pool, &donated)) {
		if (return_pages(context, donated)) {
			cbx_pool_give(&context->pool, donated);
		}
	}
	return cbx_pool_take(&context->pool, count, extent);
}
