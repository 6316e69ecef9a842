/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program, as the client looks at it before it packs it, and as it lays the
 * runtime's segments out.
 */
#include "fuzz.h"

#include <base/types.h>
#include <client/elf_file.h>
#include <client/elf_needs.h>

static volatile uint8_t sink;

static void check_image(const struct cbx_image *image)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct cbx_segment *segment = &image->segment[i];
		const struct cbx_va va = { segment->va };

		FUZZ_ASSERT(segment->va >= end);
		FUZZ_ASSERT(cbx_va_range_valid(va, segment->page_count));
		FUZZ_ASSERT(cbx_pages_of(segment->byte_count) <=
			    segment->page_count);
		for (uint64_t j = 0; j < segment->byte_count; j++) {
			sink = segment->bytes[j];
		}
		end = segment->va + segment->page_count * CBX_PAGE_SIZE;
	}
}

static void touch(const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		sink = (uint8_t)*text;
	}
}

static void check_needs(const uint8_t *input, size_t size)
{
	struct cbx_elf_needs needs;

	if (!cbx_elf_needs_read(input, size, &needs)) {
		return;
	}
	touch(needs.interpreter);
	touch(needs.rpath);
	touch(needs.runpath);
	FUZZ_ASSERT(needs.library_count <= CBX_ELF_LIBRARIES_MAX);
	for (size_t i = 0; i < needs.library_count; i++) {
		FUZZ_ASSERT(needs.library[i][0] != '\0');
		touch(needs.library[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_image *image = cbx_image_new();
	uint64_t entry;

	FUZZ_ASSERT(image != NULL);
	if (cbx_elf_check("input", input, size) == CBX_OK) {
		(void)cbx_elf_append(image, input, size, &entry);
		check_image(image);
	}
	cbx_image_destroy(image);
	check_needs(input, size);
	return 0;
}
