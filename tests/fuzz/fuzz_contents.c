/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of a box's files: any bytes.  Of a member that is valid, its name
 * ends, its parent comes before it, and what it says to have lies in the
 * archive or the list.
 */
#include "fuzz.h"

#include <string.h>

#include <runtime/contents.h>

static void check_text(const struct cbx_list *list, const uint8_t *input,
	size_t size, uint64_t offset, uint64_t bytes)
{
	const char *text = list->string + offset;

	FUZZ_ASSERT((const uint8_t *)text >= input);
	FUZZ_ASSERT((const uint8_t *)text + bytes < input + size);
	FUZZ_ASSERT(strlen(text) == bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const uint64_t archive = 100000;
	struct cbx_list list;

	if (!cbx_contents_open(input, size, &list)) {
		return 0;
	}
	for (uint64_t i = 0; i < list.head->members; i++) {
		const struct cbx_member *member = &list.member[i];

		if (!cbx_contents_valid(&list, i, archive)) {
			continue;
		}
		FUZZ_ASSERT(member->parent <= i);
		check_text(
			&list, input, size, member->name, member->name_bytes);
		if ((member->mode & CBX_MEMBER_TYPE) == CBX_MEMBER_FILE) {
			FUZZ_ASSERT(member->offset + member->size <= archive);
		}
		if ((member->mode & CBX_MEMBER_TYPE) == CBX_MEMBER_LINK) {
			check_text(&list, input, size, member->offset,
				member->size);
		}
	}
	return 0;
}
