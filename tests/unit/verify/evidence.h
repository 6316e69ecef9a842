/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of tests/evidence, and copies of them to damage.
 */
#ifndef CBX_TESTS_EVIDENCE_H
#define CBX_TESTS_EVIDENCE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confbox/verify.h>

/** A block of exactly @p size bytes, so that a sanitizer sees who reads past
 * it: the first of @p span, then zeros; the caller frees. */
static inline uint8_t *evidence_copy(struct cbx_span span, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL) {
		abort();
	}
	for (size_t i = 0; i < size; i++) {
		copy[i] = i < span.size ? span.bytes[i] : 0;
	}
	return copy;
}

/** tests/evidence/NAME, whole; the test ends when it cannot be read.  The
 * caller frees bytes. */
static inline struct cbx_span evidence_load(const char *name)
{
	static uint8_t room[1 << 20];
	char path[512];
	FILE *file;
	size_t size;

	(void)snprintf(path, sizeof(path), "%s/%s", CBX_EVIDENCE, name);
	file = fopen(path, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path);
		abort();
	}
	size = fread(room, 1, sizeof(room), file);
	if (size == 0 || size == sizeof(room) || fclose(file) != 0) {
		abort();
	}
	return (struct cbx_span){
		evidence_copy((struct cbx_span){ room, size }, size), size
	};
}

static inline void evidence_free(struct cbx_span span)
{
	free((void *)(uintptr_t)span.bytes);
}

#endif
