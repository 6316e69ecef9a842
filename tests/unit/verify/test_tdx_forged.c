/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no public sample shows: every TCB status, certificates, and attacks
 * by somebody who holds keys.
 */
#include "forge_world.h"

#include <verify/tdx_collateral.h>

static struct world world; /* its keys are made once */

static int open_world(void **state)
{
	(void)state;
	world.forge = forge_create();
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	forge_destroy(world.forge);
	return 0;
}

static int make(void **state)
{
	world_make(&world);
	return tdx_make(state);
}

static const char *text_claim(
	const struct cbx_verdict *verdict, const char *name)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);

	return claim == NULL ? "absent" : (const char *)claim->value.span.bytes;
}

static void whole_collateral_is_accepted(void **state)
{
	const struct cbx_verdict *verdict = *state;

	world.flags = CBX_APPRAISE_COLLATERAL;
	world_expect(&world, *state, CBX_ACCEPTED, "all of it");
	assert_string_equal(text_claim(verdict, "tdx.tcb-status"), "UpToDate");
	assert_string_equal(
		text_claim(verdict, "tdx.module-tcb-status"), "UpToDate");
	assert_string_equal(
		text_claim(verdict, "tdx.qe-tcb-status"), "UpToDate");
	assert_int_equal(verdict->trust[CBX_TRUST_HARDWARE], 2);
	assert_int_equal(verdict->trust[CBX_TRUST_INSTANCE], 2);
	for (int i = 0; i < WORLD_FILES; i++) {
		size_t size = world.sizes[i];

		world.sizes[i] = 0;
		world_expect(&world, *state,
			i == WORLD_SIGNERS ? CBX_REFUSED_CERTIFICATE
					   : CBX_REFUSED_COLLATERAL,
			"one file is missing");
		world.sizes[i] = size;
	}
	world.flags = 0;
	memset(world.sizes, 0, sizeof(world.sizes));
	world_expect(&world, *state, CBX_ACCEPTED, "nothing of it");
	assert_int_equal(verdict->trust[CBX_TRUST_HARDWARE], 0);
}

static void nobody_but_who_is_trusted_is_a_root(void **state)
{
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.now = FORGE_NOW };
	const struct cbx_span quote = { world.quote, world.quote_size };

	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, quote, NULL, &appraisal),
		CBX_REFUSED_CHAIN, "Intel's root alone");
}

/* How old each part is, and what that makes of the whole. */
struct status_row {
	uint8_t processor; /* the first component */
	uint16_t pcesvn;
	uint8_t svn[3], now[3]; /* TEE_TCB_SVN, TEE_TCB_SVN2 */
	uint8_t qe;
	const char *first; /* status of the first level */
	enum cbx_refusal expected;
	const char *status;
};

static const struct status_row statuses[] = {
	/* As new as it gets, and newer. */
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_ACCEPTED,
		"UpToDate" },
	{ 255, 65535, { 255, 1, 255 }, { 255, 1, 255 }, 255, "\"UpToDate\"",
		CBX_ACCEPTED, "UpToDate" },
	{ 5, 11, { 2, 3, 5 }, { 2, 3, 5 }, 8, "\"UpToDate\"", CBX_ACCEPTED,
		"UpToDate" },
	/* Without a module's identity its version counts as a component. */
	{ 5, 11, { 5, 0, 5 }, { 5, 0, 5 }, 8, "\"UpToDate\"", CBX_ACCEPTED,
		"UpToDate" },
	{ 5, 11, { 4, 0, 5 }, { 4, 0, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDateConfigurationNeeded" },
	{ 5, 11, { 0, 0, 0 }, { 0, 0, 0 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"absent" },
	/* What a platform says of itself. */
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"SWHardeningNeeded\"",
		CBX_ACCEPTED, "SWHardeningNeeded" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"ConfigurationNeeded\"",
		CBX_REFUSED_TCB, "ConfigurationNeeded" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8,
		"\"ConfigurationAndSWHardeningNeeded\"", CBX_REFUSED_TCB,
		"ConfigurationAndSWHardeningNeeded" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"OutOfDate\"", CBX_REFUSED_TCB,
		"OutOfDate" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"Revoked\"", CBX_REFUSED_TCB,
		"Revoked" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"Splendid\"",
		CBX_REFUSED_COLLATERAL, "absent" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"TDRelaunchAdvised\"",
		CBX_REFUSED_COLLATERAL, "absent" },
	/* An older processor, PCE, TDX component. */
	{ 5, 10, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"ConfigurationNeeded" },
	{ 4, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDateConfigurationNeeded" },
	{ 5, 11, { 5, 1, 4 }, { 5, 1, 4 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDateConfigurationNeeded" },
	{ 3, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"Revoked" },
	{ 1, 11, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"absent" },
	{ 5, 4, { 5, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"absent" },
	{ 5, 11, { 5, 1, 0 }, { 5, 1, 0 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"absent" },
	/* An older module. */
	{ 5, 11, { 4, 1, 5 }, { 4, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDate" },
	{ 5, 11, { 4, 1, 5 }, { 4, 1, 5 }, 8, "\"SWHardeningNeeded\"",
		CBX_REFUSED_TCB, "OutOfDate" },
	{ 5, 10, { 4, 1, 5 }, { 4, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDateConfigurationNeeded" },
	{ 5, 11, { 1, 1, 5 }, { 1, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"Revoked" },
	{ 5, 11, { 0, 1, 5 }, { 0, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"absent" },
	{ 5, 11, { 5, 2, 5 }, { 5, 2, 5 }, 8, "\"UpToDate\"",
		CBX_REFUSED_IDENTITY, "absent" },
	/* Older quoting code. */
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 7, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDate" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 7, "\"SWHardeningNeeded\"",
		CBX_REFUSED_TCB, "OutOfDate" },
	{ 5, 10, { 5, 1, 5 }, { 5, 1, 5 }, 6, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDateConfigurationNeeded" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 5, "\"UpToDate\"", CBX_REFUSED_TCB,
		"Revoked" },
	{ 5, 11, { 5, 1, 5 }, { 5, 1, 5 }, 1, "\"UpToDate\"", CBX_REFUSED_TCB,
		"absent" },
	/* The module was replaced while the TD ran. */
	{ 5, 11, { 4, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"TDRelaunchAdvised" },
	{ 5, 11, { 4, 1, 5 }, { 2, 3, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"TDRelaunchAdvised" },
	{ 5, 11, { 4, 1, 5 }, { 5, 0, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"TDRelaunchAdvised" },
	{ 5, 10, { 4, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"TDRelaunchAdvisedConfigurationNeeded" },
	/* Not from a level that is revoked. */
	{ 5, 11, { 4, 1, 2 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"Revoked" },
	{ 5, 11, { 4, 1, 5 }, { 5, 1, 4 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDate" },
	{ 5, 11, { 4, 1, 5 }, { 4, 0, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDate" },
	{ 5, 11, { 4, 1, 5 }, { 5, 1, 5 }, 7, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDate" },
	{ 4, 11, { 4, 1, 5 }, { 5, 1, 5 }, 8, "\"UpToDate\"", CBX_REFUSED_TCB,
		"OutOfDateConfigurationNeeded" },
	{ 5, 11, { 4, 1, 5 }, { 5, 9, 5 }, 8, "\"UpToDate\"",
		CBX_REFUSED_IDENTITY, "absent" },
};

static void make_row(const struct status_row *row)
{
	world.pck.components[0] = row->processor;
	world.pck.pcesvn = row->pcesvn;
	memcpy(world.td.report, row->svn, 3);
	memcpy(world.td.report + 0x248, row->now, 3);
	world.td.qe_report[258] = row->qe;
	world.says.status = row->first;
	world_make_quote(&world);
	world_make_collateral(&world);
}

static void a_status_is_what_its_parts_make_of_it(void **state)
{
	world.flags = CBX_APPRAISE_COLLATERAL;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		char what[64];

		(void)snprintf(what, sizeof(what), "row %zu, %s", i,
			statuses[i].status);
		make_row(&statuses[i]);
		world_expect(&world, *state, statuses[i].expected, what);
		assert_string_equal(text_claim(*state, "tdx.tcb-status"),
			statuses[i].status);
	}
}

/* Anything but Revoked, when the relying party names it. */
static void a_status_is_accepted_when_it_is_asked_for(void **state)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		const struct cbx_value value = { .kind = CBX_VALUE_TEXT,
			.span = cbx_span_text(statuses[i].status) };
		const struct cbx_requirement wanted = { "tdx.tcb-status",
			CBX_REQUIRE_ONE_OF, &value, 1 };
		bool known = strcmp(statuses[i].status, "absent") != 0;

		make_row(&statuses[i]);
		world.requirements = &wanted;
		world.requirement_count = 1;
		world_expect(&world, *state,
			!known ? statuses[i].expected
			: strcmp(statuses[i].status, "Revoked") == 0
				? CBX_REFUSED_TCB
				: CBX_ACCEPTED,
			statuses[i].status);
	}
}

static void another_status_than_asked_for_is_refused(void **state)
{
	const struct cbx_value value = { .kind = CBX_VALUE_TEXT,
		.span = cbx_span_text("OutOfDate") };
	const struct cbx_requirement wanted = { "tdx.tcb-status",
		CBX_REQUIRE_ONE_OF, &value, 1 };

	world.requirements = &wanted;
	world.requirement_count = 1;
	world_expect(&world, *state, CBX_REFUSED_REQUIREMENT, "up to date");
	world.sizes[WORLD_IDENTITY] = 0;
	world_expect(&world, *state, CBX_REFUSED_REQUIREMENT, "half of it");
}

/* tcbInfo or QE identity alone is no status, and still counts. */
static void a_part_out_of_date_is_refused_alone(void **state)
{
	world.td.qe_report[258] = 7;
	world_make_quote(&world);
	world.sizes[WORLD_TCB] = 0;
	world_expect(&world, *state, CBX_REFUSED_TCB, "old quoting code");
	assert_string_equal(
		text_claim(*state, "tdx.qe-tcb-status"), "OutOfDate");
	assert_string_equal(text_claim(*state, "tdx.tcb-status"), "absent");
	world_make(&world);
	world.td.report[0] = 4;
	world_make_quote(&world);
	world.sizes[WORLD_IDENTITY] = 0;
	world_expect(&world, *state, CBX_REFUSED_TCB, "an old module");
	assert_string_equal(
		text_claim(*state, "tdx.module-tcb-status"), "OutOfDate");
	assert_string_equal(text_claim(*state, "tdx.tcb-status"), "absent");
}

static void advisories_are_claims(void **state)
{
	world.pck.pcesvn = 10;
	world_make_quote(&world);
	world_expect(&world, *state, CBX_REFUSED_TCB, "configuration");
	assert_string_equal(text_claim(*state, "tdx.platform-advisories"),
		"INTEL-SA-00001 INTEL-SA-00002");
	assert_string_equal(text_claim(*state, "tdx.qe-advisories"), "absent");
}

/* A field of the TD's or the quoting code's report, its value, the verdict
 * without and with collateral. */
static void reports_are_of_intels_parts_and_closed_tds(void **state)
{
	static const struct {
		bool qe;
		size_t at;
		uint8_t value;
		uint32_t flags;
		enum cbx_refusal without, with;
	} rows[] = {
		/* SEAM: signer, attributes. */
		{ false, 0x40, 1, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		{ false, 0x6f, 1, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		{ false, 0x70, 1, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		{ false, 0x77, 0x80, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		/* The TD: under debug, one way or another. */
		{ false, 0x78, 0x01, 0, CBX_REFUSED_DEBUG, CBX_REFUSED_DEBUG },
		{ false, 0x78, 0x02, 0, CBX_REFUSED_DEBUG, CBX_REFUSED_DEBUG },
		{ false, 0x78, 0x10, 0, CBX_REFUSED_DEBUG, CBX_REFUSED_DEBUG },
		{ false, 0x78, 0x80, 0, CBX_REFUSED_DEBUG, CBX_REFUSED_DEBUG },
		{ false, 0x78, 0x01, CBX_APPRAISE_DEBUG, CBX_ACCEPTED,
			CBX_ACCEPTED },
		/* Known, unknown and harmless attributes. */
		{ false, 0x7b, 0xf0, 0, CBX_ACCEPTED, CBX_ACCEPTED },
		{ false, 0x7a, 0x01, 0, CBX_ACCEPTED, CBX_ACCEPTED },
		{ false, 0x7a, 0x02, 0, CBX_REFUSED_UNSUPPORTED,
			CBX_REFUSED_UNSUPPORTED },
		{ false, 0x79, 0x01, CBX_APPRAISE_DEBUG,
			CBX_REFUSED_UNSUPPORTED, CBX_REFUSED_UNSUPPORTED },
		{ false, 0x7f, 0xc0, 0, CBX_ACCEPTED, CBX_ACCEPTED },
		{ false, 0x7c, 0x01, 0, CBX_ACCEPTED, CBX_ACCEPTED },
		/* Quoting code: signer, product, MISCSELECT, debug,
		 * provisioning key, how it decodes instructions. */
		{ true, 128, 0, 0, CBX_REFUSED_IDENTITY, CBX_REFUSED_IDENTITY },
		{ true, 159, 0, 0, CBX_REFUSED_IDENTITY, CBX_REFUSED_IDENTITY },
		{ true, 256, 1, 0, CBX_REFUSED_IDENTITY, CBX_REFUSED_IDENTITY },
		{ true, 257, 1, 0, CBX_REFUSED_IDENTITY, CBX_REFUSED_IDENTITY },
		{ true, 16, 1, 0, CBX_REFUSED_IDENTITY, CBX_REFUSED_IDENTITY },
		{ true, 48, 0x17, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		{ true, 48, 0x05, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		{ true, 48, 0x11, 0, CBX_ACCEPTED, CBX_ACCEPTED },
		{ true, 55, 0x01, 0, CBX_REFUSED_IDENTITY,
			CBX_REFUSED_IDENTITY },
		{ true, 56, 0xe7, 0, CBX_ACCEPTED, CBX_ACCEPTED }, /* XFRM */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char what[64];

		(void)snprintf(
			what, sizeof(what), "row %zu, %#zx", i, rows[i].at);
		world_make(&world);
		(rows[i].qe ? world.td.qe_report
			    : world.td.report)[rows[i].at] = rows[i].value;
		world_sign_quote(&world);
		world.flags = rows[i].flags;
		world_expect(&world, *state, rows[i].with, what);
		memset(world.sizes, 0, sizeof(world.sizes));
		world_expect(&world, *state, rows[i].without, what);
	}
}

static void other_versions_of_a_quote_are_accepted(void **state)
{
	world.td.version = 4;
	world.td.is_1_5 = false;
	world_sign_quote(&world);
	world_expect(&world, *state, CBX_ACCEPTED, "4, TD 1.0");
	world.td.version = 5;
	world_sign_quote(&world);
	world_expect(&world, *state, CBX_ACCEPTED, "5, TD 1.0");
	assert_null(cbx_verdict_claim(*state, "tdx.tee-tcb-svn2"));
}

static void a_key_the_report_does_not_bind_is_refused(void **state)
{
	world.td.wrong_tail = true;
	world_sign_quote(&world);
	world_expect(&world, *state, CBX_REFUSED_BINDING, "not followed by 0");
	world.td.wrong_tail = false;
	world.td.qe_signer = FORGE_SIGNER;
	world_sign_quote(&world);
	world_expect(&world, *state, CBX_REFUSED_SIGNATURE, "not the PCK");
}

/* Certificates of an attacker who was issued some: who, by whom, what else. */
static void a_certificate_has_one_use(void **state)
{
	const struct forge_pck usual = forge_usual_pck();
	const struct {
		const char *what;
		struct forge_certificate certificate;
		enum cbx_refusal expected;
	} rows[] = {
		{ "the usual one",
			{ FORGE_PCK, FORGE_CA, .pck = &usual, .serial = 3 },
			CBX_ACCEPTED },
		{ "another name",
			{ FORGE_PCK, FORGE_CA, .pck = &usual, .serial = 3,
				.name = "Intel SGX PCK Certificates" },
			CBX_REFUSED_CERTIFICATE },
		{ "a signer's name",
			{ FORGE_PCK, FORGE_CA, .pck = &usual, .serial = 3,
				.name = "Intel SGX TCB Signing" },
			CBX_REFUSED_CERTIFICATE },
		{ "no extension", { FORGE_PCK, FORGE_CA, .serial = 3 },
			CBX_REFUSED_CERTIFICATE },
		{ "by the root itself",
			{ FORGE_PCK, FORGE_ROOT, .pck = &usual, .serial = 3 },
			CBX_REFUSED_CHAIN },
		{ "by a stranger",
			{ FORGE_PCK, FORGE_STRANGER, .pck = &usual,
				.serial = 3 },
			CBX_REFUSED_CHAIN },
		{ "not yet valid",
			{ FORGE_PCK, FORGE_CA, .pck = &usual, .serial = 3,
				.from = "20250601000001" },
			CBX_REFUSED_EXPIRED },
		{ "no more valid",
			{ FORGE_PCK, FORGE_CA, .pck = &usual, .serial = 3,
				.to = "20250531235959" },
			CBX_REFUSED_EXPIRED },
		{ "a CA that is none", { FORGE_CA, FORGE_ROOT, .serial = 2 },
			CBX_REFUSED_CHAIN },
		{ "a CA for something else",
			{ FORGE_CA, FORGE_ROOT, .serial = 2, .is_ca = true,
				.name = "Intel SGX TCB Signing" },
			CBX_REFUSED_CHAIN },
		{ "an old CA",
			{ FORGE_CA, FORGE_ROOT, .serial = 2, .is_ca = true,
				.to = "20250531235959" },
			CBX_REFUSED_EXPIRED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_make(&world);
		memset(world.sizes, 0, sizeof(world.sizes));
		(void)forge_certify(world.forge, &rows[i].certificate,
			world.pem[rows[i].certificate.subject]);
		(void)snprintf(world.chain, sizeof(world.chain), "%s%s%s",
			world.pem[FORGE_PCK], world.pem[FORGE_CA],
			world.pem[FORGE_ROOT]);
		world_sign_quote(&world);
		world_expect(&world, *state, rows[i].expected, rows[i].what);
	}
}

/* A CA for PCKs may not make others. */
static void a_chain_has_three_certificates(void **state)
{
	const struct forge_certificate between = { FORGE_SIGNER, FORGE_ROOT,
		.serial = 6, .is_ca = true };
	const struct forge_certificate ca = { FORGE_CA, FORGE_SIGNER,
		.serial = 2, .is_ca = true };

	(void)forge_certify(world.forge, &between, world.pem[FORGE_SIGNER]);
	(void)forge_certify(world.forge, &ca, world.pem[FORGE_CA]);
	(void)snprintf(world.chain, sizeof(world.chain), "%s%s%s",
		world.pem[FORGE_PCK], world.pem[FORGE_CA],
		world.pem[FORGE_SIGNER]);
	world_sign_quote(&world);
	memset(world.sizes, 0, sizeof(world.sizes));
	world_expect(&world, *state, CBX_REFUSED_CHAIN, "four");
}

/* Machines of one package have PCKs of another CA. */
static void both_cas_issue_pcks(void **state)
{
	static const char processor[] = "Intel SGX PCK Processor CA";
	const struct forge_pck usual = forge_usual_pck();
	const struct forge_certificate ca = { FORGE_CA, FORGE_ROOT,
		.name = processor, .serial = 2, .is_ca = true };
	const struct forge_certificate pck = { FORGE_PCK, FORGE_CA,
		.issuer_name = processor, .pck = &usual, .serial = 3 };

	(void)forge_certify(world.forge, &ca, world.pem[FORGE_CA]);
	(void)forge_certify(world.forge, &pck, world.pem[FORGE_PCK]);
	(void)snprintf(world.chain, sizeof(world.chain), "%s%s",
		world.pem[FORGE_PCK], world.pem[FORGE_CA]);
	world_sign_quote(&world);
	world_expect(&world, *state, CBX_ACCEPTED, processor);
	assert_int_equal(cbx_verdict_claim(*state, "tdx.collateral.revocation")
				 ->value.number,
		0); /* the other CA's list */
}

static void a_pcks_extension_is_whole(void **state)
{
	for (unsigned int part = 1; part <= 7; part++) {
		world.pck = forge_usual_pck();
		world.pck.leave_out = part;
		world_make_quote(&world);
		world_expect(&world, *state,
			part >= 6 ? CBX_ACCEPTED : CBX_REFUSED_CERTIFICATE,
			"without a part");
		world.pck.leave_out = 0;
		world.pck.twice = part;
		world_make_quote(&world);
		world_expect(&world, *state, CBX_REFUSED_CERTIFICATE,
			"a part twice");
	}
}

static void the_quotes_certificates_are_its_chain(void **state)
{
	const char *pck = world.pem[FORGE_PCK];
	const char *ca = world.pem[FORGE_CA];
	const char *root = world.pem[FORGE_ROOT];
	const struct {
		const char *parts[5];
		enum cbx_refusal expected;
	} rows[] = {
		{ { pck, ca, root }, CBX_ACCEPTED },
		{ { pck, ca }, CBX_ACCEPTED },
		{ { pck }, CBX_REFUSED_CHAIN },
		{ { pck, ca, "\n\n", root, "\r\n" }, CBX_ACCEPTED },
		{ { ca, pck, root }, CBX_REFUSED_CERTIFICATE },
		{ { pck, root, ca }, CBX_REFUSED_CERTIFICATE },
		{ { pck, ca, root, root }, CBX_REFUSED_CERTIFICATE },
		{ { pck, ca, world.pem[FORGE_STRANGER] },
			CBX_REFUSED_CERTIFICATE },
		{ { pck, pck, ca, root }, CBX_REFUSED_CERTIFICATE },
		{ { "x", pck, ca, root }, CBX_REFUSED_CERTIFICATE },
		{ { pck, "x", ca, root }, CBX_REFUSED_CERTIFICATE },
		{ { pck, ca, root, "x" }, CBX_REFUSED_CERTIFICATE },
		{ { pck, ca, root, "-----BEGIN X509 CRL-----" },
			CBX_REFUSED_CERTIFICATE },
		{ { "" }, CBX_REFUSED_CERTIFICATE },
	};

	memset(world.sizes, 0, sizeof(world.sizes));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world.chain[0] = '\0';
		for (size_t j = 0; j < 5 && rows[i].parts[j] != NULL; j++) {
			strncat(world.chain, rows[i].parts[j],
				sizeof(world.chain) - strlen(world.chain) - 1);
		}
		world_sign_quote(&world);
		world_expect(&world, *state, rows[i].expected, world.chain);
	}
}

int main(void)
{
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, make, tdx_drop)
	const struct CMUnitTest tests[] = {
		SENTENCE(whole_collateral_is_accepted),
		SENTENCE(nobody_but_who_is_trusted_is_a_root),
		SENTENCE(a_status_is_what_its_parts_make_of_it),
		SENTENCE(a_status_is_accepted_when_it_is_asked_for),
		SENTENCE(another_status_than_asked_for_is_refused),
		SENTENCE(a_part_out_of_date_is_refused_alone),
		SENTENCE(advisories_are_claims),
		SENTENCE(reports_are_of_intels_parts_and_closed_tds),
		SENTENCE(other_versions_of_a_quote_are_accepted),
		SENTENCE(a_key_the_report_does_not_bind_is_refused),
		SENTENCE(a_certificate_has_one_use),
		SENTENCE(a_chain_has_three_certificates),
		SENTENCE(both_cas_issue_pcks),
		SENTENCE(a_pcks_extension_is_whole),
		SENTENCE(the_quotes_certificates_are_its_chain),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
