/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of boxes and of the monitor. */
#include <string.h>

#include <client/box.h>
#include <client/error.h>
#include <trust/labels.h>

/* The nonce, and behind it the evidence. */
#define PAGES (1u + CBX_EVIDENCE_PAGES_MAX)

static enum cbx_status ask(struct cbx_context *context,
	const struct cbx_call *call, struct cbx_reply *reply)
{
	uint32_t tries = 0;
	enum cbx_status status;

	do {
		status = cbx_context_call(context, call, reply);
	} while (reply->status == CBX_E_BUSY && cbx_busy_wait(++tries));
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply->status,
					  "the monitor gives no evidence");
}

/* Copy the evidence out, if it is some and fits. */
static enum cbx_status take(
	const uint8_t *made, uint64_t bytes, void *evidence, size_t *size)
{
	if (bytes == 0 || bytes > CBX_EVIDENCE_BYTES_MAX) {
		return cbx_fail_transport(CBX_E_HARDWARE, 0,
			"the monitor's evidence has no possible size");
	}
	if (bytes > *size) {
		return cbx_fail(CBX_E_NOMEM,
			"evidence: %zu bytes of room, %llu needed", *size,
			(unsigned long long)bytes);
	}
	memcpy(evidence, made, (size_t)bytes);
	*size = (size_t)bytes;
	return CBX_OK;
}

static enum cbx_status evidence_of(struct cbx_context *context, uint64_t root,
	const struct cbx_evidence_want *want, void *evidence, size_t *size)
{
	uint32_t at = root != 0 ? 1 : 0;
	struct cbx_call call = { .id = root != 0 ? CBX_CALL_BOX_EVIDENCE
						 : CBX_CALL_MONITOR_EVIDENCE,
		.arg = { root } };
	struct cbx_extent pages;
	struct cbx_reply reply;
	enum cbx_status status;
	uint8_t *memory;

	if (want->size != sizeof(*want) ||
		want->nonce_bytes < CBX_NONCE_BYTES_MIN ||
		want->nonce_bytes > CBX_NONCE_BYTES_MAX) {
		return cbx_fail(CBX_E_INVALID, "nonce: %u to %u bytes",
			CBX_NONCE_BYTES_MIN, CBX_NONCE_BYTES_MAX);
	}
	if (!cbx_context_pages(context, PAGES, &pages)) {
		return cbx_fail(
			CBX_E_NOMEM, "evidence: no free pages in the context");
	}
	memory = cbx_monitor_page(&context->monitor, pages.pfn);
	memcpy(memory, want->nonce, want->nonce_bytes);
	call.arg[at] = pages.pfn;
	call.arg[at + 1] = want->nonce_bytes;
	call.arg[at + 2] = pages.pfn + 1;
	call.arg[at + 3] = CBX_EVIDENCE_PAGES_MAX;
	status = ask(context, &call, &reply);
	if (status == CBX_OK) {
		status = take(
			memory + CBX_PAGE_SIZE, reply.ret[0], evidence, size);
	}
	cbx_monitor_forget(&context->monitor, pages.pfn, pages.count);
	cbx_pool_give(&context->pool, pages);
	return status;
}

enum cbx_status cbx_box_evidence(struct cbx_box *box,
	const struct cbx_evidence_want *want, void *evidence, size_t *size)
{
	return evidence_of(box->context, box->root, want, evidence, size);
}

enum cbx_status cbx_monitor_evidence(struct cbx_context *context,
	const struct cbx_evidence_want *want, void *evidence, size_t *size)
{
	return evidence_of(context, 0, want, evidence, size);
}
