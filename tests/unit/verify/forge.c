/* SPDX-License-Identifier: Apache-2.0 */
#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			abort();                                           \
		}                                                          \
	} while (0)

struct forge {
	mbedtls_pk_context keys[FORGE_ALL];
};

static int random_bytes(void *context, unsigned char *bytes, size_t size)
{
	(void)context;
	return psa_generate_random(bytes, size) == PSA_SUCCESS ? 0 : -1;
}

struct forge *forge_create(void)
{
	struct forge *forge = calloc(1, sizeof(*forge));

	MUST(forge != NULL && psa_crypto_init() == PSA_SUCCESS);
	for (int i = 0; i < FORGE_ALL; i++) {
		mbedtls_pk_context *key = &forge->keys[i];

		mbedtls_pk_init(key);
		MUST(mbedtls_pk_setup(key,
			     mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0);
		MUST(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
			     mbedtls_pk_ec(*key), random_bytes, NULL) == 0);
	}
	return forge;
}

void forge_destroy(struct forge *forge)
{
	for (int i = 0; forge != NULL && i < FORGE_ALL; i++) {
		mbedtls_pk_free(&forge->keys[i]);
	}
	free(forge);
}

/* DER that grows at its end. */
struct der {
	uint8_t bytes[2048];
	size_t size;
};

static void put(struct der *der, const void *bytes, size_t size)
{
	MUST(size <= sizeof(der->bytes) - der->size);
	memcpy(der->bytes + der->size, bytes, size);
	der->size += size;
}

static void put_tlv(
	struct der *der, uint8_t tag, const void *bytes, size_t size)
{
	uint8_t head[4] = { tag };
	size_t length = 2;

	if (size < 0x80) {
		head[1] = (uint8_t)size;
	} else {
		head[1] = 0x82;
		head[2] = (uint8_t)(size >> 8);
		head[3] = (uint8_t)size;
		length = 4;
	}
	put(der, head, length);
	put(der, bytes, size);
}

static void put_number(struct der *der, uint8_t tag, unsigned int number)
{
	uint8_t bytes[3] = { 0, (uint8_t)(number >> 8), (uint8_t)number };
	size_t first = number > 0x7fff ? 0 : number > 0xff ? 1 : 2;

	if (number > 0x7f && number <= 0xff) {
		first = 1;
	}
	put_tlv(der, tag, bytes + first, 3 - first);
}

static const uint8_t sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d,
	0x01 };

/* SEQUENCE { OID sgx.prefix.last, value } */
static void put_part(struct der *der, unsigned int prefix, unsigned int last,
	const struct der *value)
{
	uint8_t oid[sizeof(sgx) + 2];
	size_t size = sizeof(sgx);
	struct der pair = { .size = 0 };

	memcpy(oid, sgx, sizeof(sgx));
	if (prefix != 0) {
		oid[size++] = (uint8_t)prefix;
	}
	oid[size++] = (uint8_t)last;
	put_tlv(&pair, MBEDTLS_ASN1_OID, oid, size);
	put(&pair, value->bytes, value->size);
	put_tlv(der, 0x30, pair.bytes, pair.size);
}

static void put_tcb(struct der *der, const struct forge_pck *pck)
{
	struct der list = { .size = 0 };

	for (unsigned int i = 1; i <= 18; i++) {
		struct der value = { .size = 0 };

		if (i <= 16) {
			put_number(&value, MBEDTLS_ASN1_INTEGER,
				pck->components[i - 1]);
		} else if (i == 17) {
			put_number(&value, MBEDTLS_ASN1_INTEGER, pck->pcesvn);
		} else {
			put_tlv(&value, MBEDTLS_ASN1_OCTET_STRING,
				pck->components, 16);
		}
		put_part(&list, 2, i, &value);
	}
	put_tlv(der, 0x30, list.bytes, list.size);
}

static void put_configuration(struct der *der)
{
	struct der list = { .size = 0 };

	for (unsigned int i = 1; i <= 3; i++) {
		struct der value = { .size = 0 };
		uint8_t flag = i == 2 ? 0 : 0xff;

		put_tlv(&value, MBEDTLS_ASN1_BOOLEAN, &flag, 1);
		put_part(&list, 7, i, &value);
	}
	put_tlv(der, 0x30, list.bytes, list.size);
}

static void put_value(
	struct der *value, unsigned int part, const struct forge_pck *pck)
{
	static const uint8_t id[16] = { 0x1d };

	switch (part) {
	case 2:
		put_tcb(value, pck);
		break;
	case 3:
		put_tlv(value, MBEDTLS_ASN1_OCTET_STRING, pck->pceid, 2);
		break;
	case 4:
		put_tlv(value, MBEDTLS_ASN1_OCTET_STRING, pck->fmspc, 6);
		break;
	case 5:
		put_number(value, MBEDTLS_ASN1_ENUMERATED, 1);
		break;
	case 7:
		put_configuration(value);
		break;
	default:
		put_tlv(value, MBEDTLS_ASN1_OCTET_STRING, id, sizeof(id));
		break;
	}
}

static void make_extension(struct der *der, const struct forge_pck *pck)
{
	struct der list = { .size = 0 };

	for (unsigned int i = 1; i <= 7; i++) {
		struct der value = { .size = 0 };

		put_value(&value, i, pck);
		if (i != pck->leave_out) {
			put_part(&list, 0, i, &value);
		}
		if (i == pck->twice) {
			put_part(&list, 0, i, &value);
		}
	}
	der->size = 0;
	put_tlv(der, 0x30, list.bytes, list.size);
}

static const char *const names[FORGE_KEYS] = {
	[FORGE_ROOT] = "Intel SGX Root CA",
	[FORGE_CA] = "Intel SGX PCK Platform CA",
	[FORGE_PCK] = "Intel SGX PCK Certificate",
	[FORGE_SIGNER] = "Intel SGX TCB Signing",
	[FORGE_STRANGER] = "Intel SGX Root CA",
};

static void set_serial(mbedtls_x509write_cert *writer, unsigned char serial)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
	MUST(mbedtls_x509write_crt_set_serial_raw(writer, &serial, 1) == 0);
#else
	mbedtls_mpi number;

	mbedtls_mpi_init(&number);
	MUST(mbedtls_mpi_lset(&number, serial) == 0);
	MUST(mbedtls_x509write_crt_set_serial(writer, &number) == 0);
	mbedtls_mpi_free(&number);
#endif
}

size_t forge_certify(struct forge *forge,
	const struct forge_certificate *certificate, char *room)
{
	mbedtls_x509write_cert writer;
	struct der extension = { .size = 0 };
	char subject[128];
	char issuer[128];

	(void)snprintf(subject, sizeof(subject), "CN=%s",
		certificate->name != NULL ? certificate->name
					  : names[certificate->subject]);
	(void)snprintf(issuer, sizeof(issuer), "CN=%s",
		certificate->issuer_name != NULL ? certificate->issuer_name
						 : names[certificate->issuer]);
	mbedtls_x509write_crt_init(&writer);
	mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
	set_serial(&writer, certificate->serial);
	MUST(mbedtls_x509write_crt_set_subject_name(&writer, subject) == 0);
	MUST(mbedtls_x509write_crt_set_issuer_name(&writer, issuer) == 0);
	mbedtls_x509write_crt_set_subject_key(
		&writer, &forge->keys[certificate->subject]);
	mbedtls_x509write_crt_set_issuer_key(
		&writer, &forge->keys[certificate->issuer]);
	MUST(mbedtls_x509write_crt_set_validity(&writer,
		     certificate->from != NULL ? certificate->from
					       : "20250101000000",
		     certificate->to != NULL ? certificate->to
					     : "20260101000000") == 0);
	MUST(mbedtls_x509write_crt_set_basic_constraints(
		     &writer, certificate->is_ca, -1) == 0);
	MUST(mbedtls_x509write_crt_set_key_usage(&writer,
		     certificate->is_ca
			     ? MBEDTLS_X509_KU_KEY_CERT_SIGN |
				       MBEDTLS_X509_KU_CRL_SIGN
			     : MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0);
	if (certificate->pck != NULL) {
		make_extension(&extension, certificate->pck);
		MUST(mbedtls_x509write_crt_set_extension(&writer,
			     (const char *)sgx, sizeof(sgx), 0, extension.bytes,
			     extension.size) == 0);
	}
	MUST(mbedtls_x509write_crt_pem(&writer, (unsigned char *)room, 4096,
		     random_bytes, NULL) == 0);
	mbedtls_x509write_crt_free(&writer);
	return strlen(room) + 1;
}

struct forge_pck forge_usual_pck(void)
{
	return (struct forge_pck){
		.components = { 5, 5, 2, 2, 3, 1, 0, 3 },
		.pcesvn = 11,
		.fmspc = { 0x50, 0x80, 0x6f },
	};
}

size_t forge_usual(struct forge *forge, enum forge_who who, char *room)
{
	const struct forge_pck pck = forge_usual_pck();
	const struct forge_certificate usual[FORGE_KEYS] = {
		[FORGE_ROOT] = { FORGE_ROOT, FORGE_ROOT, .serial = 1,
			.is_ca = true },
		[FORGE_CA] = { FORGE_CA, FORGE_ROOT, .serial = 2,
			.is_ca = true },
		[FORGE_PCK] = { FORGE_PCK, FORGE_CA, .serial = 3, .pck = &pck },
		[FORGE_SIGNER] = { FORGE_SIGNER, FORGE_ROOT, .serial = 4 },
		[FORGE_STRANGER] = { FORGE_STRANGER, FORGE_STRANGER,
			.serial = 5, .is_ca = true },
	};

	return forge_certify(forge, &usual[who], room);
}

/* r and s of an ECDSA signature in DER, 32 bytes each. */
static void raw_signature(uint8_t *raw, const unsigned char *der, size_t size)
{
	unsigned char *at = (unsigned char *)(uintptr_t)der;
	size_t length;

	MUST(mbedtls_asn1_get_tag(&at, der + size, &length, 0x30) == 0);
	for (int i = 0; i < 2; i++) {
		mbedtls_mpi number;

		mbedtls_mpi_init(&number);
		MUST(mbedtls_asn1_get_mpi(&at, der + size, &number) == 0);
		MUST(mbedtls_mpi_write_binary(&number, raw + 32 * i, 32) == 0);
		mbedtls_mpi_free(&number);
	}
}

/* DER into room[160]; its length. */
static size_t sign(struct forge *forge, enum forge_who who, const void *bytes,
	size_t size, unsigned char *room)
{
	uint8_t digest[32];
	size_t length;

	MUST(psa_hash_compute(PSA_ALG_SHA_256, bytes, size, digest,
		     sizeof(digest), &length) == PSA_SUCCESS);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	MUST(mbedtls_pk_sign(&forge->keys[who], MBEDTLS_MD_SHA256, digest,
		     sizeof(digest), room, 160, &length, random_bytes,
		     NULL) == 0);
#else
	MUST(mbedtls_pk_sign(&forge->keys[who], MBEDTLS_MD_SHA256, digest,
		     sizeof(digest), room, &length, random_bytes, NULL) == 0);
#endif
	return length;
}

static void sign_raw(struct forge *forge, enum forge_who who, const void *bytes,
	size_t size, uint8_t *raw)
{
	unsigned char der[160];

	raw_signature(raw, der, sign(forge, who, bytes, size, der));
}

static void put_name(struct der *der, const char *name)
{
	static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
	struct der pair = { .size = 0 };
	struct der sequence = { .size = 0 };
	struct der set = { .size = 0 };

	put_tlv(&pair, MBEDTLS_ASN1_OID, common_name, sizeof(common_name));
	put_tlv(&pair, MBEDTLS_ASN1_UTF8_STRING, name, strlen(name));
	put_tlv(&sequence, 0x30, pair.bytes, pair.size);
	put_tlv(&set, 0x31, sequence.bytes, sequence.size);
	put_tlv(der, 0x30, set.bytes, set.size);
}

size_t forge_list(struct forge *forge, enum forge_who issuer,
	unsigned char serial, bool of_this_time, uint8_t *room)
{
	static const uint8_t ecdsa_sha256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48,
		0xce, 0x3d, 0x04, 0x03, 0x02 };
	const char *from = "250101000000Z";
	const char *to = of_this_time ? "260101000000Z" : "250201000000Z";
	struct der body = { .size = 0 };
	struct der whole = { .size = 0 };
	struct der bits = { .size = 1 };
	unsigned char signature[160];

	put_number(&body, MBEDTLS_ASN1_INTEGER, 1);
	put_tlv(&body, 0x30, ecdsa_sha256, sizeof(ecdsa_sha256));
	put_name(&body, names[issuer]);
	put_tlv(&body, MBEDTLS_ASN1_UTC_TIME, from, 13);
	put_tlv(&body, MBEDTLS_ASN1_UTC_TIME, to, 13);
	if (serial != 0) {
		struct der entry = { .size = 0 };
		struct der list = { .size = 0 };

		put_number(&entry, MBEDTLS_ASN1_INTEGER, serial);
		put_tlv(&entry, MBEDTLS_ASN1_UTC_TIME, from, 13);
		put_tlv(&list, 0x30, entry.bytes, entry.size);
		put_tlv(&body, 0x30, list.bytes, list.size);
	}
	put_tlv(&whole, 0x30, body.bytes, body.size);
	put(&bits, signature,
		sign(forge, issuer, whole.bytes, whole.size, signature));
	put_tlv(&whole, 0x30, ecdsa_sha256, sizeof(ecdsa_sha256));
	put_tlv(&whole, MBEDTLS_ASN1_BIT_STRING, bits.bytes, bits.size);
	body.size = 0;
	put_tlv(&body, 0x30, whole.bytes, whole.size);
	memcpy(room, body.bytes, body.size);
	return body.size;
}

struct forge_td forge_usual_td(const char *certificates)
{
	static const uint8_t qe_signer[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f,
		0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed,
		0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63,
		0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
	struct forge_td td = {
		.version = 5,
		.is_1_5 = true,
		.auth = { 1, 2, 3 },
		.qe_signer = FORGE_PCK,
		.certificates = certificates,
	};

	memcpy(td.report, (const uint8_t[]){ 5, 1, 5 }, 3); /* SVN */
	td.report[0x7b] = 0x10; /* SEPT_VE_DISABLE */
	td.report[0x80] = 0xe7; /* XFAM */
	memset(td.report + 0x88, 0x3d, 48);
	memset(td.report + 0x208, 0xda, 64);
	memcpy(td.report + 0x248, td.report, 16);
	td.qe_report[48] = 0x15; /* INIT, MODE64BIT, PROVISION_KEY */
	memcpy(td.qe_report + 128, qe_signer, sizeof(qe_signer));
	td.qe_report[256] = 2; /* ISVPRODID */
	td.qe_report[258] = 8; /* ISVSVN */
	return td;
}

static uint8_t *append(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *append_le(uint8_t *at, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		at[i] = (uint8_t)(number >> 8 * i);
	}
	return at + size;
}

static uint8_t *append_header(uint8_t *at, const struct forge_td *td)
{
	static const uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
		0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
	static const uint8_t user_data[20] = { 0x0d };
	size_t size = td->is_1_5 ? 648 : 584;

	at = append_le(at, td->version, 2);
	at = append_le(at, 2, 2);
	at = append_le(at, 0x81, 4);
	at = append_le(at, 0, 4);
	at = append(at, vendor, sizeof(vendor));
	at = append(at, user_data, sizeof(user_data));
	if (td->version == 5) {
		at = append_le(at, td->is_1_5 ? 3 : 2, 2);
		at = append_le(at, size, 4);
	}
	return append(at, td->report, size);
}

static void public_point(struct forge *forge, enum forge_who who, uint8_t *xy)
{
	unsigned char room[256];
	int size = mbedtls_pk_write_pubkey_der(
		&forge->keys[who], room, sizeof(room));

	MUST(size > 65);
	memcpy(xy, room + sizeof(room) - 64, 64);
}

/* The QE's report, about the attestation key, and its signature. */
static uint8_t *append_qe(uint8_t *at, struct forge *forge,
	const struct forge_td *td, const uint8_t *key)
{
	uint8_t bound[64 + sizeof(td->auth)];
	uint8_t report[384];
	uint8_t signature[64];
	size_t length;

	memcpy(report, td->qe_report, sizeof(report));
	memcpy(bound, key, 64);
	memcpy(bound + 64, td->auth, sizeof(td->auth));
	MUST(psa_hash_compute(PSA_ALG_SHA_256, bound, sizeof(bound),
		     report + 320, 32, &length) == PSA_SUCCESS);
	report[383] = td->wrong_tail;
	sign_raw(forge, td->qe_signer, report, sizeof(report), signature);
	at = append(at, report, sizeof(report));
	at = append(at, signature, sizeof(signature));
	at = append_le(at, sizeof(td->auth), 2);
	return append(at, td->auth, sizeof(td->auth));
}

size_t forge_quote(
	struct forge *forge, const struct forge_td *td, uint8_t *room)
{
	size_t pem = strlen(td->certificates) + 1;
	size_t inner = 384 + 64 + 2 + sizeof(td->auth) + 6 + pem;
	uint8_t *at = append_header(room, td);
	uint8_t signature[64];
	uint8_t key[64];

	public_point(forge, FORGE_ATTESTATION, key);
	sign_raw(
		forge, FORGE_ATTESTATION, room, (size_t)(at - room), signature);
	at = append_le(at, 64 + 64 + 6 + inner, 4);
	at = append(at, signature, sizeof(signature));
	at = append(at, key, sizeof(key));
	at = append_le(at, 6, 2);
	at = append_le(at, inner, 4);
	at = append_qe(at, forge, td, key);
	at = append_le(at, 5, 2);
	at = append_le(at, pem, 4);
	at = append(at, td->certificates, pem);
	return (size_t)(at - room);
}

void forge_sign_text(struct forge *forge, enum forge_who signer,
	const char *text, char *room)
{
	uint8_t signature[64];

	sign_raw(forge, signer, text, strlen(text), signature);
	for (size_t i = 0; i < sizeof(signature); i++) {
		(void)snprintf(room + 2 * i, 3, "%02x", signature[i]);
	}
}

size_t forge_answer(struct forge *forge, enum forge_who signer,
	const char *member, const char *object, char *room)
{
	char signature[129];
	int size;

	forge_sign_text(forge, signer, object, signature);
	size = snprintf(room, 16384, "{\"%s\":%s,\"signature\":\"%s\"}", member,
		object, signature);
	MUST(size > 0 && size < 16384);
	return (size_t)size;
}
