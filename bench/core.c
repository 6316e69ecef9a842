/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_core [--quick]          print the table
 * bench_core --count AMOUNT N   make every call N times, with a number of boxes
 *                               (100b) or GiB (16g) there; for count.py
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <psa/crypto.h>

#include "core.h"

static int usage(void)
{
	fprintf(stderr, "usage: bench_core [--quick | --count AMOUNT N]\n");
	return EXIT_FAILURE;
}

static void print_all(bool quick)
{
	const struct bench_plan plan = {
		.quick = quick,
		.rounds = quick ? 2 : 50,
		.calls = quick ? 100 : 20000,
		.gib_pages = quick ? 4096 : BENCH_GIB_PAGES,
	};

	bench_gates(&plan);
	bench_pages(&plan);
	bench_boxes(&plan);
	bench_scale(&plan);
}

int main(int argc, char **argv)
{
	if (psa_crypto_init() != PSA_SUCCESS) {
		fprintf(stderr, "bench_core: no cryptography\n");
		return EXIT_FAILURE;
	}
	if (argc == 1 || (argc == 2 && strcmp(argv[1], "--quick") == 0)) {
		print_all(argc == 2);
		return EXIT_SUCCESS;
	}
	if (argc == 4 && strcmp(argv[1], "--count") == 0 &&
		bench_count(argv[2], strtoull(argv[3], NULL, 10))) {
		return EXIT_SUCCESS;
	}
	return usage();
}
