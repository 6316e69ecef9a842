/* SPDX-License-Identifier: Apache-2.0 */
/* A box of tests: the device of keys and of counters, without a monitor. */
#ifndef CBX_TESTS_SEAL_FAKE_H
#define CBX_TESTS_SEAL_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <confbox/seal.h>

/** Who the box is: what the monitor tells the keeper. */
struct fake_box {
	uint8_t root[32];
	uint32_t root_kind; /* NONE: there is no root */
	uint32_t policy_flags;
	uint8_t measurement[48];
	uint8_t signer[48]; /* zero: none */
	uint8_t family[16];
	uint64_t security_version;
};
extern struct fake_box box;

/** Who keeps its counter: one of them. */
struct fake_counter {
	uint8_t secret[48];
	uint64_t value;
	int status; /* 0, or what asking comes to */
	/** what a host does to an answer; NULL: nothing */
	void (*host)(struct cbx_counter_answer *answer);
};
extern struct fake_counter counter;

/** The counter as a box names it. */
struct cbx_counter_id fake_counter_id(void);

/** A box with a root and a signer, a counter at 7; cmocka's setup. */
int fake_reset(void **state);

#endif
