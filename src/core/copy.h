/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between the host's pages, a box's memory and the monitor.
 *
 * Of the host only HOST pages are touched, with rights the host itself has; of
 * a box only what the space maps, with the space's rights.  Every byte is read
 * once: what was checked is what is used.
 */
#ifndef CBX_CORE_COPY_H
#define CBX_CORE_COPY_H

#include <core/domain.h>

/** Read @p size bytes of a HOST page from its beginning.
 * @retval CBX_OK        dst[size] is filled
 * @retval CBX_E_DENIED  it is no HOST page, or the host may not read it */
CBX_MUST_CHECK enum cbx_status cbx_copy_from_host(
	uint64_t pfn, void *dst, size_t size);

/** Whether @p count pages from @p pfn on are HOST, with right @p bit. */
bool cbx_copy_host_range(uint64_t pfn, uint64_t count, uint8_t bit);

/** Whether the space maps @p size bytes at @p va with all of @p rights. */
bool cbx_copy_box_range(const struct cbx_space *space, struct cbx_va va,
	uint64_t size, uint8_t rights);

/** Read @p size bytes at @p va of the box.
 * @retval CBX_OK       dst[size] is filled
 * @retval CBX_E_FAULT  the space may not read them all; dst is undefined */
CBX_MUST_CHECK enum cbx_status cbx_copy_from_box(const struct cbx_space *space,
	struct cbx_va va, void *dst, size_t size);

/** Write @p size bytes at @p va of the box.
 * @retval CBX_OK       written
 * @retval CBX_E_FAULT  the space may not write them all; nothing was */
CBX_MUST_CHECK enum cbx_status cbx_copy_to_box(const struct cbx_space *space,
	struct cbx_va va, const void *src, size_t size);

/** A buffer of the host's: whole HOST pages. */
struct cbx_io {
	uint64_t pfn;
	uint64_t pages;
};

/** Copy box memory into the host's buffer from @p offset on.
 * @retval CBX_OK        copied
 * @retval CBX_E_NOMEM   the buffer is too small
 * @retval CBX_E_FAULT   the space may not read it all
 * @retval CBX_E_DENIED  the buffer is not HOST, or not writable, any more */
CBX_MUST_CHECK enum cbx_status cbx_copy_box_to_host(
	const struct cbx_space *space, struct cbx_va va, struct cbx_io io,
	uint64_t offset, uint64_t size);

/** Write into the host's buffer; NULL writes zeros.
 * @retval CBX_OK, CBX_E_NOMEM, CBX_E_DENIED  as cbx_copy_box_to_host */
CBX_MUST_CHECK enum cbx_status cbx_copy_to_host(
	struct cbx_io io, uint64_t offset, const void *src, uint64_t size);

#endif
