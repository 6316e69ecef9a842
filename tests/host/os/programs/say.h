/* SPDX-License-Identifier: Apache-2.0 */
/* A program's cases: a line for each, and a status that says whether all are
 * good. */
#ifndef TESTS_HOST_OS_PROGRAMS_SAY_H
#define TESTS_HOST_OS_PROGRAMS_SAY_H

#include <stdbool.h>
#include <stdio.h>

static unsigned int say_bad;

#define SAY(name, condition) say_case(name, (condition), #condition)

static inline bool say_case(const char *name, bool good, const char *condition)
{
	printf("%s %s%s%s\n", good ? "ok" : "bad", name, good ? "" : ": ",
		good ? "" : condition);
	say_bad += !good;
	return good;
}

#endif
