/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/verify_print.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tools/say.h>
#include <tools/verify_line.h>

#define NAME_WIDTH 32

static void print_bytes(struct cbx_span span)
{
	if (span.size == 0) {
		(void)printf("(none)");
	}
	for (size_t i = 0; i < span.size; i++) {
		(void)printf("%02x", span.bytes[i]);
	}
	(void)printf("\n");
}

static void print_claim(const struct cbx_claim *claim)
{
	const struct cbx_value *value = &claim->value;

	(void)printf("  %-*s  ", NAME_WIDTH, claim->name);
	switch (value->kind) {
	case CBX_VALUE_BYTES:
		print_bytes(value->span);
		break;
	case CBX_VALUE_TEXT:
		(void)printf("%.*s\n", (int)value->span.size,
			(const char *)value->span.bytes);
		break;
	case CBX_VALUE_FLAG:
		(void)printf("%s\n", value->number != 0 ? "yes" : "no");
		break;
	case CBX_VALUE_NUMBER:
	default:
		(void)printf("%" PRIu64 "\n", value->number);
		break;
	}
}

void cbx_verify_print(const struct cbx_verdict *verdict, const char *title,
	const struct cbx_appraisal *appraisal)
{
	time_t now = (time_t)appraisal->now;
	struct tm parts;
	char when[32] = "another time";

	if (gmtime_r(&now, &parts) != NULL) {
		(void)strftime(
			when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
	}
	(void)printf("accepted: %s, as of %s\n", title, when);
	if (appraisal->nonce.size == 0) {
		(void)printf("note: no --nonce was given: this may be old "
			     "evidence, played again\n");
	}
	for (size_t i = 0; i < cbx_verdict_claim_count(verdict); i++) {
		print_claim(cbx_verdict_claim_at(verdict, i));
	}
}

void cbx_verify_print_refused(const struct cbx_verdict *verdict)
{
	enum cbx_refusal reason = cbx_verdict_reason(verdict);
	const char *detail = cbx_verdict_detail(verdict);

	(void)fprintf(stderr, "refused: %s: %s\n", cbx_refusal_word(reason),
		detail[0] != '\0' ? detail : cbx_refusal_text(reason));
}

int cbx_verify_print_json(const struct cbx_verdict *verdict)
{
	char *text = cbx_verdict_json(verdict);

	if (text == NULL) {
		cbx_say("--json: out of memory; free memory");
		return CBX_VERIFY_UNREAD;
	}
	(void)printf("%s\n", text);
	free(text);
	return cbx_say_flush() == 0 ? 0 : CBX_VERIFY_UNREAD;
}
