/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own evidence.  The input is a token; and it is claims, which get an
 * envelope whose signature is none, so that all of the claims is read and then
 * refused.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include <confbox/client.h>
#include <trust/cbor.h>
#include <trust/labels.h>

#define ENVELOPE 128u

static void check(struct cbx_verdict *verdict, enum cbx_refusal reason)
{
	struct cbx_client *client;
	char *json;

	FUZZ_ASSERT(reason != CBX_ACCEPTED && reason != CBX_REFUSED_INTERNAL);
	FUZZ_ASSERT(reason == cbx_verdict_reason(verdict));
	FUZZ_ASSERT(cbx_verdict_detail(verdict)[0] != '\0');
	FUZZ_ASSERT(cbx_client_start(verdict, &client) == CBX_CLIENT_E_VERDICT);
	json = cbx_verdict_json(verdict);
	FUZZ_ASSERT(json != NULL);
	free(json);
}

/* The claims in an envelope. */
static struct cbx_span wrap(struct cbx_span claims)
{
	static const uint8_t header[] = { 0xa1, 0x01, 0x38, 0x22 };
	static const uint8_t signature[CBX_ES384_BYTES];
	static uint8_t room[CBX_EVIDENCE_BYTES_MAX];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };

	cbx_cbor_put_tag(&writer, CBX_COSE_TAG_SIGN1);
	cbx_cbor_put_array(&writer, 4);
	cbx_cbor_put_bytes(&writer, header, sizeof(header));
	cbx_cbor_put_map(&writer, 0);
	cbx_cbor_put_bytes(&writer, claims.bytes, claims.size);
	cbx_cbor_put_bytes(&writer, signature, sizeof(signature));
	return cbx_cbor_written(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.flags = CBX_APPRAISE_NO_HARDWARE | CBX_APPRAISE_DEBUG,
	};
	struct cbx_span bytes = { input, size };
	struct cbx_verdict *verdict;

	if (size > CBX_EVIDENCE_BYTES_MAX - ENVELOPE) {
		return 0;
	}
	verdict = cbx_verdict_create();
	/* Whole evidence is genuine as it is in the corpus. */
	if (cbx_verify_box(verdict, bytes, NULL, &appraisal) != CBX_ACCEPTED) {
		check(verdict, cbx_verdict_reason(verdict));
	}
	bytes = wrap(bytes);
	check(verdict, cbx_verify_box(verdict, bytes, NULL, &appraisal));
	check(verdict, cbx_verify_monitor(verdict, bytes, NULL, &appraisal));
	cbx_verdict_destroy(verdict);
	return 0;
}
