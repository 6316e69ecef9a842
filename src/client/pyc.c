/* SPDX-License-Identifier: Apache-2.0 */
#include <client/pyc.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <client/ustar.h>

/* PEP 552: magic, flags, the source's time and size. */
#define FLAGS_AT    4u
#define TIME_AT	    8u
#define HEADER_SIZE 16u

static uint32_t word_at(const uint8_t *bytes, size_t at)
{
	return (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8 |
	       (uint32_t)bytes[at + 2] << 16 | (uint32_t)bytes[at + 3] << 24;
}

/* folder/__pycache__/name.cpython-311.pyc is of folder/name.py. */
static char *source_of(const char *path)
{
	static const char cache[] = "/__pycache__/";
	const char *folder = strstr(path, cache);
	const char *name;
	char *source = NULL;

	if (folder == NULL || strlen(path) < 4 ||
		strcmp(path + strlen(path) - 4, ".pyc") != 0) {
		return NULL;
	}
	name = folder + sizeof(cache) - 1;
	return asprintf(&source, "%.*s/%.*s.py", (int)(folder - path), path,
		       (int)strcspn(name, "."), name) < 0
		       ? NULL
		       : source;
}

void cbx_pyc_level(const char *path, uint8_t *bytes, size_t size)
{
	char *source = source_of(path);
	struct stat st;

	if (source != NULL && size >= HEADER_SIZE &&
		word_at(bytes, FLAGS_AT) == 0 && stat(source, &st) == 0 &&
		word_at(bytes, TIME_AT) == (uint32_t)st.st_mtime) {
		for (unsigned int i = 0; i < 4; i++) {
			bytes[TIME_AT + i] =
				(uint8_t)(CBX_USTAR_TIME >> (8 * i));
		}
	}
	free(source);
}
