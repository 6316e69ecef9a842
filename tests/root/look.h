/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of processes, page by page; refusals are survived. */
#ifndef TESTS_ROOT_LOOK_H
#define TESTS_ROOT_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "spy.h"

/** What came of looking. */
struct look {
	struct spy_text text;
	struct spy_text own; /* another one, which is no secret */
	uint64_t pages;
	uint64_t refused;
	uint64_t found;
	uint64_t found_own;
};

/** Whether it is all zeros. */
bool look_is_zero(const uint8_t *page);

/** Look through a page. */
void look_count(struct look *look, const uint8_t *page, bool read);

/** "WHAT: so many pages, ...", a line. */
void look_say(FILE *to, const char *what, const struct look *look);

/** A text in hexadecimal, inverted.  @return false: it is none */
bool look_text(const char *hex, struct spy_text *text);

/** An address as a number. */
void *look_pointer(uint64_t va);

/** Survive SIGSEGV and SIGBUS from now on, in look_copy(). */
void look_begin(void);

/** Copy a page.  @return false: SIGSEGV or SIGBUS was the answer */
bool look_copy(uint8_t *to, const void *from);

/**
 * Do something to each page a process has.
 *
 * @param pid  "self", or a number
 *
 * @retval false  its map is not to be had
 */
bool look_through(
	const char *pid, void (*each)(void *arg, uint64_t va), void *arg);

#endif
