/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What measurements of verification share.
 */
#ifndef CBX_BENCH_VERIFY_H
#define CBX_BENCH_VERIFY_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <confbox/verify.h>

#include "bench.h"

/* The tools have no answer to an error but to end. */
#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			exit(1);                                           \
		}                                                          \
	} while (0)

/** FOLDER/NAME; the caller frees bytes. */
struct cbx_span verify_load(const char *folder, const char *name);

/** The least of figures in microseconds, since a time. */
void verify_take(double *least, uint64_t since);

/** A row without a baseline. */
void verify_print(const char *what, double figure);

/** Quotes of TDX. */
void verify_tdx(const char *folder, bool quick);

#endif
