/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hand between the core and what it calls: the linker sends those calls
 * through tamper.c (meson.build), which passes them on unless told otherwise.
 *
 * The environment variable ATTACK_MUTANT names one function that is then
 * broken for the whole run: the tests it protects must fail (mutation.py).
 */
#ifndef CBX_TESTS_ATTACK_TAMPER_H
#define CBX_TESTS_ATTACK_TAMPER_H

#include <stdatomic.h>

#include <base/types.h>

struct tamper {
	uint64_t refuse_pfn; /* no view is set on it; 0: none */
	bool lose_kicks;     /* no kick arrives */
	bool lose_flushes;   /* none completes */
	atomic_uint kicks_lost;
	atomic_uint maps;	/* pages mapped so far */
	uint32_t strike_at_map; /* strike then; 0: never */
	void (*strike)(void);
	uint64_t flip_pfn; /* a page of the host's that changes as soon as
			       * it has been looked at; 0: none */
	const void *flip;  /* a page of what it holds then */
};

/** Nothing is tampered with while it is zero. */
extern struct tamper tamper;

/** From now on the run is the mutant it is to be. */
void tamper_begin(void);

#endif
