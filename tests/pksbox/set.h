/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of boxes as the loader leaves it in memory; boxes.py writes it.  What
 * an offset names begins at a page boundary, with zeros to the end of its last
 * page.
 */
#ifndef TESTS_PKSBOX_SET_H
#define TESTS_PKSBOX_SET_H

#include <confbox/abi.h>

#define SET_PA	  0x4000000ull
#define SET_MAGIC 0x31544553584f42ull /* "BOXSET1" */

/* What boxes are made of, above the set and below the keeper's pages. */
#define POOL_PFN   0xc000ull
#define POOL_PAGES 0xc000ull

struct set_head {
	uint64_t magic;
	uint64_t box_count;
	uint64_t part_count; /* of all boxes; they follow the boxes */
	uint64_t pages;	     /* of the whole set */
};

struct set_box {
	struct cbx_policy policy;
	uint64_t reserve_pages;
	uint64_t entry;
	uint64_t stack;
	uint64_t arg;
	uint64_t part_first;
	uint64_t part_count;
	uint64_t input_offset;
	uint64_t input_bytes;
};

struct set_part {
	uint64_t va;
	uint64_t page_count;
	uint64_t rights;
	uint64_t offset;
	uint64_t byte_count;
};

CBX_SIZE(0x20, set_head);
CBX_SIZE(0xc70, set_box);
CBX_SIZE(0x28, set_part);

#endif
