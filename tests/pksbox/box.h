/* SPDX-License-Identifier: Apache-2.0 */
/* A host kernel that runs Linux programs in boxes. */
#ifndef TESTS_PKSBOX_BOX_H
#define TESTS_PKSBOX_BOX_H

#include <pksbox/set.h>

/** Host pages for policies, input and output. */
#define STAGE_PFN (POOL_PFN - CBX_IO_PAGES_MAX)

/** Pages of the pool that a box took so far, from POOL_PFN on. */
struct box {
	const struct set_box *set;
	uint64_t root;
	uint64_t taken;
	uint64_t fed; /* bytes of input it was given */
	bool confined;
	bool ended;
	uint64_t input_digest[CBX_DIGEST_BYTES / 8];
};

/** @return NULL, or what went wrong; so all below */
const char *box_build(struct box *box, const struct set_part *parts);

/** Enter it until it ended; its output and end on the console. */
const char *box_run(struct box *box);

/** All its pages are the host's again. */
const char *box_destroy(struct box *box);

/** A gate on pages [pfn, pfn + count), in as many calls as it takes. @param
 * box  its first argument, or 0 when it names none */
enum cbx_status range_call(
	uint64_t id, uint64_t box, uint64_t pfn, uint64_t count);

/** A word and numbers on the console. */
void say_numbers(const char *word, uint64_t a, uint64_t b);

/** A word and bytes in hexadecimal, in as many lines as it takes. */
void say_bytes(const char *word, const void *bytes, uint64_t count);

#endif
