/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/verdict.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trust/turn.h>
#include <verify/span.h>

const char *cbx_refusal_word(enum cbx_refusal refusal)
{
	switch (refusal) {
#define X(number, NAME, word, text) \
	case CBX_REFUSED_##NAME:    \
		return word;
#include <confbox/refusal.def>
#undef X
	default:
		return "unknown";
	}
}

const char *cbx_refusal_text(enum cbx_refusal refusal)
{
	switch (refusal) {
#define X(number, NAME, word, text) \
	case CBX_REFUSED_##NAME:    \
		return text;
#include <confbox/refusal.def>
#undef X
	default:
		return "no such reason";
	}
}

struct cbx_verdict *cbx_verdict_create(void)
{
	struct cbx_verdict *verdict = NULL;

	if (cbx_psa_start()) {
		verdict = calloc(1, sizeof(*verdict));
	}
	if (verdict != NULL) {
		verdict->reason = CBX_REFUSED_INTERNAL;
	}
	return verdict;
}

static void forget(struct cbx_verdict *verdict)
{
	for (size_t i = 0; i < verdict->claim_count; i++) {
		free(verdict->blocks[i]);
	}
	*verdict = (struct cbx_verdict){ .reason = CBX_REFUSED_INTERNAL };
}

void cbx_verdict_destroy(struct cbx_verdict *verdict)
{
	if (verdict != NULL) {
		forget(verdict);
		free(verdict);
	}
}

enum cbx_refusal cbx_verdict_reason(const struct cbx_verdict *verdict)
{
	return verdict->reason;
}

const char *cbx_verdict_detail(const struct cbx_verdict *verdict)
{
	return verdict->detail;
}

enum cbx_refusal cbx_refuse(struct cbx_verdict *verdict,
	enum cbx_refusal reason, const char *format, ...)
{
	va_list arguments;

	verdict->reason = reason;
	va_start(arguments, format);
	(void)vsnprintf(
		verdict->detail, sizeof(verdict->detail), format, arguments);
	va_end(arguments);
	return reason;
}

static bool requirement_valid(const struct cbx_requirement *requirement)
{
	if (requirement->claim == NULL || requirement->values == NULL) {
		return false;
	}
	switch (requirement->kind) {
	case CBX_REQUIRE_ONE_OF:
		return requirement->count != 0;
	case CBX_REQUIRE_AT_LEAST:
		return requirement->count == 1 &&
		       requirement->values[0].kind == CBX_VALUE_NUMBER;
	default:
		return false;
	}
}

enum cbx_refusal cbx_verdict_begin(struct cbx_verdict *verdict,
	const char *kind, const struct cbx_appraisal *appraisal)
{
	const uint32_t known = CBX_APPRAISE_DEBUG | CBX_APPRAISE_NO_HARDWARE |
			       CBX_APPRAISE_COLLATERAL | CBX_APPRAISE_PRISTINE;

	forget(verdict);
	(void)snprintf(verdict->kind, sizeof(verdict->kind), "%s", kind);
	if (appraisal == NULL || appraisal->size != sizeof(*appraisal) ||
		appraisal->reserved != 0 || (appraisal->flags & ~known) != 0) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
			"the appraisal is of another version");
	}
	verdict->now = appraisal->now;
	if (appraisal->nonce.size != 0 &&
		appraisal->nonce.size <= sizeof(verdict->nonce)) {
		memcpy(verdict->nonce, appraisal->nonce.bytes,
			appraisal->nonce.size);
		verdict->nonce_size = appraisal->nonce.size;
	}
	for (size_t i = 0; i < appraisal->requirement_count; i++) {
		if (!requirement_valid(&appraisal->requirements[i])) {
			return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
				"requirement %zu makes no sense", i);
		}
	}
	return CBX_ACCEPTED;
}

bool cbx_appraisal_has(const struct cbx_appraisal *appraisal, uint32_t flag)
{
	return (appraisal->flags & flag) != 0;
}

bool cbx_nonce_matches(
	const struct cbx_appraisal *appraisal, struct cbx_span field)
{
	struct cbx_span nonce = appraisal->nonce;

	if (nonce.size == 0) {
		return true;
	}
	return nonce.size <= field.size &&
	       memcmp(nonce.bytes, field.bytes, nonce.size) == 0 &&
	       cbx_span_is_zero((struct cbx_span){
		       field.bytes + nonce.size, field.size - nonce.size });
}

static bool value_equal(const struct cbx_value *a, const struct cbx_value *b)
{
	if (a->kind != b->kind) {
		return false;
	}
	return a->kind == CBX_VALUE_NUMBER || a->kind == CBX_VALUE_FLAG
		       ? a->number == b->number
		       : cbx_span_equal(a->span, b->span);
}

static bool meets(const struct cbx_value *value,
	const struct cbx_requirement *requirement)
{
	if (requirement->kind == CBX_REQUIRE_AT_LEAST) {
		return value->kind == CBX_VALUE_NUMBER &&
		       value->number >= requirement->values[0].number;
	}
	for (size_t i = 0; i < requirement->count; i++) {
		if (value_equal(value, &requirement->values[i])) {
			return true;
		}
	}
	return false;
}

enum cbx_refusal cbx_verdict_appraise(
	struct cbx_verdict *verdict, const struct cbx_appraisal *appraisal)
{
	if (verdict->no_room) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
			"no room for all claims");
	}
	for (size_t i = 0; i < appraisal->requirement_count; i++) {
		const struct cbx_requirement *wanted =
			&appraisal->requirements[i];
		const struct cbx_claim *claim =
			cbx_verdict_claim(verdict, wanted->claim);

		if (claim == NULL) {
			return cbx_refuse(verdict, CBX_REFUSED_REQUIREMENT,
				"%.96s: the evidence does not say",
				wanted->claim);
		}
		if (!meets(&claim->value, wanted)) {
			return cbx_refuse(verdict, CBX_REFUSED_REQUIREMENT,
				"%.96s: not an accepted value", wanted->claim);
		}
	}
	verdict->reason = CBX_ACCEPTED;
	verdict->detail[0] = '\0';
	return CBX_ACCEPTED;
}
