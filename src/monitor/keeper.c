/* SPDX-License-Identifier: Apache-2.0 */
#include <base/desk.h>
#include <base/string.h>
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <monitor/keeper.h>

/* The memory the keeper is built in: pages [next, end), and below them a few
 * HOST pages from which its parts are added. */
struct builder {
	uint64_t box;
	uint64_t next;
	uint64_t end;
	uint64_t stage;
};
#define STAGE_PAGES CBX_IO_PAGES_MAX

static enum cbx_status call(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_call c = { .id = id };
	struct cbx_reply reply;

	memcpy(c.arg, arg, sizeof(c.arg));
	do {
		cbx_gate_host(&c, &reply);
	} while (reply.status == CBX_E_BUSY);
	return (enum cbx_status)reply.status;
}

#define CALL(NAME, ...) \
	call(CBX_CALL_##NAME, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/* The last region of RAM; what the keeper needs comes off its end. */
static bool find_memory(uint64_t pages, struct builder *b)
{
	struct cbx_hal_region region;
	bool found = false;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		if (region.kind == CBX_HAL_RAM && region.count >= pages) {
			b->end = region.first.n + region.count;
			b->next = b->end - pages + STAGE_PAGES;
			b->stage = b->end - pages;
			found = true;
		}
	}
	return found;
}

static enum cbx_status donate(const struct builder *b)
{
	enum cbx_status status = CBX_OK;

	for (uint64_t pfn = b->next; status == CBX_OK && pfn < b->end;) {
		uint64_t n = b->end - pfn;

		n = n < CBX_RANGE_PAGES_MAX ? n : CBX_RANGE_PAGES_MAX;
		status = CALL(PAGE_DONATE, pfn, n);
		pfn += n;
	}
	return status;
}

static enum cbx_status grant(struct builder *b, uint64_t pages)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && pages != 0) {
		uint64_t n = pages < CBX_RANGE_PAGES_MAX ? pages
							 : CBX_RANGE_PAGES_MAX;

		status = CALL(BOX_GRANT, b->box, b->next, n);
		b->next += n;
		pages -= n;
	}
	return status;
}

/* Put up to a page's worth of bytes into the stage. */
static void stage_page(const struct builder *b, uint64_t i,
	const uint8_t *bytes, uint64_t size)
{
	size_t n = size < CBX_PAGE_SIZE ? (size_t)size : CBX_PAGE_SIZE;
	uint8_t *page = cbx_hal_page_map((struct cbx_pfn){ b->stage + i });

	if (n != 0) {
		memcpy(page, bytes, n);
	}
	memset(page + n, 0, CBX_PAGE_SIZE - n);
	cbx_hal_page_unmap(page);
}

static enum cbx_status add_part(
	struct builder *b, const struct cbx_keeper_part *part)
{
	enum cbx_status status = CBX_OK;

	for (uint64_t at = 0; status == CBX_OK && at < part->pages;) {
		uint64_t n = part->pages - at;

		n = n < STAGE_PAGES ? n : STAGE_PAGES;
		for (uint64_t i = 0; i < n; i++) {
			uint64_t from = (at + i) * CBX_PAGE_SIZE;
			uint64_t left =
				part->size > from ? part->size - from : 0;

			stage_page(b, i, left != 0 ? part->bytes + from : NULL,
				left);
		}
		status = CALL(BOX_ADD, b->box, cbx_va_add(part->va, at).a,
			b->next, n, part->rights.bits, b->stage);
		b->next += n;
		at += n;
	}
	return status;
}

static const struct cbx_policy keeper_policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

static enum cbx_status create(struct builder *b)
{
	b->box = b->next;
	b->next += 2;
	stage_page(
		b, 0, (const uint8_t *)&keeper_policy, sizeof(keeper_policy));
	return CALL(BOX_CREATE, b->box, b->box + 1, b->stage);
}

/* The desk is added in one run, so that it is in one piece. */
static enum cbx_status add_desk(struct builder *b)
{
	uint64_t rights = CBX_RIGHT_R | CBX_RIGHT_W;
	enum cbx_status status = CALL(BOX_ADD, b->box, CBX_DESK_VA, b->next,
		CBX_DESK_PAGES, rights, CBX_NO_PAGE);

	b->next += CBX_DESK_PAGES;
	return status;
}

static enum cbx_status build(
	struct builder *b, const struct cbx_keeper_image *image)
{
	enum cbx_status status = create(b);

	if (status == CBX_OK) {
		status = grant(b, image->reserve_pages);
	}
	for (uint32_t i = 0; status == CBX_OK && i < image->part_count; i++) {
		status = add_part(b, &image->parts[i]);
	}
	if (status == CBX_OK) {
		status = add_desk(b);
	}
	if (status == CBX_OK) {
		status = CALL(BOX_THREAD, b->box, image->entry, image->stack,
			image->arg);
	}
	if (status == CBX_OK) {
		status = CALL(BOX_FINALIZE, b->box);
	}
	return status;
}

enum cbx_status cbx_monitor_keeper_start(const struct cbx_keeper_image *image)
{
	uint64_t pages = 2 + image->reserve_pages + CBX_DESK_PAGES;
	struct builder b = { 0 };
	enum cbx_status status;

	for (uint32_t i = 0; i < image->part_count; i++) {
		pages += image->parts[i].pages;
	}
	if (!find_memory(pages + STAGE_PAGES, &b)) {
		return CBX_E_NOMEM;
	}
	status = donate(&b);
	if (status == CBX_OK) {
		status = build(&b, image);
	}
	if (status == CBX_OK) {
		cbx_gate_lock_take();
		status = cbx_keeper_adopt(b.box);
		cbx_gate_lock_drop();
	}
	return status;
}
