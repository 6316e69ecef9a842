/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine for the rules of the host's page tables: frames, some of them with
 * bytes, what the direct map shows, and flushes that end when a test says so.
 */
#ifndef PKS_TABLE_H
#define PKS_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hal/hal.h>
#include <hal/pks-vm/pure/code.h>
#include <hal/pks-vm/pure/table_int.h>

#define FRAMES 2048u
#define PAGES  32u /* frames with bytes: where tables can be */

#define P  0x001ull
#define W  0x002ull
#define U  0x004ull
#define A  0x020ull
#define D  0x040ull
#define PS 0x080ull
#define NX 0x8000000000000000ull

#define LINK(pfn) ((uint64_t)(pfn) << 12 | P | W | U)
#define RW(pfn)	  ((uint64_t)(pfn) << 12 | P | W | NX)
#define RO(pfn)	  ((uint64_t)(pfn) << 12 | P | NX)
#define UX(pfn)	  ((uint64_t)(pfn) << 12 | P | U)

static const struct cbx_view none = { CBX_VIEW_NONE };
static const struct cbx_view open = { CBX_VIEW_R | CBX_VIEW_W };
static const struct cbx_view all = { CBX_VIEW_ALL };

extern struct cbx_frame frames[FRAMES];
extern uint64_t ram[PAGES][512];
extern uint8_t direct[FRAMES];
extern uint64_t flushes, flushed; /* begun; over */
extern struct changed {
	uint64_t root, index, entry;
	uint32_t count;
} changed;

static inline struct cbx_pfn pfn(uint64_t n)
{
	return (struct cbx_pfn){ n };
}

/** The machine anew, every frame seen wholly; nothing is left mapped. For cmocka. */
int fresh(void **state);
int balanced(void **state);

/** All flushes so far are over. */
void flush_now(void);

/** Declare a table; no flush keeps it waiting. */
void declare(uint64_t n, uint64_t level);

/** An update comes to that, and to nothing else if it is refused. */
void expect_update(
	uint64_t table, uint64_t index, uint64_t entry, enum cbx_status want);

void expect_frame(uint64_t n, uint32_t maps, uint32_t writers, uint32_t uses);

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, balanced)

#endif
