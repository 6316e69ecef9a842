/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a box does with its own address spaces.
 *
 * Every function works on a held box and a held space of it, under the gate
 * lock.  Range functions count in *done, 0 before, the pages they completed.
 */
#ifndef CBX_CORE_SPACE_H
#define CBX_CORE_SPACE_H

#include <core/domain.h>

/** Pages of a space, and the rights a call is about; any numbers. */
struct cbx_stretch {
	struct cbx_space *space; /* held; NULL: the box has none of that name */
	struct cbx_va va;
	uint64_t count;
	uint64_t rights;
};

/** Whether one call may name it.
 * @retval CBX_OK         it may
 * @retval CBX_E_INVALID  there is no space, or the range is empty, too long or
 *                        not box addresses
 * @retval CBX_E_STATE    the space is being destroyed */
CBX_MUST_CHECK enum cbx_status cbx_space_check(const struct cbx_stretch *span);

/**
 * Make sure all of it can be mapped: nothing is there, and the tables are,
 * taken from the reserve if need be.
 *
 * @param spare  pages that must be left in the reserve afterwards
 *
 * @retval CBX_OK         cbx_space_map_run may be called
 * @retval CBX_E_INVALID  as cbx_space_check, or the rights are malformed
 * @retval CBX_E_DENIED   the policy forbids such rights
 * @retval CBX_E_STATE    as cbx_space_check, or something is mapped there
 * @retval CBX_E_NOMEM    the reserve is too small
 */
CBX_MUST_CHECK enum cbx_status cbx_space_prepare(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t spare);

/** As cbx_space_prepare, with as many more pages left in the reserve to be
 * mapped; settles what left the space first.
 * @retval CBX_E_BUSY  the reserve is too small until a flush completes
 * @retval ...         as cbx_space_prepare */
CBX_MUST_CHECK enum cbx_status cbx_space_prepare_pages(
	struct cbx_domain *d, const struct cbx_stretch *to);

/** Map pages pfn, pfn + 1, ... from page @p at of the span on, and count the
 * mappings of PRIVATE ones.
 * @retval CBX_OK          *done are mapped, at least one
 * @retval CBX_E_STATE     the first is mapped too often
 * @retval CBX_E_HARDWARE  page *done was refused */
CBX_MUST_CHECK enum cbx_status cbx_space_map_run(const struct cbx_stretch *to,
	uint64_t at, struct cbx_pfn pfn, uint64_t count, uint64_t *done);

/** End what cbx_space_prepare began: if @p status is no success, the tables it
 * gave that turned out not to be needed return to where they came from. @return status */
CBX_MUST_CHECK enum cbx_status cbx_space_finish(
	struct cbx_domain *d, struct cbx_space *space, enum cbx_status status);

/** Pages mapped from @p va on, at most @p count, that are consecutive in
 * memory, with the same rights, in the same state, of the same owner.
 * @param[out] first  the first one's mapping
 * @return how many; 0 when nothing is mapped at @p va */
uint64_t cbx_space_run(const struct cbx_space *space, struct cbx_va va,
	uint64_t count, struct cbx_mapping *first);

/** One mapping of each page is gone: what is mapped nowhere else waits for the
 * space's newest flush. */
void cbx_space_leave(
	struct cbx_space *space, struct cbx_pfn pfn, uint64_t count);

/** Whether the policy lets the box map memory with these rights. */
bool cbx_space_may_map(const struct cbx_domain *d, uint64_t rights);

/** Map zero pages of the reserve.
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID, CBX_E_DENIED, CBX_E_STATE, CBX_E_NOMEM, CBX_E_BUSY
 *                         as cbx_space_prepare_pages
 * @retval CBX_E_HARDWARE  page *done was refused */
CBX_MUST_CHECK enum cbx_status cbx_space_map(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done);

/** Map pages that @p from maps at @p from_va once more.
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID   a range or the rights are malformed
 * @retval CBX_E_STATE     something is mapped there, or nothing at the source,
 *                         or page *done is mapped too often
 * @retval CBX_E_DENIED    page *done is a window, or borrowed and to be written
 * @retval CBX_E_NOMEM     the reserve has no page for a table
 * @retval CBX_E_HARDWARE  page *done was refused */
CBX_MUST_CHECK enum cbx_status cbx_space_alias(struct cbx_domain *d,
	const struct cbx_stretch *to, const struct cbx_space *from,
	struct cbx_va from_va, uint64_t *done);

/** Unmap pages, or (@p window) take windows back; what is mapped nowhere else
 * goes back to the reserve, zero, once no CPU can hold a translation.
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID, CBX_E_STATE  as cbx_space_check
 * @retval CBX_E_STATE     also: nothing is mapped at page *done, or (@p window)
 *                         no window
 * @retval CBX_E_DENIED    page *done is a window, unlike @p window
 * @retval CBX_E_HARDWARE  page *done was refused */
CBX_MUST_CHECK enum cbx_status cbx_space_unmap(struct cbx_domain *d,
	const struct cbx_stretch *from, bool window, uint64_t *done);

/** Change the rights of mappings.  A borrowed page that is to be written is
 * replaced by a copy, out of the reserve.
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID   the range or the rights are malformed
 * @retval CBX_E_STATE     nothing is mapped at page *done, or the space ended
 * @retval CBX_E_DENIED    page *done is SHARED, or the policy forbids it
 * @retval CBX_E_NOMEM     page *done cannot be copied: the reserve is empty
 * @retval CBX_E_BUSY      page *done is changed, but a CPU may not know yet;
 *                         repeat from there
 * @retval CBX_E_HARDWARE  page *done was refused */
CBX_MUST_CHECK enum cbx_status cbx_space_protect(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done);

/** Lend zero pages of the reserve to box and host: a window.
 *
 * The box is tainted from the first page on that the host could see.
 *
 * @retval ...         as cbx_space_map
 * @retval CBX_E_BUSY  also: page *done is half shown, and leaving again */
CBX_MUST_CHECK enum cbx_status cbx_window_share(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done);

/** Move pages that left the space, and may move on by now, to the reserve;
 * at most @p count. @return CBX_OK when none is left, else why */
enum cbx_status cbx_space_settle(
	struct cbx_domain *d, struct cbx_space *space, uint64_t count);

/** End a space for the CPU: nothing runs in it once end_token is flushed; its
 * mappings can still be looked up.  @pre no thread of it is left */
void cbx_space_end(struct cbx_domain *d, struct cbx_space *space);

/**
 * End a space and give back what it holds, a bounded number of pages a call.
 *
 * While the box lives, pages mapped nowhere else and the space's own pages
 * return to its reserve; in a DYING box they wait for BOX_RECLAIM.
 *
 * @pre no thread of it is left
 *
 * @retval CBX_OK          it is gone; @p space is no longer held
 * @retval CBX_E_BUSY      not finished; repeat.  Still held
 * @retval CBX_E_HARDWARE  an unmapping was refused; repeat.  Still held
 */
CBX_MUST_CHECK enum cbx_status cbx_space_destroy(
	struct cbx_domain *d, struct cbx_space *space);

#endif
