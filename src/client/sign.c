/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the monitor who answers for a box. */
#include <string.h>

#include <client/box.h>
#include <client/error.h>

enum cbx_status cbx_box_sign(
	struct cbx_box *box, const struct cbx_signature *signature)
{
	struct cbx_context *context = box->context;
	struct cbx_call call = { .id = CBX_CALL_BOX_SIGN,
		.arg = { box->root } };
	struct cbx_extent page;
	struct cbx_reply reply;
	enum cbx_status status;

	if (!cbx_context_pages(context, 1, &page)) {
		return cbx_fail(
			CBX_E_NOMEM, "signature: no page free in the context");
	}
	call.arg[1] = page.pfn;
	memcpy(cbx_monitor_page(&context->monitor, page.pfn), signature,
		sizeof(*signature));
	status = cbx_context_call(context, &call, &reply);
	if (status != CBX_OK) {
		status = cbx_fail_call(status, reply.status,
			"the monitor does not take the signature");
	}
	cbx_monitor_forget(&context->monitor, page.pfn, 1);
	cbx_pool_give(&context->pool, page);
	return status;
}
