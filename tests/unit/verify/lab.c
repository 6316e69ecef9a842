/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1write.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/oid.h>
#include <psa/crypto.h>

#include <verify/span.h>

/* The lab has no answer to an error but to end the test. */
#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			abort();                                           \
		}                                                          \
	} while (0)

static int draw(void *context, unsigned char *bytes, size_t size)
{
	(void)context;
	return psa_generate_random(bytes, size) == PSA_SUCCESS ? 0 : -1;
}

void lab_key(struct lab_party *party)
{
	lab_key_on(party, MBEDTLS_ECP_DP_SECP384R1);
}

void lab_key_on(struct lab_party *party, mbedtls_ecp_group_id group)
{
	*party = (struct lab_party){ 0 };
	mbedtls_pk_init(&party->key);
	MUST(mbedtls_pk_setup(&party->key,
		     mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0);
	MUST(mbedtls_ecp_gen_key(
		     group, mbedtls_pk_ec(party->key), draw, NULL) == 0);
}

void lab_key_rsa(struct lab_party *party, size_t bits, const char *exponent)
{
	mbedtls_mpi modulus;
	mbedtls_mpi power;

	*party = (struct lab_party){ 0 };
	mbedtls_pk_init(&party->key);
	mbedtls_mpi_init(&modulus);
	mbedtls_mpi_init(&power);
	MUST(mbedtls_pk_setup(&party->key,
		     mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) == 0);
	MUST(mbedtls_mpi_fill_random(&modulus, bits / 8, draw, NULL) == 0);
	MUST(mbedtls_mpi_set_bit(&modulus, bits - 1, 1) == 0);
	MUST(mbedtls_mpi_set_bit(&modulus, 0, 1) == 0);
	MUST(mbedtls_mpi_read_string(&power, 16, exponent) == 0);
	MUST(mbedtls_rsa_import(mbedtls_pk_rsa(party->key), &modulus, NULL,
		     NULL, NULL, &power) == 0);
	MUST(mbedtls_rsa_complete(mbedtls_pk_rsa(party->key)) == 0);
	mbedtls_mpi_free(&modulus);
	mbedtls_mpi_free(&power);
}

void lab_party_free(struct lab_party *party)
{
	mbedtls_pk_free(&party->key);
}

struct lab_form lab_vcek_form(const char *product)
{
	bool turin = strncmp(product, "Turin", 5) == 0;
	struct lab_form form = {
		.subject = "CN=SEV-VCEK",
		.issuer = "CN=SEV-Milan",
		.from = "20200101000000",
		.to = "20400101000000",
		.product = product,
		.structure = turin ? 1 : 0,
		.chip_size = turin ? 8 : 64,
	};

	if (turin) {
		form.issuer = "CN=SEV-Turin";
	} else if (strncmp(product, "Milan", 5) != 0) {
		form.issuer = "CN=SEV-Genoa";
	}
	for (int i = 1; i < 10; i++) {
		form.spl[i] = 1;
	}
	form.spl[turin ? 4 : 9] = -1;
	for (size_t i = 0; i < form.chip_size; i++) {
		form.chip[i] = (uint8_t)(i + 1);
	}
	return form;
}

/* A writer, and what it writes. */
struct extender {
	mbedtls_x509write_cert *writer;
	const struct lab_form *form;
};

static void extend(
	const struct extender *to, uint8_t x, uint8_t y, struct cbx_span value)
{
	const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01,
		x, y };
	uint8_t room[256] = { 0 };
	size_t size = value.size + (to->form->longer == x ? 1 : 0);

	MUST(size <= sizeof(room));
	memcpy(room, value.bytes, value.size);
	MUST(mbedtls_x509write_crt_set_extension(to->writer, (const char *)oid,
		     sizeof(oid) - (y == 0 ? 1 : 0), 0, room, size) == 0);
}

static void extend_number(
	const struct extender *to, uint8_t x, uint8_t y, int number)
{
	uint8_t room[8];
	unsigned char *at = room + sizeof(room);
	int size;

	if (number < 0) {
		return;
	}
	size = mbedtls_asn1_write_int(&at, room, number);
	MUST(size > 0);
	extend(to, x, y, (struct cbx_span){ at, (size_t)size });
}

static void extend_text(const struct extender *to, uint8_t x, const char *text)
{
	uint8_t room[128];
	unsigned char *at = room + sizeof(room);
	int size;

	if (text == NULL) {
		return;
	}
	size = mbedtls_asn1_write_ia5_string(&at, room, text, strlen(text));
	MUST(size > 0);
	extend(to, x, 0, (struct cbx_span){ at, (size_t)size });
}

static void extend_all(
	mbedtls_x509write_cert *writer, const struct lab_form *form)
{
	const struct extender to = { writer, form };

	extend_number(&to, 1, 0, form->structure);
	extend_text(&to, 2, form->product);
	for (uint8_t i = 1; i < 10; i++) {
		extend_number(&to, 3, i, form->spl[i]);
	}
	if (form->chip_size != 0) {
		extend(&to, 4, 0,
			(struct cbx_span){ form->chip, form->chip_size });
	}
	extend_text(&to, 5, form->provider);
}

static void constrain(
	mbedtls_x509write_cert *writer, const struct lab_form *form)
{
	if (form->ca) {
		MUST(mbedtls_x509write_crt_set_basic_constraints(
			     writer, 1, -1) == 0);
	}
	if (!form->ca || form->product != NULL) {
		extend_all(writer, form);
	}
}

void lab_certify(struct lab_party *party, struct lab_party *issuer,
	const struct lab_form *form)
{
	mbedtls_x509write_cert writer;
	mbedtls_mpi serial;
	int size;

	mbedtls_x509write_crt_init(&writer);
	mbedtls_mpi_init(&serial);
	mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA384);
	mbedtls_x509write_crt_set_subject_key(&writer, &party->key);
	mbedtls_x509write_crt_set_issuer_key(&writer, &issuer->key);
	MUST(mbedtls_x509write_crt_set_subject_name(&writer, form->subject) ==
		0);
	MUST(mbedtls_x509write_crt_set_issuer_name(&writer, form->issuer) == 0);
	MUST(mbedtls_mpi_lset(&serial, (int)form->serial) == 0);
	MUST(mbedtls_x509write_crt_set_serial(&writer, &serial) == 0);
	MUST(mbedtls_x509write_crt_set_validity(
		     &writer, form->from, form->to) == 0);
	if (form->version_1) {
		mbedtls_x509write_crt_set_version(
			&writer, MBEDTLS_X509_CRT_VERSION_1);
	} else {
		constrain(&writer, form);
	}
	size = mbedtls_x509write_crt_der(
		&writer, party->room, sizeof(party->room), draw, NULL);
	MUST(size > 0);
	party->certificate =
		(struct cbx_span){ party->room + sizeof(party->room) - size,
			(size_t)size };
	mbedtls_mpi_free(&serial);
	mbedtls_x509write_crt_free(&writer);
}

void lab_sign_report(struct lab_party *party, uint8_t *report)
{
	mbedtls_ecp_keypair *pair = mbedtls_pk_ec(party->key);
	uint8_t digest[48];
	size_t size;
	mbedtls_mpi r;
	mbedtls_mpi s;

	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	MUST(psa_hash_compute(PSA_ALG_SHA_384, report, 0x2a0, digest,
		     sizeof(digest), &size) == PSA_SUCCESS);
	MUST(mbedtls_ecdsa_sign(&pair->MBEDTLS_PRIVATE(grp), &r, &s,
		     &pair->MBEDTLS_PRIVATE(d), digest, sizeof(digest), draw,
		     NULL) == 0);
	MUST(mbedtls_mpi_write_binary_le(&r, report + 0x2a0, 72) == 0);
	MUST(mbedtls_mpi_write_binary_le(&s, report + 0x2e8, 72) == 0);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
}

/* ---------------------------------------------------- revocation lists -- */

/* Written from its end to its beginning, as the library does. */
struct pen {
	unsigned char *at;
	unsigned char *start;
};

static size_t done(int size)
{
	MUST(size >= 0);
	return (size_t)size;
}

static size_t wrap(struct pen *pen, size_t size, unsigned char tag)
{
	size += done(mbedtls_asn1_write_len(&pen->at, pen->start, size));
	return size + done(mbedtls_asn1_write_tag(&pen->at, pen->start, tag));
}

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

static size_t write_time(struct pen *pen, const char *time)
{
	size_t size = done(mbedtls_asn1_write_raw_buffer(&pen->at, pen->start,
		(const unsigned char *)time, strlen(time)));

	return wrap(pen, size, MBEDTLS_ASN1_UTC_TIME);
}

static size_t write_algorithm(struct pen *pen)
{
	size_t size = done(mbedtls_asn1_write_oid(&pen->at, pen->start,
		MBEDTLS_OID_ECDSA_SHA384,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_ECDSA_SHA384)));

	return wrap(pen, size, SEQUENCE);
}

static size_t write_serials(struct pen *pen, const char *time,
	const uint32_t *serials, size_t count)
{
	size_t all = 0;

	for (size_t i = 0; i < count; i++) {
		size_t size = write_time(pen, time);

		size += done(mbedtls_asn1_write_int(
			&pen->at, pen->start, (int)serials[i]));
		all += wrap(pen, size, SEQUENCE);
	}
	return count == 0 ? 0 : wrap(pen, all, SEQUENCE);
}

static size_t write_name(struct pen *pen, const struct lab_party *issuer)
{
	mbedtls_x509_crt certificate;
	size_t size;

	mbedtls_x509_crt_init(&certificate);
	MUST(mbedtls_x509_crt_parse_der(&certificate, issuer->certificate.bytes,
		     issuer->certificate.size) == 0);
	size = done(mbedtls_asn1_write_raw_buffer(&pen->at, pen->start,
		certificate.subject_raw.p, certificate.subject_raw.len));
	mbedtls_x509_crt_free(&certificate);
	return size;
}

static size_t sign_list(
	struct lab_party *issuer, struct cbx_span body, uint8_t *signature)
{
	uint8_t digest[48];
	size_t size;

	MUST(psa_hash_compute(PSA_ALG_SHA_384, body.bytes, body.size, digest,
		     sizeof(digest), &size) == PSA_SUCCESS);
#if MBEDTLS_VERSION_MAJOR < 3
	MUST(mbedtls_pk_sign(&issuer->key, MBEDTLS_MD_SHA384, digest,
		     sizeof(digest), signature, &size, draw, NULL) == 0);
#else
	MUST(mbedtls_pk_sign(&issuer->key, MBEDTLS_MD_SHA384, digest,
		     sizeof(digest), signature, MBEDTLS_PK_SIGNATURE_MAX_SIZE,
		     &size, draw, NULL) == 0);
#endif
	return size;
}

struct cbx_span lab_list(struct lab_party *issuer, const char *const times[2],
	const uint32_t *serials, size_t count, uint8_t *room)
{
	uint8_t body_room[LAB_ROOM];
	struct pen body = { body_room + sizeof(body_room), body_room };
	struct pen whole = { room + LAB_ROOM, room };
	uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t body_size = write_serials(&body, times[0], serials, count);
	size_t size;

	body_size += write_time(&body, times[1]);
	body_size += write_time(&body, times[0]);
	body_size += write_name(&body, issuer);
	body_size += write_algorithm(&body);
	body_size += done(mbedtls_asn1_write_int(&body.at, body.start, 1));
	body_size = wrap(&body, body_size, SEQUENCE);
	size = sign_list(
		issuer, (struct cbx_span){ body.at, body_size }, signature);
	size = done(mbedtls_asn1_write_bitstring(
		&whole.at, whole.start, signature, size * 8));
	size += write_algorithm(&whole);
	size += done(mbedtls_asn1_write_raw_buffer(
		&whole.at, whole.start, body.at, body_size));
	size = wrap(&whole, size, SEQUENCE);
	return (struct cbx_span){ whole.at, size };
}
