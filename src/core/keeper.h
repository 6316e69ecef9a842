/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper as the core uses it: a box that hashes what is laid on its desk
 * (src/base/desk.h).  Everything here is called under the gate lock.
 */
#ifndef CBX_CORE_KEEPER_H
#define CBX_CORE_KEEPER_H

#include <base/desk.h>
#include <core/domain.h>

/** Forget the keeper; the next box created is it. */
void cbx_keeper_init(void);

/** Whether measured boxes can be made; until then every box created is the
 * keeper in the making, and no host runs. */
bool cbx_keeper_ready(void);

/**
 * Make a READY box, built before the host ran, the keeper: run it until it
 * asks for work.
 *
 * @retval CBX_OK          the host cannot reach it any more
 * @retval CBX_E_STATE     there is one, or it is not such a box, or has no desk
 * @retval CBX_E_HARDWARE  it did not come to ask for work
 */
CBX_MUST_CHECK enum cbx_status cbx_keeper_adopt(uint64_t handle);

/**
 * Measure what the machine's start-up says was loaded: digest :=
 * SHA-384(0 || record || log).
 *
 * @param log  log[size]; size at most CBX_PAGE_SIZE
 * @pre the keeper is ready; that was not done yet
 *
 * @retval CBX_OK          BOOT_DIGEST tells it
 * @retval CBX_E_HARDWARE  the keeper did not do it
 */
CBX_MUST_CHECK enum cbx_status cbx_keeper_boot(const void *log, size_t size);

/** Have the keeper do what a letter of the backend's says (base/letter.h): its
 * page holds the answer then, or is as it was. */
void cbx_keeper_letter(struct cbx_pfn letter);

/** A number that no box had: from it the keeper makes the box's keys. */
uint64_t cbx_keeper_number(void);

/** Map data page @p i of the desk; cbx_hal_page_unmap ends that. */
uint8_t *cbx_keeper_data(uint64_t i);

/** Copy the first @p count data pages to pages of a box. */
void cbx_keeper_copy(struct cbx_pfn to, uint64_t count);

/** Map the desk's first page, zero but for the operation (of EXTEND: as far as
 * it looks); the caller fills it, has it worked on, reads the answer and ends
 * the mapping by cbx_hal_page_unmap. */
struct cbx_desk *cbx_keeper_desk(enum cbx_desk_op op);

/**
 * Have the keeper do what its desk says.
 *
 * @param desk  cbx_keeper_desk's
 *
 * @retval CBX_OK          the answer is there, what it says is the keeper's
 * @retval CBX_E_INVALID, CBX_E_DENIED, CBX_E_STATE, CBX_E_UNSUPPORTED  the
 *                         keeper refuses the request, which somebody else made
 * @retval CBX_E_HARDWARE  it is dead, or could not
 */
CBX_MUST_CHECK enum cbx_status cbx_keeper_work(const struct cbx_desk *desk);

/** Fill in what there is to say of a box, or of the monitor.
 * @param[in,out] facts  zero
 * @retval CBX_OK    filled in
 * @retval CBX_E_BUSY, CBX_E_HARDWARE  of the platform's root key */
void cbx_keeper_tell_box(const struct cbx_domain *d, struct cbx_facts *facts);
CBX_MUST_CHECK enum cbx_status cbx_keeper_tell_monitor(
	struct cbx_facts_monitor *facts);

/**
 * digest := SHA-384(digest || record || data), for @p count records; see
 * CBX_DESK_EXTEND.  The data is on the desk already.
 *
 * @retval CBX_OK          digest is extended
 * @retval CBX_E_HARDWARE  the keeper is dead, or refused; digest is unchanged
 */
CBX_MUST_CHECK enum cbx_status cbx_keeper_extend(
	const struct cbx_record *record, uint64_t count, uint64_t last_length,
	struct cbx_digest *digest);

#endif
