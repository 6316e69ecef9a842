/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What root's module and root's program say to each other, and how they look for a
 * text that they must not have in memory themselves: they know it with each bit
 * inverted.
 */
#ifndef TESTS_ROOT_SPY_H
#define TESTS_ROOT_SPY_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#define SPY_PATH "/dev/spy"
#define SPY_PAGE 4096u
#define SPY_MOST 64u /* bytes of a text */

/** A text, inverted. */
struct spy_text {
	uint32_t size;
	uint8_t inverted[SPY_MOST];
};

/** What the module does to pages.  SPY_READ remembers those that refused; all others
 * are done to these. */
enum spy_how {
	SPY_READ,    /* as private memory, as the kernel itself does */
	SPY_WRITE,   /* a byte of it */
	SPY_ADJUST,  /* RMPADJUST: all rights for this level, or the next */
	SPY_RESCIND, /* PVALIDATE: it is not private any more */
	SPY_HOWS,
};

struct spy_sweep {
	uint64_t first; /* of pages */
	uint64_t end;
	uint64_t how;
	struct spy_text text;
	struct spy_text own;
	uint64_t tried;	    /* out: pages */
	uint64_t refused;   /* out: of those, by a fault or a code */
	uint64_t found;	    /* out: how often the text was in what was read */
	uint64_t found_own; /* out: the same of the other text; what is not
			     * reading: whether a page of the module's own did
			     * not refuse */
};

#define SPY_SWEEP \
	(3u << 30 | (unsigned int)sizeof(struct spy_sweep) << 16 | 0x5950u)

/** How often the text is in there. */
static inline uint64_t spy_count(
	const struct spy_text *text, const uint8_t *data, uint64_t size)
{
	uint64_t found = 0;

	for (uint64_t at = 0; at + text->size <= size; at++) {
		uint32_t i = 0;

		while (i < text->size &&
			(data[at + i] ^ text->inverted[i]) == 0xff) {
			i++;
		}
		found += i == text->size;
	}
	return found;
}

#endif
