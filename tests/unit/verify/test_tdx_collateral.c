/* SPDX-License-Identifier: Apache-2.0 */
/* A quote's collateral: lists, who signed it, what it says, how it is read. */
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
