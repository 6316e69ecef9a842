/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's request: any desk, any amount of data.
 *
 * Input: struct cbx_desk, then the data.  What must hold: the status is one
 * the contract names, a refusal changes nothing, and success changes only the
 * digest.  The sanitizer watches the reads.
 */
#include "fuzz.h"

#include <keeper/serve.h>

#include <stdlib.h>
#include <string.h>

static void check_answer(enum cbx_status status, const struct cbx_desk *before,
	const struct cbx_desk *after)
{
	FUZZ_ASSERT(status == CBX_OK || status == CBX_E_INVALID ||
		    status == CBX_E_UNSUPPORTED);
	if (status == CBX_OK) {
		FUZZ_ASSERT(before->op == CBX_DESK_EXTEND);
		FUZZ_ASSERT(before->count >= 1);
		FUZZ_ASSERT(before->count <= CBX_RANGE_PAGES_MAX);
		FUZZ_ASSERT(memcmp(before, after,
				    offsetof(struct cbx_desk, digest)) == 0);
		FUZZ_ASSERT(memcmp(before->digest, after->digest,
				    sizeof(after->digest)) != 0);
	} else {
		FUZZ_ASSERT(memcmp(before, after, sizeof(*after)) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_desk before = { 0 };
	size_t head = size < sizeof(before) ? size : sizeof(before);

	if (size != 0) {
		memcpy(&before, input, head);
	}

	struct cbx_desk after = before;
	size_t data_bytes = size - head;
	uint8_t *data = data_bytes == 0 ? NULL : malloc(data_bytes);

	FUZZ_ASSERT(data != NULL || data_bytes == 0);
	if (data != NULL) {
		memcpy(data, input + head, data_bytes);
	}
	check_answer(
		cbx_keeper_serve(&after, data, data_bytes), &before, &after);
	free(data);
	return 0;
}
