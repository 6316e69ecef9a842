/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies behind signatures in a verification of a TD quote, as if they were
 * right: one byte that says which, then an event log (0), an answer of Intel's
 * service (1), the extension of a PCK certificate (2).
 */
#include "fuzz.h"

#include <string.h>

#include <verify/ccel.h>
#include <verify/pck.h>
#include <verify/pcs.h>
#include <verify/span.h>
#include <verify/tdx.h>

/* A quote and a platform that are as far as the levels of the seeds. */
struct platform {
	uint8_t report[CBX_TD_SIZE_1_5];
	uint8_t qe_report[CBX_QE_SIZE];
	struct cbx_tdx_quote quote;
	struct cbx_pck pck;
};

static void make_platform(struct platform *platform, uint8_t variant)
{
	static const uint8_t signer[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94,
		0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
		0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40,
		0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };

	*platform = (struct platform){
		.quote = { .version = 5, .is_1_5 = true },
		.pck = { .components = { 5, 5, 2, 2, 4, 1, 0, 5 },
			.pcesvn = 13 },
	};
	memset(platform->report, 0, sizeof(platform->report));
	memcpy(platform->report, (const uint8_t[]){ 4, variant & 3, 5 }, 3);
	memcpy(platform->report + CBX_TD_TCB_SVN2,
		(const uint8_t[]){ 6, variant >> 2 & 3, 5 }, 3);
	platform->qe_report[CBX_QE_ATTRIBUTES] = 0x11;
	memcpy(platform->qe_report + CBX_QE_MRSIGNER, signer, sizeof(signer));
	platform->qe_report[CBX_QE_ISVPRODID] = 2;
	platform->qe_report[CBX_QE_ISVSVN] = 4;
	platform->quote.report =
		(struct cbx_span){ platform->report, sizeof(platform->report) };
	platform->quote.qe_report = (struct cbx_span){ platform->qe_report,
		sizeof(platform->qe_report) };
}

static void run_log(struct cbx_verdict *verdict, struct cbx_span log)
{
	struct cbx_ccel ccel;
	enum cbx_refusal refusal = cbx_ccel_replay(verdict, log, &ccel);
	size_t events = 0;

	FUZZ_ASSERT(
		refusal == CBX_ACCEPTED || refusal == CBX_REFUSED_EVENT_LOG);
	if (refusal != CBX_ACCEPTED) {
		return;
	}
	for (size_t i = 0; i < CBX_CCEL_REGISTERS; i++) {
		events += ccel.events[i];
		FUZZ_ASSERT((ccel.events[i] == 0) ==
			    cbx_span_is_zero((struct cbx_span){
				    ccel.registers[i], CBX_CCEL_DIGEST }));
	}
	FUZZ_ASSERT(events <= log.size / (12 + 2 + CBX_CCEL_DIGEST + 4));
}

static void run_levels(struct cbx_verdict *verdict,
	const struct cbx_pcs_answer *answer, uint8_t variant)
{
	struct platform platform;
	struct cbx_tdx_tcb tcb = { 0 };
	bool tcb_info = answer->kind == CBX_PCS_TCB_INFO;
	enum cbx_refusal refusal;

	make_platform(&platform, variant);
	refusal = tcb_info ? cbx_tdx_tcb_platform(verdict, answer->object,
				     &platform.quote, &platform.pck, &tcb)
			   : cbx_tdx_tcb_qe(verdict, answer->object,
				     &platform.quote, &tcb);
	if (refusal == CBX_ACCEPTED) {
		FUZZ_ASSERT(tcb_info ? tcb.platform.status != CBX_TCB_NONE
				     : tcb.qe.status != CBX_TCB_NONE);
		refusal = cbx_tdx_tcb_converge(verdict,
			tcb_info ? answer->object : NULL, &platform.quote,
			&tcb);
	}
	if (refusal == CBX_ACCEPTED) {
		FUZZ_ASSERT(tcb.status != CBX_TCB_NONE &&
			    tcb.status < CBX_TCB_STATUSES);
	}
	cbx_tdx_claim_tcb(verdict, &tcb);
}

/* The signed text is a part of the file, and reads again as the same. */
static void check_text(
	const struct cbx_pcs_answer *answer, struct cbx_span file)
{
	json_t *again;

	FUZZ_ASSERT(answer->text.bytes > file.bytes);
	FUZZ_ASSERT(answer->text.bytes + answer->text.size <
		    file.bytes + file.size);
	FUZZ_ASSERT(answer->text.bytes[0] == '{');
	FUZZ_ASSERT(answer->text.bytes[answer->text.size - 1] == '}');
	again = json_loadb((const char *)answer->text.bytes, answer->text.size,
		JSON_REJECT_DUPLICATES, NULL);
	FUZZ_ASSERT(again != NULL && json_equal(again, answer->object));
	json_decref(again);
}

static void run_answer(struct cbx_verdict *verdict, struct cbx_span file)
{
	struct cbx_pcs_answer answer;

	if (cbx_pcs_read(verdict, file, &answer) != CBX_ACCEPTED) {
		FUZZ_ASSERT(verdict->reason == CBX_REFUSED_COLLATERAL);
		return;
	}
	check_text(&answer, file);
	(void)cbx_pcs_check_time(verdict, &answer, 1770681600);
	for (uint8_t variant = 0; variant < 16; variant += 5) {
		run_levels(verdict, &answer, variant);
	}
	cbx_pcs_forget(&answer);
}

/* The bytes as the one extension of a certificate that nobody parsed. */
static void run_extension(struct cbx_verdict *verdict, struct cbx_span value)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf8,
		0x4d, 0x01, 0x0d, 0x01 };
	uint8_t extensions[4096];
	size_t inner = sizeof(oid) + 4 + value.size;
	mbedtls_x509_crt certificate = { 0 };
	struct cbx_pck pck;

	if (value.size > sizeof(extensions) - 64) {
		return;
	}
	const uint8_t heads[] = { 0x30, 0x82, (uint8_t)((inner + 4) >> 8),
		(uint8_t)(inner + 4), 0x30, 0x82, (uint8_t)(inner >> 8),
		(uint8_t)inner };
	const uint8_t octets[] = { 0x04, 0x82, (uint8_t)(value.size >> 8),
		(uint8_t)value.size };

	memcpy(extensions, heads, sizeof(heads));
	memcpy(extensions + 8, oid, sizeof(oid));
	memcpy(extensions + 8 + sizeof(oid), octets, sizeof(octets));
	if (value.size != 0) {
		memcpy(extensions + 12 + sizeof(oid), value.bytes, value.size);
	}
	certificate.v3_ext.p = extensions;
	certificate.v3_ext.len = inner + 8;
	if (cbx_pck_read(verdict, &certificate, &pck) == CBX_ACCEPTED) {
		FUZZ_ASSERT(pck.fmspc.size == 6 && pck.pceid.size == 2);
		FUZZ_ASSERT(pck.cpusvn.size == 16 && pck.ppid.size == 16);
		cbx_pck_claim(verdict, &pck);
	} else {
		FUZZ_ASSERT(verdict->reason == CBX_REFUSED_CERTIFICATE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_verdict *verdict;
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal) };
	struct cbx_span rest;

	if (size == 0) {
		return 0;
	}
	rest = (struct cbx_span){ input + 1, size - 1 };
	verdict = cbx_verdict_create();
	FUZZ_ASSERT(verdict != NULL);
	FUZZ_ASSERT(
		cbx_verdict_begin(verdict, "tdx", &appraisal) == CBX_ACCEPTED);
	if (input[0] % 3 == 0) {
		run_log(verdict, rest);
	} else if (input[0] % 3 == 1) {
		run_answer(verdict, rest);
	} else {
		run_extension(verdict, rest);
	}
	cbx_verdict_destroy(verdict);
	return 0;
}
