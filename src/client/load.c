/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a BUILDING box. */
#include <string.h>

#include <base/types.h>
#include <client/box.h>
#include <client/error.h>
#include <client/image.h>
#include <client/level.h>
#include <client/share.h>

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Pages being added: consecutive in the box and in memory. */
struct chunk {
	uint64_t va;
	uint64_t pfn;
	uint64_t count;
	uint64_t rights;
	uint64_t source; /* first host page, or CBX_NO_PAGE */
};

/* @param[out] done  pages that are the box's now, also when refused half way */
static enum cbx_status add_chunk(struct cbx_box *box, struct cbx_cpu *cpu,
	const struct chunk *chunk, uint64_t *done)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_ADD,
		.arg = { box->root, chunk->va, chunk->pfn, chunk->count,
			chunk->rights, chunk->source } };
	struct cbx_reply reply;
	enum cbx_status status = cbx_box_call(cpu, &call, &reply,
		"the monitor does not add the pages to the box");

	*done = status == CBX_OK ? chunk->count
				 : least(reply.ret[0], chunk->count);
	return status;
}

/* Lay the next bytes in the host buffer, zeros to the end of the page. */
static void stage(const struct cbx_box *box, const struct cbx_pages *pages,
	uint64_t offset, uint64_t count)
{
	uint64_t room = count * CBX_PAGE_SIZE;
	uint64_t left = pages->byte_count - offset;
	uint64_t size = left < room ? left : room;
	uint8_t *to = cbx_box_buffer(box);

	memcpy(to, (const uint8_t *)pages->bytes + offset, (size_t)size);
	memset(to + size, 0, (size_t)(room - size));
}

/* The next chunk of @p pages from page @p index on, at most @p most pages. */
static struct chunk next_chunk(const struct cbx_box *box,
	const struct cbx_pages *pages, uint64_t index, uint64_t most)
{
	uint64_t data = cbx_pages_of(pages->byte_count);
	struct chunk chunk = { .va = pages->va + index * CBX_PAGE_SIZE,
		.rights = pages->rights,
		.source = CBX_NO_PAGE };

	if (index < data) {
		chunk.count =
			least(least(most, data - index), CBX_IO_PAGES_MAX);
		chunk.source = box->buffer.pfn;
		stage(box, pages, index * CBX_PAGE_SIZE, chunk.count);
	} else {
		chunk.count = least(most, CBX_RANGE_PAGES_MAX);
	}
	return chunk;
}

/* Fill one holding. */
static enum cbx_status add_holding(struct cbx_box *box, struct cbx_cpu *cpu,
	const struct cbx_pages *pages, struct cbx_holding *holding,
	uint64_t *index)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && holding->given < holding->extent.count) {
		struct chunk chunk = next_chunk(box, pages, *index,
			holding->extent.count - holding->given);

		uint64_t done;

		chunk.pfn = holding->extent.pfn + holding->given;
		status = add_chunk(box, cpu, &chunk, &done);
		holding->given += done;
		*index += done;
	}
	return status;
}

static enum cbx_status add(
	struct cbx_box *box, struct cbx_cpu *cpu, const struct cbx_pages *pages)
{
	size_t first = box->holding_count;
	enum cbx_status status = cbx_box_take(box, cpu, pages->count, false);
	uint64_t index = 0;

	for (size_t i = first; i < box->holding_count && status == CBX_OK;
		i++) {
		status =
			add_holding(box, cpu, pages, &box->holdings[i], &index);
	}
	return status;
}

static bool pages_valid(const struct cbx_pages *pages)
{
	return pages->count != 0 &&
	       cbx_va_range_valid((struct cbx_va){ pages->va }, pages->count) &&
	       pages->byte_count <= pages->count * CBX_PAGE_SIZE &&
	       (pages->bytes != NULL || pages->byte_count == 0) &&
	       pages->rights != 0 && pages->rights <= CBX_RIGHTS &&
	       pages->reserved == 0;
}

enum cbx_status cbx_box_add(struct cbx_box *box, const struct cbx_pages *pages)
{
	enum cbx_status status;
	struct cbx_cpu *cpu = NULL;

	if (!pages_valid(pages)) {
		return cbx_fail(CBX_E_INVALID,
			"pages: not box addresses, no rights, or too many "
			"bytes");
	}
	status = cbx_cpu_take(box->context, &cpu);
	if (status == CBX_OK) {
		status = add(box, cpu, pages);
		cbx_cpu_put(cpu);
	}
	return status;
}

enum cbx_status cbx_box_thread(
	struct cbx_box *box, uint64_t entry, uint64_t stack, uint64_t arg)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_THREAD,
		.arg = { box->root, entry, stack, arg } };
	struct cbx_reply reply;
	enum cbx_status status = cbx_context_call(box->context, &call, &reply);

	return status == CBX_OK
		       ? CBX_OK
		       : cbx_monitor_refused(&box->context->monitor, status,
				 reply.status,
				 "the monitor does not give the box a thread");
}

enum cbx_status cbx_box_finalize(struct cbx_box *box)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_FINALIZE,
		.arg = { box->root } };
	struct cbx_reply reply;
	enum cbx_status status = cbx_context_call(box->context, &call, &reply);

	return status == CBX_OK
		       ? CBX_OK
		       : cbx_fail_call(status, reply.status,
				 "the monitor does not finish the box");
}

enum cbx_status cbx_box_fill(struct cbx_box *box, const struct cbx_image *image)
{
	enum cbx_status status = cbx_share_borrow(box, image);

	for (uint32_t i = 0; i < image->segment_count && status == CBX_OK;
		i++) {
		const struct cbx_segment *segment = &image->segment[i];
		struct cbx_pages pages = { segment->va, segment->page_count,
			segment->bytes, (size_t)segment->byte_count,
			(uint32_t)segment->rights, 0 };

		status = cbx_box_add(box, &pages);
	}
	if (status == CBX_OK) {
		status = cbx_box_thread(
			box, image->entry, image->stack, image->arg);
	}
	return status == CBX_OK ? cbx_box_finalize(box) : status;
}

enum cbx_status cbx_box_load(struct cbx_context *context,
	const struct cbx_image *image, struct cbx_box **box)
{
	struct cbx_box *fresh = NULL;
	enum cbx_status status = cbx_level_check(image);

	if (status == CBX_OK) {
		status = cbx_box_create(
			context, &image->policy, image->reserve_pages, &fresh);
	}
	if (status != CBX_OK) {
		return status;
	}
	status = cbx_box_fill(fresh, image);
	if (status != CBX_OK) {
		cbx_box_destroy(fresh);
		return status;
	}
	*box = fresh;
	return CBX_OK;
}
