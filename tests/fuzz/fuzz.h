/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target shares.
 */
#ifndef CBX_TESTS_FUZZ_H
#define CBX_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Report and crash, so that the fuzzer keeps the input. */
#define FUZZ_ASSERT(condition)                                             \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			abort();                                           \
		}                                                          \
	} while (0)

/** Run one input; libFuzzer's entry.  @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#endif
