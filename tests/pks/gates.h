/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test images have in common: the host's gates, called where no host
 * runs, and words on the console.  A check that fails says so and ends the
 * machine with a status that run.py takes for a failure.
 */
#ifndef TESTS_PKS_GATES_H
#define TESTS_PKS_GATES_H

#include <core/gate.h>
#include <hal/hal.h>

/** Start core and keeper; pages for the test are at test_pages(). */
void test_start(void);

/** The first page of a run of RAM that is the host's; the test may use a few
 * thousand of them. */
uint64_t test_pages(void);

/** Make a host gate call, repeated while it is E_BUSY; the reply is kept. */
enum cbx_status test_gate(
	enum cbx_call_id id, const uint64_t arg[CBX_CALL_ARGS]);
uint64_t test_ret(uint32_t i);

#define GATE(NAME, ...)            \
	test_gate(CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** Copy into a host page. */
void test_fill(uint64_t pfn, uint64_t offset, const void *from, uint64_t bytes);
/** Copy out of a host page. */
void test_read(uint64_t pfn, uint64_t offset, void *to, uint64_t bytes);

/** "name hex", a line. */
void test_say_hex(const char *name, const void *bytes, uint64_t count);
void test_say_number(const char *name, uint64_t value);

_Noreturn void test_fail(const char *what, int line);
#define CHECK(condition)                                 \
	do {                                             \
		if (!(condition)) {                      \
			test_fail(#condition, __LINE__); \
		}                                        \
	} while (0)

/** All is well: leave the emulator with the status run.py waits for. */
_Noreturn void test_pass(void);

#endif
