/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's ELF headers: any file, of which any part is at hand.  The first
 * two bytes of the input say how much of the rest that is.
 */
#include "fuzz.h"

#include <string.h>

#include <runtime/elf.h>

#define LIMIT 0x500000000000ull

static void check_segment(const struct cbx_elf *elf, uint64_t i, uint64_t bytes)
{
	const struct cbx_elf_segment *segment = &elf->segment[i];

	FUZZ_ASSERT(segment->memory_bytes >= 1);
	FUZZ_ASSERT(segment->file_bytes <= segment->memory_bytes);
	FUZZ_ASSERT(
		cbx_range_fits(segment->offset, segment->file_bytes, bytes));
	FUZZ_ASSERT(cbx_range_fits(segment->va, segment->memory_bytes, LIMIT));
	FUZZ_ASSERT(segment->va >= elf->low);
	FUZZ_ASSERT(segment->va + segment->memory_bytes <= elf->high);
	if (i != 0) {
		const struct cbx_elf_segment *last = &elf->segment[i - 1];

		FUZZ_ASSERT(segment->va >= last->va + last->memory_bytes);
	}
}

static void check_elf(const struct cbx_elf *elf, uint64_t bytes)
{
	FUZZ_ASSERT(elf->count >= 1 && elf->count <= CBX_ELF_SEGMENTS_MAX);
	FUZZ_ASSERT(elf->low % CBX_PAGE_SIZE == 0);
	FUZZ_ASSERT(elf->high % CBX_PAGE_SIZE == 0);
	FUZZ_ASSERT(elf->entry >= elf->low && elf->entry < elf->high);
	for (uint64_t i = 0; i < elf->count; i++) {
		check_segment(elf, i, bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	uint64_t head;
	struct cbx_elf elf;
	enum cbx_elf_status status;

	if (size < 2) {
		return 0;
	}
	head = (uint64_t)input[0] | (uint64_t)input[1] << 8;
	input += 2;
	size -= 2;
	head = head < size ? head : size;
	status = cbx_elf_read(input, head, size, LIMIT, &elf);
	FUZZ_ASSERT(cbx_elf_text(status) != NULL);
	if (status == CBX_ELF_OK) {
		check_elf(&elf, size);
		FUZZ_ASSERT(memchr(elf.interpreter, 0,
				    sizeof(elf.interpreter)) != NULL);
	}
	return 0;
}
