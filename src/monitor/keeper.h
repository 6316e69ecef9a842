/* SPDX-License-Identifier: Apache-2.0 */
/* Building the keeper: the first box, before the host runs. */
#ifndef CBX_MONITOR_KEEPER_H
#define CBX_MONITOR_KEEPER_H

#include <base/types.h>

/** A piece of the keeper's image. */
struct cbx_keeper_part {
	struct cbx_va va;
	const uint8_t *bytes; /* size of them; zeros follow to whole pages */
	uint64_t size;
	uint64_t pages;
	struct cbx_rights rights;
};

/** What the keeper is built from; part of the monitor's image, and so of
 * whatever measured the monitor. */
struct cbx_keeper_image {
	const struct cbx_keeper_part *parts;
	uint32_t part_count;
	uint64_t reserve_pages;
	uint64_t entry;
	uint64_t stack;
	uint64_t arg;
};

/** The image a build for a real machine carries (keeper_pack.py makes it). */
extern const struct cbx_keeper_image cbx_keeper_image;

/**
 * Build the keeper through the ordinary gates, and let it start.
 *
 * The desk is added to the parts.  Memory is taken from the end of the RAM the
 * HAL reports, and never given back.
 *
 * @pre cbx_core_init was called; no host runs
 *
 * @retval CBX_OK  measured boxes can be made
 * @retval ...     what the gate that failed said; the monitor cannot go on
 */
CBX_MUST_CHECK enum cbx_status cbx_monitor_keeper_start(
	const struct cbx_keeper_image *image);

#endif
