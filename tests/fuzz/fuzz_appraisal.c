/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An appraisal policy is read, or refused with a line; it never does anything
 * to the machine, and what is read can be used.
 */
#include "fuzz.h"

#include <string.h>

#include <confbox/verify.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char message[256];
	struct cbx_appraisal *appraisal = cbx_appraisal_read(
		(struct cbx_span){ input, size }, message, sizeof(message));

	if (appraisal == NULL) {
		FUZZ_ASSERT(message[0] >= '1' && message[0] <= '9');
		FUZZ_ASSERT(strlen(message) < sizeof(message));
		return 0;
	}
	FUZZ_ASSERT(message[0] == '\0');
	for (size_t i = 0; i < appraisal->requirement_count; i++) {
		const struct cbx_requirement *wanted =
			&appraisal->requirements[i];

		FUZZ_ASSERT(wanted->claim[0] != '\0');
		FUZZ_ASSERT(wanted->count != 0);
		FUZZ_ASSERT(wanted->values[wanted->count - 1].kind != 0);
	}
	cbx_appraisal_destroy(appraisal);
	return 0;
}
