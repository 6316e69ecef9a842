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
	enum cbx_status status; /* of the first call that failed */
};
#define STAGE_PAGES CBX_IO_PAGES_MAX

/* After one that failed nothing is called. */
static void call(
	struct builder *b, uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_call c = { .id = id };
	struct cbx_reply reply = { .status = CBX_E_BUSY };

	memcpy(c.arg, arg, sizeof(c.arg));
	while (b->status == CBX_OK && reply.status == CBX_E_BUSY) {
		cbx_gate_host(&c, &reply);
	}
	if (b->status == CBX_OK) {
		b->status = (enum cbx_status)reply.status;
	}
}

#define CALL(b, NAME, ...) \
	call(b, CBX_CALL_##NAME, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

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

static void donate(struct builder *b)
{
	uint64_t n;

	for (uint64_t pfn = b->next; pfn < b->end; pfn += n) {
		n = least(b->end - pfn, CBX_RANGE_PAGES_MAX);
		CALL(b, PAGE_DONATE, pfn, n);
	}
}

static void grant(struct builder *b, uint64_t pages)
{
	uint64_t n;

	for (; pages != 0; pages -= n) {
		n = least(pages, CBX_RANGE_PAGES_MAX);
		CALL(b, BOX_GRANT, b->box, b->next, n);
		b->next += n;
	}
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

static void add_part(struct builder *b, const struct cbx_keeper_part *part)
{
	uint64_t n;

	for (uint64_t at = 0; at < part->pages; at += n) {
		n = least(part->pages - at, STAGE_PAGES);
		for (uint64_t i = 0; i < n; i++) {
			uint64_t from = (at + i) * CBX_PAGE_SIZE;
			uint64_t left = part->size - least(part->size, from);

			stage_page(b, i, left != 0 ? part->bytes + from : NULL,
				left);
		}
		CALL(b, BOX_ADD, b->box, cbx_va_add(part->va, at).a, b->next, n,
			part->rights.bits, b->stage);
		b->next += n;
	}
}

static const struct cbx_policy keeper_policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

static void create(struct builder *b)
{
	b->box = b->next;
	b->next += 2;
	stage_page(
		b, 0, (const uint8_t *)&keeper_policy, sizeof(keeper_policy));
	CALL(b, BOX_CREATE, b->box, b->box + 1, b->stage);
}

/* The desk is added in one run, so that it is in one piece. */
static void build(struct builder *b, const struct cbx_keeper_image *image)
{
	create(b);
	grant(b, image->reserve_pages);
	for (uint32_t i = 0; i < image->part_count; i++) {
		add_part(b, &image->parts[i]);
	}
	CALL(b, BOX_ADD, b->box, CBX_DESK_VA, b->next, CBX_DESK_PAGES,
		CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE);
	CALL(b, BOX_THREAD, b->box, image->entry, image->stack, image->arg);
	CALL(b, BOX_FINALIZE, b->box);
}

enum cbx_status cbx_monitor_keeper_start(const struct cbx_keeper_image *image)
{
	uint64_t pages = 2 + image->reserve_pages + CBX_DESK_PAGES;
	struct builder b = { 0 };

	for (uint32_t i = 0; i < image->part_count; i++) {
		pages += image->parts[i].pages;
	}
	if (!find_memory(pages + STAGE_PAGES, &b)) {
		return CBX_E_NOMEM;
	}
	donate(&b);
	build(&b, image);
	if (b.status == CBX_OK) {
		cbx_gate_lock_take();
		b.status = cbx_keeper_adopt(b.box);
		cbx_gate_lock_drop();
	}
	return b.status;
}
