/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of a service that is up already, for the benchmarks of applications. */
#ifndef CBX_BENCH_START_H
#define CBX_BENCH_START_H

#include <confbox/confbox.h>

/** End the program, saying what libconfbox says, unless @p status is CBX_OK. */
void bench_check(enum cbx_status status, const char *what);

/** A context with memory for @p boxes of an image. */
struct cbx_context *bench_context(
	const struct cbx_image *image, unsigned int boxes);

/** Milliseconds from @p since until a box's first output, or its end if it
 * writes nothing; the program ends unless the box ends well. */
double bench_first_output(struct cbx_box *box, uint64_t since);

/** A decimal number of the command line, at least 1. */
unsigned int bench_count(const char *text);

#endif
