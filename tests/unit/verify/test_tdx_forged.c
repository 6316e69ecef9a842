/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no public sample shows: whole collateral, every TCB status, and attacks
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

static void what_a_list_names_is_refused(void **state)
{
	static const struct {
		unsigned char by_root, by_ca;
		enum cbx_refusal expected;
	} rows[] = {
		{ 0, 0, CBX_ACCEPTED }, { 9, 9, CBX_ACCEPTED },
		{ 0, 3, CBX_REFUSED_REVOKED }, /* the PCK */
		{ 2, 0, CBX_REFUSED_REVOKED }, /* its CA */
		{ 4, 0, CBX_REFUSED_REVOKED }, /* the signer of collateral */
		{ 3, 2, CBX_ACCEPTED },	       /* numbers of another issuer */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char what[32];

		(void)snprintf(what, sizeof(what), "row %zu", i);
		world_make_lists(&world, rows[i].by_root, rows[i].by_ca);
		world_expect(&world, *state, rows[i].expected, what);
	}
	world_make_lists(&world, 0, 0);
	world.sizes[WORLD_CA_LIST] = forge_list(
		world.forge, FORGE_CA, 0, false, world.files[WORLD_CA_LIST]);
	world_expect(&world, *state, CBX_REFUSED_EXPIRED, "an old list");
	world_make_lists(&world, 0, 0);
	world.files[WORLD_CA_LIST][world.sizes[WORLD_CA_LIST] - 1] ^= 1;
	world_expect(&world, *state, CBX_REFUSED_COLLATERAL, "nobody's list");
}

/* Who may speak for Intel about platforms. */
static void collateral_has_one_signer(void **state)
{
	const struct forge_certificate by_ca = { FORGE_SIGNER, FORGE_CA,
		.serial = 4 };
	const struct forge_certificate by_stranger = { FORGE_SIGNER,
		FORGE_STRANGER, .serial = 4 };
	const struct forge_certificate old = { FORGE_SIGNER, FORGE_ROOT,
		.serial = 4, .to = "20250531235959" };
	const struct forge_certificate other_name = { FORGE_SIGNER, FORGE_ROOT,
		.serial = 4, .name = "Intel SGX PCK Certificate" };
	const struct {
		const struct forge_certificate *certificate;
		enum cbx_refusal expected;
	} rows[] = {
		{ &by_ca, CBX_REFUSED_CHAIN },
		{ &by_stranger, CBX_REFUSED_CHAIN },
		{ &old, CBX_REFUSED_EXPIRED },
		{ &other_name, CBX_REFUSED_CERTIFICATE },
	};
	char *room = (char *)world.files[WORLD_TCB];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)forge_certify(world.forge, rows[i].certificate,
			world.pem[FORGE_SIGNER]);
		world_make_collateral(&world);
		world_expect(&world, *state, rows[i].expected, "a signer");
	}
	world_make(&world);
	world.sizes[WORLD_TCB] = forge_answer(
		world.forge, FORGE_PCK, "tcbInfo", "{\"id\":\"TDX\"}", room);
	world_expect(&world, *state, CBX_REFUSED_COLLATERAL, "the PCK's key");
}

/* A member of tcbInfo or the QE identity, as JSON. */
static void collateral_says_what_intel_specifies(void **state)
{
	static const struct {
		size_t member;
		const char *value;
		enum cbx_refusal expected;
	} rows[] = {
#define ROW(member, value, reason) \
	{ offsetof(struct world_collateral, member), value, reason }
		ROW(id, "\"SGX\"", CBX_REFUSED_IDENTITY),
		ROW(id, "3", CBX_REFUSED_IDENTITY),
		ROW(version, "2", CBX_REFUSED_COLLATERAL),
		ROW(version, "\"3\"", CBX_REFUSED_COLLATERAL),
		ROW(version, "3.0", CBX_REFUSED_COLLATERAL),
		ROW(issued, "\"2025-06-01T00:00:01Z\"", CBX_REFUSED_EXPIRED),
		ROW(issued, "\"2025-06-01T00:00:00Z\"", CBX_ACCEPTED),
		ROW(next, "\"2025-05-31T23:59:59Z\"", CBX_REFUSED_EXPIRED),
		ROW(next, "\"2025-06-01T00:00:00Z\"", CBX_ACCEPTED),
		ROW(next, "\"2025-06-31T00:00:00Z\"", CBX_REFUSED_COLLATERAL),
		ROW(next, "\"2025-06-19T10:00:00\"", CBX_REFUSED_COLLATERAL),
		ROW(next, "\" 2025-06-19T10:00:00Z\"", CBX_REFUSED_COLLATERAL),
		ROW(next, "\"2025-6-19T10:00:00Z\"", CBX_REFUSED_COLLATERAL),
		ROW(next, "1781863200", CBX_REFUSED_COLLATERAL),
		ROW(fmspc, "\"50806f000000\"", CBX_ACCEPTED),
		ROW(fmspc, "\"50806F000001\"", CBX_REFUSED_IDENTITY),
		ROW(fmspc, "\"50806F0000\"", CBX_REFUSED_COLLATERAL),
		ROW(fmspc, "\"50806F00000G\"", CBX_REFUSED_COLLATERAL),
		ROW(fmspc, "null", CBX_REFUSED_COLLATERAL),
		ROW(pceid, "\"0001\"", CBX_REFUSED_IDENTITY),
		ROW(type, "1", CBX_REFUSED_COLLATERAL),
		ROW(module_signer, "01", CBX_REFUSED_IDENTITY),
		ROW(module_signer, "0x", CBX_REFUSED_COLLATERAL),
		ROW(spoiled, "{}", CBX_REFUSED_COLLATERAL),
		ROW(spoiled, "[]", CBX_REFUSED_COLLATERAL),
		ROW(spoiled,
			"{\"sgxtcbcomponents\":[{\"svn\":1}],\"pcesvn\":11,"
			"\"tdxtcbcomponents\":[]}",
			CBX_REFUSED_COLLATERAL),
		ROW(spoiled,
			WORLD_TCB_LEVEL(WORLD_COMPONENTS(256, 5, 2), 11,
				WORLD_COMPONENTS(5, 0, 5)),
			CBX_REFUSED_COLLATERAL),
		ROW(spoiled,
			WORLD_TCB_LEVEL(WORLD_COMPONENTS(5, 5, 2), 11,
				WORLD_COMPONENTS(-1, 0, 5)),
			CBX_REFUSED_COLLATERAL),
		ROW(spoiled,
			WORLD_TCB_LEVEL(WORLD_COMPONENTS(5, 5, 2), 65536,
				WORLD_COMPONENTS(5, 0, 5)),
			CBX_REFUSED_COLLATERAL),
		ROW(status, "1", CBX_REFUSED_COLLATERAL),
		ROW(qe_id, "\"QE\"", CBX_REFUSED_IDENTITY),
		ROW(qe_id, "\"TD_QE2\"", CBX_REFUSED_IDENTITY),
		ROW(qe_version, "1", CBX_REFUSED_COLLATERAL),
		ROW(qe_product, "1", CBX_REFUSED_IDENTITY),
		ROW(qe_product, "-1", CBX_REFUSED_COLLATERAL),
		ROW(qe_product, "65538", CBX_REFUSED_COLLATERAL),
		ROW(qe_signer,
			"8C4F5775D796503E96137F77C68A829A"
			"0056AC8DED70140B081B094490C57BFF",
			CBX_REFUSED_IDENTITY),
		ROW(qe_signer, "", CBX_REFUSED_COLLATERAL),
		ROW(qe_attributes, "13000000000000000000000000000000",
			CBX_REFUSED_IDENTITY),
		ROW(qe_attributes, "11", CBX_REFUSED_COLLATERAL),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_make(&world);
		memcpy((char *)&world.says + rows[i].member, &rows[i].value,
			sizeof(rows[i].value));
		world_make_collateral(&world);
		world_expect(&world, *state, rows[i].expected, rows[i].value);
	}
}

/* The envelope, which nobody signed: one way to read it. */
static void an_answer_is_read_in_one_way(void **state)
{
	const struct {
		const char *form; /* object, signature */
		enum cbx_refusal expected;
	} rows[] = {
		{ "{\"tcbInfo\":%s,\"signature\":\"%s\"}", CBX_ACCEPTED },
		{ " {\t\"tcbInfo\"\r\n: %s , \"signature\" : \"%s\" }\n",
			CBX_ACCEPTED },
		{ "{\"tcbInfo\":%s,\"signature\":\"%s\"}x",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":%s,\"signature\":\"%s\"}{}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":%s,\"signature\":\"%s0\"}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":%s,\"signature\":[\"%s\"]}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":[%s],\"signature\":\"%s\"}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":%s,\"signature\":\"%s\",\"more\":1}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":{},\"tcbInfo\":%s,\"signature\":\"%s\"}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"enclaveIdentity\":%s,\"signature\":\"%s\"}",
			CBX_REFUSED_COLLATERAL }, /* is there twice */
		{ "{\"tcbinfo\":%s,\"signature\":\"%s\"}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":%s,\"Signature\":\"%s\"}",
			CBX_REFUSED_COLLATERAL },
		{ "{\"tcbInfo\":%s \"signature\":\"%s\"}",
			CBX_REFUSED_COLLATERAL },
		{ "[{\"tcbInfo\":%s,\"signature\":\"%s\"}]",
			CBX_REFUSED_COLLATERAL },
	};
	char answer[16384];
	char signature[129];
	char *object;
	char *end;

	(void)snprintf(
		answer, sizeof(answer), "%s", (char *)world.files[WORLD_TCB]);
	object = strchr(answer, ':') + 1;
	end = strstr(object, ",\"signature\"");
	*end = '\0';
	forge_sign_text(world.forge, FORGE_SIGNER, object, signature);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		world.sizes[WORLD_TCB] =
			(size_t)snprintf((char *)world.files[WORLD_TCB],
				sizeof(world.files[WORLD_TCB]), rows[i].form,
				object, signature);
#pragma GCC diagnostic pop
		world_expect(&world, *state, rows[i].expected, rows[i].form);
	}
}

/* Without the look at the whole file, and without a signature. */
static void a_reader_reads_to_the_end(void **state)
{
	static const char zeros[] = "00000000000000000000000000000000"
				    "00000000000000000000000000000000"
				    "00000000000000000000000000000000"
				    "00000000000000000000000000000000";
	static const struct {
		const char *text;
		enum cbx_refusal expected;
	} rows[] = {
		{ "{\"id\":\"TDX\"}", CBX_ACCEPTED },
		{ "{\"id\":\"TDX\"} ", CBX_REFUSED_COLLATERAL },
		{ " {\"id\":\"TDX\"}", CBX_REFUSED_COLLATERAL },
		{ "{\"id\":\"TDX\"}x", CBX_REFUSED_COLLATERAL },
	};
	uint8_t *file = world.files[WORLD_IDENTITY];
	const size_t size = world.sizes[WORLD_IDENTITY];
	struct cbx_pcs_answer answer;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			cbx_pcs_read_parts(*state, cbx_span_text(rows[i].text),
				zeros, &answer),
			rows[i].expected);
		if (rows[i].expected == CBX_ACCEPTED) {
			cbx_pcs_forget(&answer);
		}
	}
	file[size] = 'x';
	assert_int_equal(cbx_pcs_read(*state,
				 (struct cbx_span){ file, size + 1 }, &answer),
		CBX_REFUSED_COLLATERAL);
	assert_int_equal(
		cbx_pcs_read(*state, (struct cbx_span){ file, size }, &answer),
		CBX_ACCEPTED);
	assert_int_equal(answer.kind, CBX_PCS_QE_IDENTITY);
	cbx_pcs_forget(&answer);
}

/* A bundle is a bag of the same things as strings. */
static void a_bundle_is_as_good_as_its_parts(void **state)
{
	/* 64 bytes. */
	static const char zeros[] = "00000000000000000000000000000000"
				    "00000000000000000000000000000000"
				    "00000000000000000000000000000000"
				    "00000000000000000000000000000000";
	static const struct {
		const char *member;
		const char *value; /* NULL: it is not there */
	} spoiled[] = {
		{ "root_ca_crl", "30xx" },
		{ "pck_crl", "" },
		{ "pck_crl_issuer_chain", "none" },
		{ "tcb_info_signature", NULL },
		{ "tcb_info_signature", "00" },
		{ "tcb_info_signature", zeros }, /* two signers, the same */
		{ "tcb_info", "[]" },
		{ "tcb_info", "{}" },
		{ "tcb_info", "{\"id\":\"TDX\"} " },
		{ "tcb_info", "{\"id\":\"TDX\"" },
		{ "qe_identity", "{\"id\":\"TDX\"}" },
	};
	char hex[2][2049];
	json_t *bundle = json_object();
	char *text;

	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < world.sizes[WORLD_ROOT_LIST + i]; j++) {
			(void)snprintf(hex[i] + 2 * j, 3, "%02x",
				world.files[WORLD_ROOT_LIST + i][j]);
		}
	}
	for (int i = 0; i < 2; i++) {
		static const char *const names[][4] = {
			{ "tcb_info", "tcb_info_signature",
				"tcb_info_issuer_chain", "root_ca_crl" },
			{ "qe_identity", "qe_identity_signature",
				"qe_identity_issuer_chain", "pck_crl" },
		};
		char *answer = (char *)world.files[WORLD_TCB + i];
		char *object = strchr(answer, ':') + 1;
		char *end = strstr(object, ",\"signature\"");

		*end = '\0';
		assert_int_equal(json_object_set_new(bundle, names[i][0],
					 json_string(object)),
			0);
		end += sizeof(",\"signature\":\"") - 1;
		end[128] = '\0';
		assert_int_equal(json_object_set_new(
					 bundle, names[i][1], json_string(end)),
			0);
		assert_int_equal(
			json_object_set_new(bundle, names[i][2],
				json_string(
					(char *)world.files[WORLD_SIGNERS])),
			0);
		assert_int_equal(json_object_set_new(bundle, names[i][3],
					 json_string(hex[i])),
			0);
	}
	memset(world.sizes, 0, sizeof(world.sizes));
	world.flags = CBX_APPRAISE_COLLATERAL;
	text = json_dumps(bundle, 0);
	world.sizes[0] = (size_t)snprintf(
		(char *)world.files[0], sizeof(world.files[0]), "%s", text);
	world_expect(&world, *state, CBX_ACCEPTED, "a bundle");
	world.sizes[1] = world.sizes[0];
	memcpy(world.files[1], world.files[0], world.sizes[0]);
	world_expect(&world, *state, CBX_REFUSED_COLLATERAL, "two bundles");
	world.sizes[1] = 0;
	free(text);
	for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
		json_t *other = json_deep_copy(bundle);

		(void)json_object_del(other, spoiled[i].member);
		if (spoiled[i].value != NULL) {
			assert_int_equal(
				json_object_set_new(other, spoiled[i].member,
					json_string(spoiled[i].value)),
				0);
		}
		text = json_dumps(other, 0);
		world.sizes[0] = (size_t)snprintf((char *)world.files[0],
			sizeof(world.files[0]), "%s", text);
		world_expect(&world, *state, CBX_REFUSED_COLLATERAL,
			spoiled[i].member);
		free(text);
		json_decref(other);
	}
	json_decref(bundle);
	world.sizes[0] =
		(size_t)snprintf((char *)world.files[0], 16, "{\"tcb\":\"x\"}");
	world_expect(&world, *state, CBX_REFUSED_COLLATERAL, "nothing");
}

static void too_many_files_are_refused(void **state)
{
	struct cbx_span files[CBX_TDX_COLLATERAL_FILES + 1] = { { 0 } };
	struct cbx_endorsements endorsements =
		tdx_collateral(files, CBX_TDX_COLLATERAL_FILES + 1);
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.now = FORGE_NOW };
	const struct cbx_span quote = { world.quote, world.quote_size };

	for (size_t i = 0; i < endorsements.collateral_count; i++) {
		files[i] = (struct cbx_span){ world.files[WORLD_SIGNERS],
			world.sizes[WORLD_SIGNERS] };
	}
	tdx_assert_reason(*state,
		cbx_verify_tdx(*state, quote, &endorsements, &appraisal),
		CBX_REFUSED_COLLATERAL, "17 files");
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
		SENTENCE(what_a_list_names_is_refused),
		SENTENCE(collateral_has_one_signer),
		SENTENCE(collateral_says_what_intel_specifies),
		SENTENCE(an_answer_is_read_in_one_way),
		SENTENCE(a_reader_reads_to_the_end),
		SENTENCE(a_bundle_is_as_good_as_its_parts),
		SENTENCE(too_many_files_are_refused),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
