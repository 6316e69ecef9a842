/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages that several processes map at the same addresses since a fork, nobody
 * writes, and whoever writes copies: for each page, how many map it.
 */
#ifndef CBX_RUNTIME_SHARE_H
#define CBX_RUNTIME_SHARE_H

#include <base/types.h>

struct cbx_share {
	uint64_t start; /* address of the first page */
	uint64_t uses;	/* sum of all counts */
	uint64_t pages;
	uint16_t count[];
};

/** Begin with one process in each page of [start, end); NULL when there is no
 * memory. */
struct cbx_share *cbx_share_create(uint64_t start, uint64_t end);

/** One more process maps the pages of [start, end). @pre each has one */
void cbx_share_more(struct cbx_share *share, uint64_t start, uint64_t end);

/**
 * One process less maps them; the share is freed with its last use.
 *
 * @return pages that nobody maps any more
 */
uint64_t cbx_share_less(struct cbx_share *share, uint64_t start, uint64_t end);

/** Pages from @p address on, before @p end, that only one process maps, or
 * that several do: as the first one.
 * @param[out] alone  which of the two */
uint64_t cbx_share_run(const struct cbx_share *share, uint64_t address,
	uint64_t end, bool *alone);

#endif
