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

/* The leaves of one kind: which bits they must not have, what their frame's
 * second word must be under a mask, what they add to its two words. */
struct kind {
	uint64_t never;
	uint64_t mask;
	uint64_t want;
	uint64_t maps;
	uint64_t rest;
};

#define TYPE	   CBX_FRAME_REST(0, 0xff, 0, 0)
#define VIEW(bits) CBX_FRAME_REST(0, 0, 0, (uint64_t)(bits))
#define FULL	   CBX_FRAME_REST(CBX_FRAME_USES_FULL, 0, 0, 0)
#define ONE	   CBX_FRAME_MAPS(1, 0)
#define ONE_WRITER CBX_FRAME_MAPS(1, 1)

#define READ(more)                                                   \
	{                                                            \
		.never = ~LEAF_MAY | (more), .mask = VIEW(1) | FULL, \
		.want = VIEW(CBX_VIEW_R), .maps = ONE,               \
	}
#define WRITE(more)                                                         \
	{                                                                   \
		.never = ~LEAF_MAY | (more), .mask = VIEW(3) | TYPE | FULL, \
		.want = VIEW(CBX_VIEW_R | CBX_VIEW_W), .maps = ONE_WRITER,  \
	}

#define EXECUTE                                                      \
	{                                                            \
		.never = ~LEAF_MAY, .mask = VIEW(5) | TYPE | FULL,   \
		.want = VIEW(CBX_VIEW_R | CBX_VIEW_UX), .maps = ONE, \
		.rest = CBX_FRAME_REST(1, 0, 0, 0),                  \
	}
#define NONE                    \
	{                       \
		.never = ~0ull, \
	}

/* By U, W, P, NX: where a rotation by one brings these bits.  Without NX only
 * users execute, and what is executable is not writable; code and tables are
 * neither; only a user page has a key.  A supervisor's that is dirty and not
 * writable would be a shadow stack, which CALL and WRSS write. */
#define KINDS 16u
/* clang-format off */
static const struct kind kinds[KINDS] = {
	NONE, NONE, NONE, READ(CBX_PTE_KEY | CBX_PTE_D),
	NONE, NONE, NONE, WRITE(CBX_PTE_KEY),
	NONE, NONE, EXECUTE, READ(0),
	NONE, NONE, NONE, WRITE(0),
};
/* clang-format on */
_Static_assert(CBX_VIEW_R == 1 && CBX_VIEW_W == 2 && CBX_VIEW_UX == 4 &&
		       CBX_PTE_P == 1 && CBX_PTE_W == 2 && CBX_PTE_U == 4 &&
		       CBX_PTE_NX == 1ull << 63,
	"kinds");

static const struct kind *kind_of(uint64_t entry)
{
	return &kinds[(entry << 1 | entry >> 63) % KINDS];
}

static uint64_t pfn_of(uint64_t entry)
{
	return (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT;
}

static bool is_large(unsigned int level, uint64_t entry)
{
	return level == 2 && (entry & CBX_PTE_LARGE) != 0;
}

/* Why a leaf is not taken. */
static enum cbx_status refusal(uint64_t entry)
{
	const struct kind *kind = kind_of(entry);
	const struct cbx_frame *frame = cbx_frame_at(pfn_of(entry));

	if ((entry & ~LEAF_MAY) != 0 || (entry & CBX_PTE_P) == 0) {
		return CBX_E_INVALID;
	}
	if ((entry & kind->never) != 0) {
		return CBX_E_DENIED;
	}
	if (frame == NULL) {
		return CBX_E_INVALID;
	}
	return ((frame->rest ^ kind->want) & kind->mask & ~FULL) != 0
		       ? CBX_E_DENIED
		       : CBX_E_NOMEM;
}

/* Count a leaf, if it may be: what is asked of it is one word. */
static inline bool take_leaf(uint64_t entry)
{
	const struct kind *kind = kind_of(entry);
	struct cbx_frame *frame = &cbx_frames[pfn_of(entry)];

	if (pfn_of(entry) >= cbx_frame_count ||
		((entry & kind->never) |
			((frame->rest ^ kind->want) & kind->mask) |
			(frame->counts & CBX_FRAME_MAPS_FULL)) != 0) {
		return false;
	}
	frame->counts += kind->maps;
	frame->rest += kind->rest;
	return true;
}

/* The reverse, of a leaf that was counted. */
static void uncount(uint64_t entry)
{
	const struct kind *kind = kind_of(entry);
	struct cbx_frame *frame = &cbx_frames[pfn_of(entry)];

	frame->counts -= kind->maps;
	frame->rest -= kind->rest;
}

static enum cbx_status take_large(uint64_t large)
{
	const uint64_t page = CBX_PAGE_SIZE;
	uint64_t entry = large & ~CBX_PTE_LARGE;
	uint64_t n = 0;

	if (pfn_of(entry) % LARGE_FRAMES != 0) {
		return CBX_E_INVALID;
	}
	while (n < LARGE_FRAMES && take_leaf(entry + n * page)) {
		n++;
	}
	if (n == LARGE_FRAMES) {
		return CBX_OK;
	}
	for (uint64_t i = 0; i < n; i++) {
		uncount(entry + i * page);
	}
	return refusal(entry + n * page);
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
	if (frame->uses >= CBX_FRAME_USES_FULL) {
		return CBX_E_NOMEM;
	}
	frame->uses++;
	return CBX_OK;
}

enum cbx_status cbx_entry_take(unsigned int level, uint64_t entry)
{
	if (entry == 0) {
		return CBX_OK;
	}
	if (level == 1) {
		return take_leaf(entry) ? CBX_OK : refusal(entry);
	}
	if ((entry & CBX_PTE_P) == 0) {
		return CBX_E_INVALID;
	}
	return is_large(level, entry) ? take_large(entry)
				      : take_link(level, entry);
}

void cbx_entry_drop(unsigned int level, uint64_t entry)
{
	uint64_t frames = is_large(level, entry) ? LARGE_FRAMES : 1;

	if ((entry & CBX_PTE_P) == 0) {
		return;
	}
	if (level != 1 && frames == 1) {
		cbx_frame_at(pfn_of(entry))->uses--;
		return;
	}
	for (uint64_t i = 0; i < frames; i++) {
		uncount(entry + (i << CBX_PAGE_SHIFT));
	}
}

enum cbx_status cbx_entry_leaves(uint64_t *to, const volatile uint64_t *from,
	uint64_t count, uint64_t *done)
{
	const volatile uint64_t *at = from;
	enum cbx_status status = CBX_OK;

	for (; at != from + count; at++, to++) {
		uint64_t entry = *at;
		uint64_t old;

		if (entry != 0 && !take_leaf(entry)) {
			status = refusal(entry);
			break;
		}
		old = __atomic_exchange_n(to, entry, __ATOMIC_SEQ_CST);
		if (old != 0) {
			uncount(old);
		}
	}
	*done = (uint64_t)(at - from);
	return status;
}
