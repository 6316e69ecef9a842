/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's request: any desk, any amount of data, any operation.
 *
 * Input: struct cbx_desk, then the data.  What must hold: the status is one
 * the contract names, a refusal leaves the desk as it was, and success changes
 * only what its operation says.  The sanitizer watches the reads.
 */
#include "fuzz.h"

#include <keeper/serve.h>

#include <stdlib.h>
#include <string.h>

/* Fields that an operation may change. */
#define DIGEST	1u
#define SIZE	2u
#define KEY	4u
#define SESSION 8u
#define COUNT	16u
#define MONITOR 32u
#define SIGNER	64u

static uint32_t changes(uint64_t op)
{
	switch (op) {
	case CBX_DESK_EXTEND:
		return DIGEST;
	case CBX_DESK_SIGNER:
		return SIGNER;
	case CBX_DESK_REPORT_DATA:
		return KEY;
	case CBX_DESK_EVIDENCE:
		return SIZE;
	case CBX_DESK_OPEN:
		return DIGEST | SIZE | SESSION | COUNT;
	case CBX_DESK_SEAL:
		return SESSION;
	case CBX_DESK_SEAL_KEY:
		return KEY | MONITOR;
	case CBX_DESK_ROOT:
	case CBX_DESK_REPORT:
	case CBX_DESK_REPORT_CHECK:
		return 0;
	default:
		return UINT32_MAX; /* none: it cannot have succeeded */
	}
}

/* What may have changed, made what it was. */
static void undo(
	uint32_t what, const struct cbx_desk *before, struct cbx_desk *after)
{
	if ((what & DIGEST) != 0) {
		memcpy(after->digest, before->digest, sizeof(after->digest));
	}
	if ((what & KEY) != 0) {
		memcpy(after->key, before->key, sizeof(after->key));
	}
	if ((what & SIGNER) != 0) {
		after->box.signer = before->box.signer;
	}
	if ((what & SESSION) != 0) {
		after->session = before->session;
	}
	after->size = (what & SIZE) != 0 ? before->size : after->size;
	after->count = (what & COUNT) != 0 ? before->count : after->count;
	if ((what & MONITOR) != 0) {
		after->monitor.root = before->monitor.root;
	}
}

static void check_answer(enum cbx_status status, const struct cbx_desk *before,
	struct cbx_desk *after)
{
	FUZZ_ASSERT(status == CBX_OK || status == CBX_E_INVALID ||
		    status == CBX_E_DENIED || status == CBX_E_STATE ||
		    status == CBX_E_UNSUPPORTED || status == CBX_E_HARDWARE);
	if (status == CBX_OK) {
		FUZZ_ASSERT(changes(before->op) != UINT32_MAX);
		undo(changes(before->op), before, after);
	}
	FUZZ_ASSERT(memcmp(before, after, sizeof(*after)) == 0);
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
