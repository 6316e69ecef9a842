/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine quotes and collateral.
 */
#include "tdx_samples.h"

#define QUOTE_V4   "tdx/v4-spr-e4/quote.bin"
#define QUOTE_V5   "tdx/v5-google/quote.bin"
#define QUOTE_CCEL "tdx/ccel-cos113/quote.bin"
#define GOOGLE	   "tdx/collateral-google/"

static void every_sample_gets_its_verdict(void **state)
{
	static const struct {
		const char *file;
		size_t size; /* 0: all of it */
		const char *now;
		enum cbx_refusal expected;
	} rows[] = {
		{ QUOTE_V4, SPR_SIZE, "2026-02-10T00:00:00Z", CBX_ACCEPTED },
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", CBX_ACCEPTED },
		{ QUOTE_CCEL, 0, "2026-02-10T00:00:00Z", CBX_ACCEPTED },
		{ QUOTE_CCEL, SPR_SIZE, "2026-02-10T00:00:00Z", CBX_ACCEPTED },
		/* "extra bytes(only for testing purpose)" */
		{ QUOTE_V4, 0, "2026-02-10T00:00:00Z", CBX_ACCEPTED },
		{ "tdx/neg-sgx-v3/quote.bin", 0, "2025-06-25T00:00:00Z",
			CBX_REFUSED_WRONG_TYPE },
		{ "tdx/tdreport/tdreport.bin", 0, "2025-06-25T00:00:00Z",
			CBX_REFUSED_WRONG_TYPE },
		/* From the first to the last second of the PCK certificate. */
		{ QUOTE_V4, SPR_SIZE, "2022-09-20T13:20:30Z",
			CBX_REFUSED_EXPIRED },
		{ QUOTE_V4, SPR_SIZE, "2022-09-20T13:20:31Z", CBX_ACCEPTED },
		{ QUOTE_V4, SPR_SIZE, "2029-09-20T13:20:31Z", CBX_ACCEPTED },
		{ QUOTE_V4, SPR_SIZE, "2029-09-20T13:20:32Z",
			CBX_REFUSED_EXPIRED },
		{ QUOTE_V5, 0, "2026-01-27T14:36:26Z", CBX_REFUSED_EXPIRED },
		{ QUOTE_V5, 0, "2033-01-27T14:36:28Z", CBX_REFUSED_EXPIRED },
		{ QUOTE_CCEL, 0, "2024-07-02T12:07:36Z", CBX_REFUSED_EXPIRED },
		{ QUOTE_CCEL, 0, "2031-07-02T12:07:38Z", CBX_REFUSED_EXPIRED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cbx_appraisal appraisal =
			tdx_appraisal(rows[i].now);
		struct cbx_span quote = evidence_load(rows[i].file);
		struct cbx_span part = quote;

		part.size = rows[i].size == 0 ? quote.size : rows[i].size;
		tdx_assert_reason(*state,
			cbx_verify_tdx(*state, part, NULL, &appraisal),
			rows[i].expected, rows[i].file);
		evidence_free(quote);
	}
}

/* A claim as it would be printed. */
static void assert_claim(const struct cbx_verdict *verdict, const char *name,
	const char *expected)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);
	char text[256] = "absent";

	for (size_t i = 0; claim != NULL && i < claim->value.span.size; i++) {
		(void)snprintf(
			text + 2 * i, 3, "%02x", claim->value.span.bytes[i]);
	}
	if (claim != NULL && claim->value.kind == CBX_VALUE_TEXT) {
		(void)snprintf(text, sizeof(text), "%s",
			(const char *)claim->value.span.bytes);
	}
	if (claim != NULL && (claim->value.kind == CBX_VALUE_NUMBER ||
				     claim->value.kind == CBX_VALUE_FLAG)) {
		(void)snprintf(text, sizeof(text), "%#llx",
			(unsigned long long)claim->value.number);
	}
	if (strcmp(text, expected) != 0) {
		print_error("%s\n", name);
	}
	assert_string_equal(text, expected);
}

/* What the samples say. */
static const struct sample {
	const char *file;
	size_t size; /* 0: all of it */
} v4 = { QUOTE_V4, SPR_SIZE }, v5 = { QUOTE_V5, 0 }, ccel = { QUOTE_CCEL, 0 };

static const struct {
	const struct sample *sample;
	const char *claim; /* without "tdx." */
	const char *value;
} said[] = {
	{ &v4, "quote-version", "0x4" },
	{ &v4, "report-version", "1.0" },
	{ &v4, "user-data", "739c3f292a15bace1f726351a70d4b7900000000" },
	{ &v4, "tee-tcb-svn", "03000400000000000000000000000000" },
	{ &v4, "mrseam",
		"2fd279c16164a93dd5bf373d834328d46008c2b693af9ebb"
		"865b08b2ced320c9a89b4869a9fab60fbe9d0c5a5363c656" },
	{ &v4, "mrtd",
		"6363b8043668a3ad953278e10389574d326c6749fb78aa81"
		"0ecd9336923db86f22fc00b8dcd404bc10d5e119d7215cbb" },
	{ &v4, "rtmr0",
		"2927da70461cd63266f43230cc1849c03ef25ebe490062a8"
		"01d8fcc80af42976823adf08f833c1e50b51779c6593f32a" },
	{ &v4, "rtmr1",
		"2c700b8ba9b85783f8be9fb9443647bdc0bb3c50747f0629"
		"7cc6538c25a5f589c4b56d035c59107c6bc5800db2cacb61" },
	{ &v4, "rtmr2",
		"8652f0caaba7e215ea442dc36a4499d8fec3362f3a0b2ca1"
		"51cbe4b3e6466fe59c7368b3c2287fc7c3bf5c924eb4424e" },
	{ &v4, "report-data",
		"6c62dec1b8191749a31dab490be532a35944dea47caef1f9"
		"80863993d9899545eb7406a38d1eed313b987a467dacead6"
		"f0c87a6d766c66f6f29f8acb281f1113" },
	{ &v4, "attributes", "0x40000000" },
	{ &v4, "attributes.pks", "0x1" },
	{ &v4, "attributes.debug", "0" },
	{ &v4, "attributes.sept-ve-disable", "0" },
	{ &v4, "xfam", "0x61ae7" },
	{ &v4, "seam-attributes", "0" },
	{ &v4, "qe.mrsigner",
		"dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf"
		"6340c82e0e54a8c5" },
	{ &v4, "qe.isvprodid", "0x2" },
	{ &v4, "qe.isvsvn", "0x4" },
	{ &v4, "pck.fmspc", "50806f000000" },
	{ &v4, "pck.pceid", "0000" },
	{ &v4, "pck.pcesvn", "0xb" },
	{ &v4, "pck.ppid", "089ddfdb9c0359c82a3bc7719239574e" },
	{ &v4, "pck.components", "03030202020100020000000000000000" },
	{ &v4, "pck.cpusvn", "03030202020100020000000000000000" },
	{ &v4, "pck.sgx-type", "0x1" },
	{ &v4, "pck.instance", "8c314d17d205dfafcbecbb00fc87eff7" },
	{ &v4, "pck.dynamic-platform", "0x1" },
	{ &v4, "pck.cached-keys", "0" },
	{ &v4, "pck.smt", "0x1" },
	{ &v4, "tee-tcb-svn2", "absent" },
	{ &v4, "mrservicetd", "absent" },
	{ &v4, "collateral.tcb-info", "0" },
	{ &v4, "collateral.qe-identity", "0" },
	{ &v4, "collateral.revocation", "0" },
	{ &v4, "tcb-status", "absent" },
	{ &v5, "quote-version", "0x5" },
	{ &v5, "report-version", "1.5" },
	{ &v5, "user-data", "ba103c0e5dffa40351f9d5dd559888eb00000000" },
	{ &v5, "tee-tcb-svn", "0b010400000000000000000000000000" },
	{ &v5, "mrseam",
		"7bf063280e94fb051f5dd7b1fc59ce9aac42bb961df8d44b"
		"709c9b0ff87a7b4df648657ba6d1189589feab1d5a3c9a9d" },
	{ &v5, "attributes", "0x10000000" },
	{ &v5, "attributes.sept-ve-disable", "0x1" },
	{ &v5, "xfam", "0x602e7" },
	{ &v5, "mrtd",
		"7348651a34b2d2d3462822e3a750ec6110125f36757c7848"
		"0bbfc69cc0d21fb001a1ced3ee19747dda8f750c3bc8f876" },
	{ &v5, "rtmr0",
		"5c8daf76063a71ac8fcef4067564661fc682ed7944c7a5d2"
		"1dbbced02f61ceff4ba0678c6aef3bdae8cbc614cec24619" },
	{ &v5, "rtmr1",
		"463acaace1b6e97c76e92e41fe312aa66f3fd4dad60ec7ac"
		"f169859db0343e3d1e591646795cdc80fbc0ca5f7041d253" },
	{ &v5, "rtmr2",
		"6369b9c9a3b791ebcbdc5a0bb9536cfb57f50df2b393b33c"
		"8b29616d3568baa61f4b59dc6092e31ea8764bcbdfc69f20" },
	{ &v5, "report-data",
		"945eaacf5abc1f719d8666a942fda03d1edcb44902773960"
		"93dc5a5289ab9f1e094aed63060cd4a4933a4dd537ed1255"
		"c9c79ecb3ed82cd1b486233e31c25c3a" },
	{ &v5, "tee-tcb-svn2", "0d010400000000000000000000000000" },
	{ &v5, "qe.isvsvn", "0x7" },
	{ &v5, "pck.fmspc", "90c06f000000" },
	{ &v5, "pck.components", "04040202040100050000000000000000" },
	{ &v5, "pck.pcesvn", "0xd" },
	{ &ccel, "tee-tcb-svn", "04010700000000000000000000000000" },
	{ &ccel, "mrseam",
		"ffc97a88587660fb04e1f7c851300c96ae0b5a463ac46d03"
		"5d16c2d9f36d0ed1d23775bcbd27deb219e3a3cc28023895" },
	{ &ccel, "mrtd",
		"dae67181d3d65e073ad8f95b7907d5e927bfe9761c9ff3e9"
		"b89734a45d8954dba41394c7717cb2735396c1d04231f94a" },
	{ &ccel, "rtmr0",
		"3fa2f61f395b7f5feefb4ec2df61297f109ad8abcd6410c1"
		"b7df60f21f37b19297fc35e544039c7e1edece752afd17f6" },
	{ &ccel, "rtmr1",
		"f62dbc072bd5d3f3438b7b35c39a727f5aea2ffc2473f437"
		"23953f530daf62504f0a7944aa62c41a86e8a878c2b122c1" },
	{ &ccel, "rtmr2",
		"4969684dc87381fc3b3134176c8d8806eaf0a901859f5f70"
		"cfae8d17714b46c10a8de219048c9fc09f11f381a6fbe7c1" },
	{ &ccel, "attributes", "0x10000000" },
	{ &ccel, "xfam", "0x600e7" },
	{ &ccel, "qe.isvsvn", "0x6" },
	{ &ccel, "pck.fmspc", "00806f050000" },
};

static void claims_are_what_the_samples_say(void **state)
{
	const struct cbx_appraisal appraisal =
		tdx_appraisal("2026-02-10T00:00:00Z");
	const struct sample *verified = NULL;

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const struct sample *sample = said[i].sample;
		char name[64];

		if (sample != verified) {
			struct cbx_span quote = evidence_load(sample->file);
			struct cbx_span part = quote;

			part.size =
				sample->size == 0 ? quote.size : sample->size;
			assert_int_equal(
				cbx_verify_tdx(*state, part, NULL, &appraisal),
				CBX_ACCEPTED);
			evidence_free(quote);
			verified = sample;
		}
		(void)snprintf(name, sizeof(name), "tdx.%s", said[i].claim);
		assert_claim(*state, name, said[i].value);
	}
}

/* One row of the test of collateral. */
struct collateral_row {
	const char *quote;
	size_t size;
	const char *now;
	const char *files[4]; /* "+signer" is the bundle's chain */
	uint32_t flags;
	enum cbx_refusal expected;
	const char *claim, *value;
};

static void check_collateral_row(
	struct cbx_verdict *verdict, const struct collateral_row *row)
{
	struct cbx_appraisal appraisal = tdx_appraisal(row->now);
	struct cbx_span quote = evidence_load(row->quote);
	struct cbx_span part = quote;
	struct cbx_span files[4];
	struct cbx_endorsements endorsements;
	size_t count = 0;

	part.size = row->size == 0 ? quote.size : row->size;
	for (; count < 4 && row->files[count] != NULL; count++) {
		files[count] = row->files[count][0] == '+'
				       ? tdx_bundled("tcb_info_issuer_chain")
				       : evidence_load(row->files[count]);
	}
	endorsements = tdx_collateral(files, count);
	appraisal.flags = row->flags;
	tdx_assert_reason(verdict,
		cbx_verify_tdx(verdict, part, &endorsements, &appraisal),
		row->expected, row->now);
	if (row->claim != NULL) {
		assert_claim(verdict, row->claim, row->value);
	}
	for (size_t i = 0; i < count; i++) {
		evidence_free(files[i]);
	}
	evidence_free(quote);
}

/* There is no set of files that is whole and of one time (forged ones are, see
 * test_tdx_forged.c): the signer's certificate begins on 2025-05-06, after the
 * collateral of 2023. */
static void collateral_holds_from_its_first_to_its_last_second(void **state)
{
	static const char tcb[] = GOOGLE "sample_tcbinfo_response_v5";
	static const char old_tcb[] = GOOGLE "sample_tcbInfo_response";
	static const char identity[] = GOOGLE "sample_qeIdentity_response";
	static const char root[] = GOOGLE "rootcrl.der";
	static const char list[] = GOOGLE "pckcrl";
	static const char bundle[] = "tdx/neg-sgx-v3/collateral.json";
	static const struct collateral_row rows[] = {
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { tcb, "+signer" }, 0,
			CBX_ACCEPTED, "tdx.platform-tcb-status", "UpToDate" },
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { "+signer", tcb }, 0,
			CBX_ACCEPTED, "tdx.module-tcb-status", "UpToDate" },
		{ QUOTE_V5, 0, "2026-02-01T14:49:26Z", { tcb, "+signer" }, 0,
			CBX_ACCEPTED, "tdx.platform-tcb-date",
			"2024-11-13T00:00:00Z" },
		{ QUOTE_V5, 0, "2026-03-03T14:49:26Z", { tcb, "+signer" }, 0,
			CBX_ACCEPTED, "tdx.collateral.tcb-info-number",
			"0x12" },
		{ QUOTE_V5, 0, "2026-02-01T14:49:25Z", { tcb, "+signer" }, 0,
			CBX_REFUSED_EXPIRED, "tdx.platform-tcb-status",
			"absent" },
		{ QUOTE_V5, 0, "2026-03-03T14:49:27Z", { tcb, "+signer" }, 0,
			CBX_REFUSED_EXPIRED, NULL, NULL },
		/* Not whole. */
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { tcb, "+signer" },
			CBX_APPRAISE_COLLATERAL, CBX_REFUSED_COLLATERAL,
			"tdx.tcb-status", "absent" },
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { NULL },
			CBX_APPRAISE_COLLATERAL, CBX_REFUSED_COLLATERAL, NULL,
			NULL },
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { tcb }, 0,
			CBX_REFUSED_CERTIFICATE, NULL, NULL },
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { tcb, "+signer", tcb },
			0, CBX_REFUSED_COLLATERAL, NULL, NULL },
		/* Of another platform, of SGX, of no kind. */
		{ QUOTE_CCEL, 0, "2026-02-10T00:00:00Z", { tcb, "+signer" }, 0,
			CBX_REFUSED_IDENTITY, NULL, NULL },
		{ QUOTE_V4, SPR_SIZE, "2026-02-10T00:00:00Z",
			{ tcb, "+signer" }, 0, CBX_REFUSED_IDENTITY, NULL,
			NULL },
		{ QUOTE_CCEL, 0, "2025-06-25T00:00:00Z", { bundle }, 0,
			CBX_REFUSED_IDENTITY, "tdx.collateral.tcb-info",
			"0x1" },
		{ QUOTE_CCEL, 0, "2025-06-01T00:00:00Z", { bundle }, 0,
			CBX_REFUSED_EXPIRED, NULL, NULL },
		{ QUOTE_CCEL, 0, "2025-08-01T00:00:00Z", { bundle }, 0,
			CBX_REFUSED_EXPIRED, NULL, NULL },
		{ QUOTE_CCEL, 0, "2026-02-10T00:00:00Z", { QUOTE_CCEL }, 0,
			CBX_REFUSED_COLLATERAL, NULL, NULL },
		/* Of 2023, whose signer's certificate is not there. */
		{ QUOTE_V4, SPR_SIZE, "2023-06-20T00:00:00Z",
			{ old_tcb, "+signer" }, 0, CBX_REFUSED_EXPIRED, NULL,
			NULL },
		{ QUOTE_V4, SPR_SIZE, "2026-02-10T00:00:00Z",
			{ old_tcb, "+signer" }, 0, CBX_REFUSED_EXPIRED, NULL,
			NULL },
		{ QUOTE_V5, 0, "2026-02-10T00:00:00Z", { identity, "+signer" },
			0, CBX_REFUSED_EXPIRED, NULL, NULL },
		/* Revocation lists. */
		{ QUOTE_V4, SPR_SIZE, "2023-06-20T00:00:00Z", { root, list }, 0,
			CBX_ACCEPTED, "tdx.collateral.revocation", "0x1" },
		{ QUOTE_V4, SPR_SIZE, "2023-06-20T00:00:00Z", { root }, 0,
			CBX_ACCEPTED, "tdx.collateral.revocation", "0" },
		{ QUOTE_V4, SPR_SIZE, "2023-06-08T07:27:51Z", { list, root }, 0,
			CBX_REFUSED_EXPIRED, NULL, NULL },
		{ QUOTE_V4, SPR_SIZE, "2023-07-08T07:27:53Z", { list, root }, 0,
			CBX_REFUSED_EXPIRED, NULL, NULL },
		{ QUOTE_V4, SPR_SIZE, "2024-04-02T10:22:52Z", { root }, 0,
			CBX_REFUSED_EXPIRED, NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_collateral_row(*state, &rows[i]);
	}
}

/* Intel's signature is over the bytes as they stand there. */
static void collateral_with_any_byte_changed_is_refused(void **state)
{
	const struct cbx_appraisal appraisal =
		tdx_appraisal("2026-02-10T00:00:00Z");
	struct cbx_span quote = evidence_load(QUOTE_V5);
	struct cbx_span files[2] = {
		evidence_load(GOOGLE "sample_tcbinfo_response_v5"),
		tdx_bundled("tcb_info_issuer_chain"),
	};
	const struct cbx_endorsements endorsements = tdx_collateral(files, 2);
	uint8_t *bytes = (uint8_t *)(uintptr_t)files[0].bytes;
	size_t count = 0;

	for (size_t i = 0; i < files[0].size; i += 13) {
		uint8_t flip = (uint8_t)(1u << i % 5);

		/* A letter's case is no other signature. */
		if (i >= files[0].size - 2 - 130 && flip == 0x20) {
			continue;
		}
		bytes[i] ^= flip;
		tdx_assert_reason(*state,
			cbx_verify_tdx(
				*state, quote, &endorsements, &appraisal),
			CBX_REFUSED_COLLATERAL, "a byte changed");
		bytes[i] ^= flip;
		count++;
	}
	assert_true(count > 300);
	assert_int_equal(
		cbx_verify_tdx(*state, quote, &endorsements, &appraisal),
		CBX_ACCEPTED);
	for (size_t size = 0; size < files[0].size; size += 101) {
		struct cbx_span cut[2] = { { bytes, size }, files[1] };
		const struct cbx_endorsements less = tdx_collateral(cut, 2);

		tdx_assert_reason(*state,
			cbx_verify_tdx(*state, quote, &less, &appraisal),
			CBX_REFUSED_COLLATERAL, "truncated");
	}
	evidence_free(files[0]);
	evidence_free(files[1]);
	evidence_free(quote);
}

static void a_log_leads_to_the_registers(void **state)
{
	const struct cbx_appraisal appraisal =
		tdx_appraisal("2026-02-10T00:00:00Z");
	struct cbx_span quote = evidence_load(QUOTE_CCEL);
	struct cbx_span other = evidence_load(QUOTE_V5);
	struct cbx_endorsements endorsements = tdx_collateral(NULL, 0);

	endorsements.event_log = evidence_load("tdx/ccel-cos113/ccel_data.bin");
	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, quote, &endorsements, &appraisal),
		CBX_ACCEPTED, "the log");
	assert_claim(*state, "tdx.event-log.rtmr0", "0x10");
	assert_claim(*state, "tdx.event-log.rtmr1", "0x7");
	assert_claim(*state, "tdx.event-log.rtmr2", "0x14");
	assert_claim(*state, "tdx.event-log.rtmr3", "0");
	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, other, &endorsements, &appraisal),
		CBX_REFUSED_EVENT_LOG, "another TD's quote");
	evidence_free(endorsements.event_log);
	evidence_free(quote);
	evidence_free(other);
}

static void the_report_answers_a_challenge(void **state)
{
	struct cbx_span quote = evidence_load(QUOTE_V5);
	struct cbx_appraisal appraisal = tdx_appraisal("2026-02-10T00:00:00Z");
	uint8_t nonce[64];

	/* The report data, 0x208 behind header, type and size. */
	memcpy(nonce, quote.bytes + 54 + 0x208, sizeof(nonce));
	appraisal.nonce = (struct cbx_span){ nonce, sizeof(nonce) };
	assert_int_equal(
		cbx_verify_tdx(*state, quote, NULL, &appraisal), CBX_ACCEPTED);
	nonce[63] ^= 1;
	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, quote, NULL, &appraisal),
		CBX_REFUSED_NONCE, "another challenge");
	nonce[63] ^= 1;
	appraisal.nonce.size = 32; /* and no zeros behind it */
	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, quote, NULL, &appraisal),
		CBX_REFUSED_NONCE, "half of it");
	evidence_free(quote);
}

static void as_a_part_the_report_is_bound(void **state)
{
	struct cbx_span quote = evidence_load(QUOTE_V5);
	const struct cbx_appraisal appraisal =
		tdx_appraisal("2026-02-10T00:00:00Z");
	uint8_t data[64];
	const struct cbx_span expected = { data, sizeof(data) };

	memcpy(data, quote.bytes + 54 + 0x208, sizeof(data));
	assert_int_equal(
		cbx_verdict_begin(*state, "box", &appraisal), CBX_ACCEPTED);
	assert_int_equal(
		cbx_tdx_check(*state, quote, NULL, &appraisal, expected),
		CBX_ACCEPTED);
	data[0] ^= 1;
	assert_int_equal(
		cbx_verdict_begin(*state, "box", &appraisal), CBX_ACCEPTED);
	assert_int_equal(
		cbx_tdx_check(*state, quote, NULL, &appraisal, expected),
		CBX_REFUSED_BINDING);
	evidence_free(quote);
}

static void endorsements_of_another_version_are_not_used(void **state)
{
	struct cbx_span quote = evidence_load(QUOTE_V5);
	const struct cbx_appraisal appraisal =
		tdx_appraisal("2026-02-10T00:00:00Z");
	struct cbx_endorsements endorsements = tdx_collateral(NULL, 0);

	endorsements.size--;
	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, quote, &endorsements, &appraisal),
		CBX_REFUSED_INTERNAL, "another version");
	evidence_free(quote);
}

int main(void)
{
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, tdx_make, tdx_drop)
	const struct CMUnitTest tests[] = {
		SENTENCE(every_sample_gets_its_verdict),
		SENTENCE(claims_are_what_the_samples_say),
		SENTENCE(collateral_holds_from_its_first_to_its_last_second),
		SENTENCE(collateral_with_any_byte_changed_is_refused),
		SENTENCE(a_log_leads_to_the_registers),
		SENTENCE(the_report_answers_a_challenge),
		SENTENCE(as_a_part_the_report_is_bound),
		SENTENCE(endorsements_of_another_version_are_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
