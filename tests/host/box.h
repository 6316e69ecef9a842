/* SPDX-License-Identifier: Apache-2.0 */
/* A box with a page of code, for tests. */
#ifndef TESTS_HOST_BOX_H
#define TESTS_HOST_BOX_H

#include "host.h"

/** Its pages: control pages and tables first, then these two. */
#define BOX_PAGES 96u
#define BOX_CODE  80u
#define BOX_STACK 81u

/** Where its code is. */
#define BOX_CODE_VA 0x400000ull

/** Code that ends with a status. */
#define BOX_END_STATUS 42
extern const uint8_t box_end[];
extern const uint64_t box_end_size;

/** A gate call, repeated while the monitor is busy. */
struct cbx_reply box_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);
#define GATE(name, ...)           \
	box_gate(CBX_CALL_##name, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** BOX_PAGES pages in a row. */
uint64_t box_pages(void);

/** Make a READY box of them. @param page  one more, for messages
 * @return NULL, or what went wrong */
const char *box_make(
	uint64_t box, uint64_t page, const uint8_t *code, uint64_t size);

/** End it; every page comes back empty. */
const char *box_unmake(uint64_t box);

#endif
