/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's archive: any bytes.  Members lie within them, reading moves
 * forward by whole blocks (the last one's padding may be missing), and names
 * end.
 */
#include "fuzz.h"

#include <string.h>

#include <runtime/tar.h>

static volatile uint8_t sink;

static void check_entry(
	const struct cbx_tar_entry *entry, const uint8_t *input, size_t size)
{
	bool file = entry->kind == CBX_TAR_FILE;
	bool link = entry->kind == CBX_TAR_SYMLINK ||
		    entry->kind == CBX_TAR_HARDLINK;
	uint8_t sum = 0;

	FUZZ_ASSERT(memchr(entry->path, 0, sizeof(entry->path)) != NULL);
	FUZZ_ASSERT(entry->path[0] != '\0');
	if (link) {
		FUZZ_ASSERT(
			memchr(entry->link, 0, sizeof(entry->link)) != NULL);
		FUZZ_ASSERT(entry->link[0] != '\0');
	}
	if (file && entry->size != 0) {
		FUZZ_ASSERT(entry->bytes >= input);
		FUZZ_ASSERT(
			entry->size <= size - (size_t)(entry->bytes - input));
		for (uint64_t i = 0; i < entry->size; i++) {
			sum = (uint8_t)(sum + entry->bytes[i]);
		}
	}
	sink = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_tar_entry entry;
	uint64_t offset = 0;
	uint64_t before = 0;

	while (cbx_tar_read(input, size, &offset, &entry) == CBX_TAR_NEXT) {
		FUZZ_ASSERT(offset > before);
		FUZZ_ASSERT(offset % 512 == 0 || offset == size);
		check_entry(&entry, input, size);
		before = offset;
	}
	FUZZ_ASSERT(offset == before);
	return 0;
}
