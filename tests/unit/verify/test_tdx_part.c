/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes of parts that do not belong there: signatures out of range, parts of
 * others, types and extensions of another form. */
#include "tdx_mutant.h"

#include <mbedtls/bignum.h>

#include <verify/chain.h>
#include <verify/pck.h>
#include <verify/tdx_quote.h>

/* The order of P-256. */
static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
	0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

static void negate(uint8_t *s)
{
	mbedtls_mpi n;
	mbedtls_mpi number;

	mbedtls_mpi_init(&n);
	mbedtls_mpi_init(&number);
	assert_int_equal(mbedtls_mpi_read_binary(&n, order, 32), 0);
	assert_int_equal(mbedtls_mpi_read_binary(&number, s, 32), 0);
	assert_int_equal(mbedtls_mpi_sub_mpi(&number, &n, &number), 0);
	assert_int_equal(mbedtls_mpi_write_binary(&number, s, 32), 0);
	mbedtls_mpi_free(&n);
	mbedtls_mpi_free(&number);
}

static void r_and_s_are_in_range(void **state)
{
	uint8_t above[32];

	memcpy(above, order, sizeof(above));
	above[31]++;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tdx_mutant test =
			tdx_mutant_open(*state, &tdx_mutant_samples[i]);
		size_t at[FIELDS + 1];

		locate(&tdx_mutant_samples[i], at);
		for (size_t j = 0; j < 2 * 2 * 4; j++) {
			size_t here =
				at[j % 2 == 0 ? 10 : 15] + (j / 2 % 2) * 32;
			uint8_t was[32];

			memcpy(was, test.quote + here, 32);
			memset(test.quote + here, j / 4 == 0 ? 0 : 0xff, 32);
			if (j / 4 >= 2) {
				memcpy(test.quote + here,
					j / 4 == 2 ? order : above, 32);
			}
			tdx_mutant_refused(&test, CBX_REFUSED_SIGNATURE, here);
			memcpy(test.quote + here, was, 32);
		}
		negate(test.quote + at[10] + 32);
		negate(test.quote + at[15] + 32);
		assert_int_equal(tdx_mutant_run(&test), CBX_ACCEPTED);
		negate(test.quote + at[10]);
		tdx_mutant_refused(&test, CBX_REFUSED_SIGNATURE, at[10]);
		negate(test.quote + at[10]);
		tdx_mutant_close(&test, 16);
	}
}

/* Parts of one genuine quote in another. */
static void parts_of_two_quotes_make_none(void **state)
{
	static const struct {
		size_t from, to; /* fields */
		enum cbx_refusal reason;
	} parts[] = {
		{ 0, 6, CBX_ACCEPTED }, /* a header: of another version, or
					 * with other user data */
		{ 8, 9, CBX_REFUSED_SIGNATURE },
		{ 10, 11, CBX_REFUSED_SIGNATURE },
		{ 11, 12, CBX_REFUSED_BINDING },
		{ 14, 15, CBX_REFUSED_SIGNATURE },
		{ 14, 16, CBX_REFUSED_SIGNATURE },
		{ 15, 16, CBX_REFUSED_SIGNATURE },
		{ 20, 21, CBX_REFUSED_SIGNATURE }, /* whose PCK is another */
	};

	for (size_t i = 0; i < ALIKE * ALIKE; i++) {
		const struct tdx_sample *into = &tdx_mutant_samples[i / ALIKE];
		const struct tdx_sample *from = &tdx_mutant_samples[i % ALIKE];
		size_t here[FIELDS + 1];
		size_t there[FIELDS + 1];
		struct tdx_mutant test;
		struct tdx_mutant other;

		locate(into, here);
		locate(from, there);
		if (into == from || into->is_v5 != from->is_v5) {
			continue;
		}
		test = tdx_mutant_open(*state, into);
		other = tdx_mutant_open(*state, from);
		for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++) {
			size_t at = here[parts[j].from];
			size_t size = here[parts[j].to] - at;
			uint8_t was[4096];

			assert_int_equal(size,
				there[parts[j].to] - there[parts[j].from]);
			assert_true(size <= sizeof(was));
			memcpy(was, test.quote + at, size);
			memcpy(test.quote + at,
				other.quote + there[parts[j].from], size);
			tdx_mutant_refused(&test, parts[j].reason, at);
			memcpy(test.quote + at, was, size);
		}
		tdx_mutant_close(&test, 8);
		free(other.quote);
	}
}

/* Certification data the manifest of tdx_mutant_samples names: all other types. */
static void other_types_are_unsupported(void **state)
{
	struct tdx_mutant test =
		tdx_mutant_open(*state, &tdx_mutant_samples[1]);
	size_t at[FIELDS + 1];

	locate(&tdx_mutant_samples[1], at);
	for (uint8_t type = 0; type < 16; type++) {
		const struct {
			size_t field;
			uint8_t known;
			enum cbx_refusal reason;
		} rows[] = {
			{ 1, 2, CBX_REFUSED_UNSUPPORTED },
			{ 12, 6, CBX_REFUSED_UNSUPPORTED },
			{ 18, 5, CBX_REFUSED_UNSUPPORTED },
			{ 6, 3,
				type == 1   ? CBX_REFUSED_WRONG_TYPE
				: type == 2 ? CBX_REFUSED_MALFORMED
					    : CBX_REFUSED_UNSUPPORTED },
			{ 0, 5,
				type == 3   ? CBX_REFUSED_WRONG_TYPE
				: type == 4 ? CBX_REFUSED_MALFORMED
					    : CBX_REFUSED_UNSUPPORTED },
		};

		for (size_t i = 0; i < 5; i++) {
			uint8_t *field = test.quote + at[rows[i].field];

			if (type != rows[i].known) {
				*field = type;
				tdx_mutant_refused(&test, rows[i].reason,
					at[rows[i].field]);
				*field = rows[i].known;
			}
		}
	}
	tdx_mutant_close(&test, 75);
}

/* Everything in it, one after another. */
static size_t flatten(const struct cbx_pck *pck, uint8_t room[512])
{
	const struct cbx_span parts[] = { pck->ppid, pck->cpusvn, pck->pceid,
		pck->fmspc, pck->instance, pck->configuration };
	size_t size = sizeof(pck->components);

	memcpy(room, pck->components, size);
	room[size++] = (uint8_t)(pck->pcesvn >> 8);
	room[size++] = (uint8_t)pck->pcesvn;
	room[size++] = pck->sgx_type;
	for (size_t i = 0; i < 6; i++) {
		assert_true(parts[i].size < 80);
		memcpy(room + size, parts[i].bytes, parts[i].size);
		size += parts[i].size;
	}
	return size;
}

/* The extension is signed, but by whom?  What it says, it says in one way. */
static void a_pcks_extension_has_one_form(void **state)
{
	struct tdx_mutant test =
		tdx_mutant_open(*state, &tdx_mutant_samples[0]);
	struct cbx_chain *chain = cbx_chain_create();
	struct cbx_tdx_quote quote;
	struct cbx_pck pck;
	uint8_t whole[512];
	size_t whole_size;
	size_t refused = 0;
	mbedtls_x509_buf *extensions;

	assert_int_equal(
		cbx_tdx_quote_parse(*state,
			(struct cbx_span){ test.quote, test.size }, &quote),
		CBX_ACCEPTED);
	assert_int_equal(
		cbx_chain_add(*state, chain, quote.certificates), CBX_ACCEPTED);
	assert_int_equal(
		cbx_pck_read(*state, &chain->given[0], &pck), CBX_ACCEPTED);
	whole_size = flatten(&pck, whole);
	extensions = &chain->given[0].v3_ext;
	/* The SGX extension, which is the last one, without its head. */
	for (size_t i = extensions->len - 554; i < extensions->len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			uint8_t other[512];
			enum cbx_refusal refusal;

			extensions->p[i] ^= (unsigned char)(1u << bit);
			refusal = cbx_pck_read(*state, &chain->given[0], &pck);
			if (refusal == CBX_ACCEPTED) {
				assert_false(
					flatten(&pck, other) == whole_size &&
					memcmp(whole, other, whole_size) == 0);
			} else {
				assert_int_equal(
					refusal, CBX_REFUSED_CERTIFICATE);
				refused++;
			}
			extensions->p[i] ^= (unsigned char)(1u << bit);
		}
	}
	assert_true(refused > 2000);
	cbx_chain_destroy(chain);
	tdx_mutant_close(&test, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SENTENCE(r_and_s_are_in_range),
		SENTENCE(parts_of_two_quotes_make_none),
		SENTENCE(other_types_are_unsupported),
		SENTENCE(a_pcks_extension_has_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
