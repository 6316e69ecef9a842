/* SPDX-License-Identifier: Apache-2.0 */
/* What one entry may say, and the counting of it. */
#include <hal/pks-vm/pure/table_int.h>

#define LARGE_FRAMES 512u

/* An entry that leads to a table decides nothing: the leaf does. */
#define LINK_MUST (CBX_PTE_P | CBX_PTE_W | CBX_PTE_U)
#define LINK_MAY  (LINK_MUST | CBX_PTE_A | CBX_PTE_SOFT | CBX_PTE_ADDRESS)
#define LEAF_MAY                                                         \
	(CBX_PTE_P | CBX_PTE_W | CBX_PTE_U | CBX_PTE_PWT | CBX_PTE_PCD | \
		CBX_PTE_A | CBX_PTE_D | CBX_PTE_SOFT | CBX_PTE_KEY |     \
		CBX_PTE_NX | CBX_PTE_ADDRESS)

/* A leaf, taken apart. */
struct leaf {
	uint64_t first;
	uint32_t count;
	bool write;
	bool execute;
};

static uint64_t pfn_of(uint64_t entry)
{
	return (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT;
}

static bool is_leaf(unsigned int level, uint64_t entry)
{
	return level == 1 || (level == 2 && (entry & CBX_PTE_LARGE) != 0);
}

static struct leaf leaf_of(unsigned int level, uint64_t entry)
{
	return (struct leaf){
		.first = pfn_of(entry),
		.count = level == 1 ? 1 : LARGE_FRAMES,
		.write = (entry & CBX_PTE_W) != 0,
		.execute = (entry & CBX_PTE_NX) == 0,
	};
}

static enum cbx_status check_leaf(unsigned int level, uint64_t entry)
{
	struct leaf leaf = leaf_of(level, entry);
	bool user = (entry & CBX_PTE_U) != 0;
	uint64_t may = level == 1 ? LEAF_MAY : LEAF_MAY | CBX_PTE_LARGE;

	if ((entry & ~may) != 0 || leaf.first % leaf.count != 0) {
		return CBX_E_INVALID;
	}
	if (!user && (leaf.execute || (entry & CBX_PTE_KEY) != 0)) {
		return CBX_E_DENIED;
	}
	return leaf.write && leaf.execute ? CBX_E_DENIED : CBX_OK;
}

static enum cbx_status check_frame(
	const struct leaf *leaf, const struct cbx_frame *frame)
{
	uint8_t want = CBX_VIEW_R;

	if (frame == NULL) {
		return CBX_E_INVALID;
	}
	want |= leaf->write ? CBX_VIEW_W : 0;
	want |= leaf->execute ? CBX_VIEW_UX : 0;
	if ((frame->view & want) != want) {
		return CBX_E_DENIED;
	}
	if (frame->type != CBX_FRAME_PAGE && (leaf->write || leaf->execute)) {
		return CBX_E_DENIED;
	}
	if (frame->maps == UINT32_MAX || frame->writers == UINT32_MAX ||
		frame->uses == UINT32_MAX) {
		return CBX_E_NOMEM;
	}
	return CBX_OK;
}

static enum cbx_status take_leaf(unsigned int level, uint64_t entry)
{
	struct leaf leaf = leaf_of(level, entry);
	enum cbx_status status = check_leaf(level, entry);

	for (uint32_t i = 0; i < leaf.count && status == CBX_OK; i++) {
		status = check_frame(&leaf, cbx_frame_at(leaf.first + i));
	}
	for (uint32_t i = 0; i < leaf.count && status == CBX_OK; i++) {
		struct cbx_frame *frame = cbx_frame_at(leaf.first + i);

		frame->maps++;
		frame->writers += leaf.write;
		frame->uses += leaf.execute;
	}
	return status;
}

static enum cbx_status take_link(unsigned int level, uint64_t entry)
{
	struct cbx_frame *frame = cbx_frame_at(pfn_of(entry));

	if ((entry & ~LINK_MAY) != 0 || frame == NULL) {
		return CBX_E_INVALID;
	}
	if ((entry & LINK_MUST) != LINK_MUST) {
		return CBX_E_DENIED;
	}
	if (!cbx_frame_is_table(frame, level - 1)) {
		return CBX_E_STATE;
	}
	if (frame->uses == UINT32_MAX) {
		return CBX_E_NOMEM;
	}
	frame->uses++;
	return CBX_OK;
}

enum cbx_status cbx_entry_take(unsigned int level, uint64_t entry)
{
	if ((entry & CBX_PTE_P) == 0) {
		return entry == 0 ? CBX_OK : CBX_E_INVALID;
	}
	return is_leaf(level, entry) ? take_leaf(level, entry)
				     : take_link(level, entry);
}

void cbx_entry_drop(unsigned int level, uint64_t entry)
{
	struct leaf leaf = leaf_of(level, entry);

	if ((entry & CBX_PTE_P) == 0) {
		return;
	}
	if (!is_leaf(level, entry)) {
		cbx_frame_at(pfn_of(entry))->uses--;
		return;
	}
	for (uint32_t i = 0; i < leaf.count; i++) {
		struct cbx_frame *frame = cbx_frame_at(leaf.first + i);

		frame->maps--;
		frame->writers -= leaf.write;
		frame->uses -= leaf.execute;
	}
}
