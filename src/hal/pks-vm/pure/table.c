/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/pks-vm/pure/table_int.h>

#include <hal/hal.h>

struct cbx_frame *cbx_frames;
uint64_t cbx_frame_count;

/* Every table that is coming or leaving waits for this flush or an earlier
 * one. */
static uint64_t token;

void cbx_table_start(struct cbx_frame *table, uint64_t count)
{
	cbx_frames = table;
	cbx_frame_count = count;
	token = 0;
}

void cbx_frame_direct(struct cbx_pfn pfn, const struct cbx_frame *frame)
{
	uint8_t bits = frame->view & (CBX_VIEW_R | CBX_VIEW_W);

	if (frame->type != CBX_FRAME_PAGE) {
		bits &= (uint8_t)~CBX_VIEW_W;
	}
	if ((bits & CBX_VIEW_R) == 0) {
		bits = CBX_VIEW_NONE;
	}
	cbx_direct_set(pfn, (struct cbx_view){ bits });
}

static bool lacks(struct cbx_view view, unsigned int bit)
{
	return (view.bits & bit) == 0;
}

enum cbx_status cbx_table_view(struct cbx_pfn pfn, struct cbx_view view)
{
	struct cbx_frame *frame = &cbx_frames[pfn.n];
	bool page = frame->type == CBX_FRAME_PAGE;

	frame->view = view.bits;
	cbx_frame_direct(pfn, frame);
	if (!page && (lacks(view, CBX_VIEW_R) || lacks(view, CBX_VIEW_W))) {
		return CBX_E_BUSY;
	}
	if ((lacks(view, CBX_VIEW_R) && frame->maps > 0) ||
		(lacks(view, CBX_VIEW_W) && frame->writers > 0) ||
		(lacks(view, CBX_VIEW_UX) && page && frame->uses > 0)) {
		return CBX_E_BUSY;
	}
	return CBX_OK;
}

void cbx_table_open(struct cbx_pfn first, uint64_t count)
{
	cbx_direct_open(first, count);
	for (uint64_t n = first.n; n < first.n + count; n++) {
		struct cbx_frame *frame = &cbx_frames[n];

		frame->view = CBX_VIEW_ALL;
		if (frame->type != CBX_FRAME_PAGE) {
			cbx_frame_direct((struct cbx_pfn){ n }, frame);
		}
	}
}

bool cbx_table_seen(struct cbx_pfn pfn, struct cbx_view *view)
{
	const struct cbx_frame *frame = cbx_frame_at(pfn.n);

	if (frame == NULL) {
		return false;
	}
	view->bits = frame->view;
	return true;
}

enum cbx_status cbx_frame_check(const struct cbx_frame *frame, uint64_t type)
{
	if (frame == NULL) {
		return CBX_E_INVALID;
	}
	if (frame->view != CBX_VIEW_ALL) {
		return CBX_E_DENIED;
	}
	return frame->type == type ||
			       (frame->type == CBX_FRAME_PAGE &&
				       frame->writers == 0 && frame->uses == 0)
		       ? CBX_OK
		       : CBX_E_STATE;
}

static enum cbx_status check_declare(
	const struct cbx_frame *frame, uint64_t level)
{
	enum cbx_status status = cbx_frame_check(frame, level);

	if (level < CBX_FRAME_L1 || level > CBX_FRAME_L4) {
		return CBX_E_INVALID;
	}
	return status == CBX_OK && frame->state == CBX_FRAME_LEAVING
		       ? CBX_E_STATE
		       : status;
}

enum cbx_status cbx_table_declare(struct cbx_pfn pfn, uint64_t level)
{
	struct cbx_frame *frame = cbx_frame_at(pfn.n);
	enum cbx_status status = check_declare(frame, level);

	if (status != CBX_OK) {
		return status;
	}
	if (frame->type == CBX_FRAME_PAGE) {
		frame->type = (uint8_t)level;
		frame->state = CBX_FRAME_COMING;
		cbx_frame_direct(pfn, frame);
		token = cbx_hal_view_flush();
	}
	if (frame->state == CBX_FRAME_COMING) {
		if (!cbx_hal_view_flushed(token)) {
			return CBX_E_BUSY;
		}
		cbx_hal_page_scrub(pfn, 1);
		frame->state = 0;
	}
	return CBX_OK;
}

static void drop_entries(struct cbx_pfn pfn, unsigned int level)
{
	uint64_t *entry = cbx_hal_page_map(pfn);

	for (uint32_t i = 0; i < CBX_TABLE_ENTRIES; i++) {
		cbx_entry_drop(level, entry[i]);
		entry[i] = 0;
	}
	cbx_hal_page_unmap(entry);
}

static bool is_any_table(const struct cbx_frame *frame)
{
	return frame->type >= CBX_FRAME_L1 && frame->type <= CBX_FRAME_L4;
}

enum cbx_status cbx_table_remove(struct cbx_pfn pfn)
{
	struct cbx_frame *frame = cbx_frame_at(pfn.n);

	if (frame == NULL) {
		return CBX_E_INVALID;
	}
	if (!is_any_table(frame) || frame->uses != 0) {
		return CBX_E_STATE;
	}
	if (frame->state == 0) {
		drop_entries(pfn, frame->type);
		token = cbx_hal_view_flush();
	}
	frame->state = CBX_FRAME_LEAVING;
	if (!cbx_hal_view_flushed(token)) {
		return CBX_E_BUSY;
	}
	frame->state = 0;
	frame->type = CBX_FRAME_PAGE;
	cbx_frame_direct(pfn, frame);
	return CBX_OK;
}

static enum cbx_status check_place(
	const struct cbx_frame *frame, uint64_t index)
{
	if (frame == NULL || index >= CBX_TABLE_ENTRIES) {
		return CBX_E_INVALID;
	}
	if (!is_any_table(frame) || frame->state != 0) {
		return CBX_E_STATE;
	}
	return frame->type == CBX_FRAME_L4 && cbx_table_is_monitors(index)
		       ? CBX_E_DENIED
		       : CBX_OK;
}

enum cbx_status cbx_table_update(
	struct cbx_pfn table, uint64_t index, uint64_t entry)
{
	struct cbx_frame *frame = cbx_frame_at(table.n);
	enum cbx_status status = check_place(frame, index);
	uint64_t *entries;
	uint64_t old;

	if (status == CBX_OK) {
		status = cbx_entry_take(frame->type, entry);
	}
	if (status != CBX_OK) {
		return status;
	}
	entries = cbx_hal_page_map(table);
	old = __atomic_exchange_n(&entries[index], entry, __ATOMIC_SEQ_CST);
	cbx_hal_page_unmap(entries);
	cbx_entry_drop(frame->type, old);
	if (frame->type == CBX_FRAME_L4) {
		cbx_root_changed(table, index, entry);
	}
	return CBX_OK;
}

static enum cbx_status update_each(struct cbx_pfn table, uint64_t index,
	const volatile uint64_t *from, uint64_t count, uint64_t *done)
{
	enum cbx_status status = CBX_OK;

	for (*done = 0; *done < count && status == CBX_OK;) {
		status = cbx_table_update(table, index + *done, from[*done]);
		*done += status == CBX_OK;
	}
	return status;
}

enum cbx_status cbx_table_batch(struct cbx_pfn table, uint64_t index,
	const volatile uint64_t *from, uint64_t count, uint64_t *done)
{
	struct cbx_frame *frame = cbx_frame_at(table.n);
	enum cbx_status status = check_place(frame, index);
	uint64_t *entries;

	*done = 0;
	if (status != CBX_OK || count > CBX_TABLE_ENTRIES - index) {
		return status != CBX_OK ? status : CBX_E_INVALID;
	}
	if (frame->type != CBX_FRAME_L1) {
		return update_each(table, index, from, count, done);
	}
	entries = cbx_hal_page_map(table);
	status = cbx_entry_leaves(&entries[index], from, count, done);
	cbx_hal_page_unmap(entries);
	return status;
}

static bool is_empty(struct cbx_pfn table)
{
	const uint64_t *entries = cbx_hal_page_map(table);
	uint64_t any = 0;

	for (uint32_t i = 0; i < CBX_TABLE_ENTRIES; i++) {
		any |= entries[i];
	}
	cbx_hal_page_unmap(entries);
	return any == 0;
}

/* The leaves refer to what the large one did: no count changes. */
static void fill(struct cbx_pfn child, uint64_t large)
{
	uint64_t *entries = cbx_hal_page_map(child);

	for (uint64_t i = 0; i < CBX_TABLE_ENTRIES; i++) {
		entries[i] = (large & ~CBX_PTE_LARGE) + (i << CBX_PAGE_SHIFT);
	}
	cbx_hal_page_unmap(entries);
}

enum cbx_status cbx_table_split(
	struct cbx_pfn table, uint64_t index, struct cbx_pfn child)
{
	struct cbx_frame *frame = cbx_frame_at(table.n);
	struct cbx_frame *below = cbx_frame_at(child.n);
	enum cbx_status status = check_place(frame, index);
	uint64_t *entries;
	bool large;

	if (status != CBX_OK || below == NULL) {
		return status != CBX_OK ? status : CBX_E_INVALID;
	}
	if (frame->type != CBX_FRAME_L2 ||
		!cbx_frame_is_table(below, CBX_FRAME_L1) || below->uses != 0 ||
		!is_empty(child)) {
		return CBX_E_STATE;
	}
	entries = cbx_hal_page_map(table);
	large = (~entries[index] & (CBX_PTE_P | CBX_PTE_LARGE)) == 0;
	if (large) {
		fill(child, entries[index]);
		entries[index] = child.n << CBX_PAGE_SHIFT | CBX_PTE_P |
				 CBX_PTE_W | CBX_PTE_U;
		below->uses = 1;
	}
	cbx_hal_page_unmap(entries);
	return large ? CBX_OK : CBX_E_STATE;
}

enum cbx_status cbx_table_root_hold(struct cbx_pfn root)
{
	struct cbx_frame *frame = cbx_frame_at(root.n);

	if (frame == NULL) {
		return CBX_E_INVALID;
	}
	if (!cbx_frame_is_table(frame, CBX_FRAME_L4)) {
		return CBX_E_STATE;
	}
	if (frame->uses >= CBX_FRAME_USES_FULL) {
		return CBX_E_NOMEM;
	}
	frame->uses++;
	return CBX_OK;
}

void cbx_table_root_release(struct cbx_pfn root)
{
	cbx_frame_at(root.n)->uses--;
}

void cbx_table_code(struct cbx_pfn pfn)
{
	struct cbx_frame *frame = &cbx_frames[pfn.n];

	frame->type = CBX_FRAME_CODE;
	cbx_frame_direct(pfn, frame);
}
