/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measurement log of a box and the log of its input.
 *
 * A record is measured into a copy of the digest; the caller commits the copy
 * when whatever the record describes has happened.  The keeper in the making
 * is not measured: its digests stay zero.
 */
#ifndef CBX_CORE_MEASURE_H
#define CBX_CORE_MEASURE_H

#include <base/desk.h>
#include <core/copy.h>

/** Measure @p count records that stand for pages, or nothing but themselves.
 * Data, if the record has a length, is on the desk.
 *
 * @param[in,out] digest  extended on success, else unchanged
 *
 * @retval CBX_OK          measured
 * @retval CBX_E_HARDWARE  the keeper did not do it */
CBX_MUST_CHECK enum cbx_status cbx_measure(const struct cbx_domain *d,
	const struct cbx_record *record, uint64_t count,
	struct cbx_digest *digest);

/** Measure bytes that lie on the desk, in records of up to a page each.
 * @param record  its length is ignored
 * @param size    at most CBX_IO_BYTES_MAX; 0 is one record without data */
CBX_MUST_CHECK enum cbx_status cbx_measure_bytes(const struct cbx_domain *d,
	const struct cbx_record *record, uint64_t size,
	struct cbx_digest *digest);

/** Put bytes of HOST pages on the desk: the only time they are read.
 * @retval CBX_OK        on the desk
 * @retval CBX_E_DENIED  a page is not HOST, or the host may not read it */
CBX_MUST_CHECK enum cbx_status cbx_measure_fetch(uint64_t pfn, uint64_t size);

/** Copy @p size bytes from the desk into box memory.
 * @pre cbx_copy_box_range said yes, and the lock was not dropped since */
void cbx_measure_deliver(
	const struct cbx_space *space, struct cbx_va va, uint64_t size);

/** Copy @p size bytes from the desk into a buffer of the host's.
 * @retval CBX_OK, CBX_E_NOMEM, CBX_E_DENIED  as cbx_copy_to_host */
CBX_MUST_CHECK enum cbx_status cbx_measure_give(
	struct cbx_io io, uint64_t size);

#endif
