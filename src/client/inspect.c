/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a box. */
#include <string.h>

#include <client/box.h>
#include <client/error.h>
#include <client/sized.h>

static enum cbx_status ask(struct cbx_box *box, const struct cbx_call *call,
	struct cbx_reply *reply, const char *what)
{
	enum cbx_status status = cbx_context_call(box->context, call, reply);

	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply->status, what);
}

enum cbx_status cbx_box_query(struct cbx_box *box, struct cbx_box_info *info)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_QUERY,
		.arg = { box->root } };
	struct cbx_box_info known = { 0 };
	struct cbx_reply reply;
	enum cbx_status status;

	if (!cbx_sized_valid(info, sizeof(known))) {
		return cbx_fail(CBX_E_INVALID, "box info: of an unknown size");
	}
	status = ask(box, &call, &reply, "query of the box");
	if (status != CBX_OK) {
		return status;
	}
	known.state = (uint32_t)reply.ret[0];
	known.flags = (uint32_t)reply.ret[1];
	known.pages = reply.ret[2];
	known.reserve_pages = reply.ret[3];
	known.threads = reply.ret[4];
	known.spaces = reply.ret[5];
	known.input_bytes = reply.ret[6];
	cbx_sized_write(info, &known, sizeof(known));
	return CBX_OK;
}

enum cbx_status cbx_box_digest(struct cbx_box *box, enum cbx_digest_kind kind,
	uint8_t digest[CBX_DIGEST_BYTES])
{
	struct cbx_call call = { .id = CBX_CALL_BOX_DIGEST,
		.arg = { box->root, (uint64_t)kind } };
	struct cbx_reply reply;
	enum cbx_status status = ask(box, &call, &reply, "digest of the box");

	if (status == CBX_OK) {
		memcpy(digest, reply.ret, CBX_DIGEST_BYTES);
	}
	return status;
}

enum cbx_status cbx_box_peek(
	struct cbx_box *box, uint64_t va, void *buf, size_t size)
{
	struct cbx_context *context = box->context;
	struct cbx_call call = { .id = CBX_CALL_BOX_PEEK,
		.arg = { box->root, va, size } };
	struct cbx_extent page;
	struct cbx_reply reply;
	enum cbx_status status;

	if (size == 0 || size > CBX_PAGE_SIZE) {
		return cbx_fail(CBX_E_INVALID, "peek: 1 to 4096 bytes");
	}
	if (!cbx_context_pages(context, 1, &page)) {
		return cbx_fail(
			CBX_E_NOMEM, "peek: no page free in the context");
	}
	call.arg[3] = page.pfn;
	status = ask(box, &call, &reply, "peek into the box");
	if (status == CBX_OK) {
		memcpy(buf, cbx_monitor_page(&context->monitor, page.pfn),
			size);
	}
	cbx_monitor_forget(&context->monitor, page.pfn, 1);
	cbx_pool_give(&context->pool, page);
	return status;
}
