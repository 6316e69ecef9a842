/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/certificate.h>

#include <time.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

#include <verify/span.h>

int64_t cbx_x509_seconds(const mbedtls_x509_time *time)
{
	struct tm parts = {
		.tm_year = time->year - 1900,
		.tm_mon = time->mon - 1,
		.tm_mday = time->day,
		.tm_hour = time->hour,
		.tm_min = time->min,
		.tm_sec = time->sec,
	};

	return timegm(&parts);
}

bool cbx_certificate_valid_at(const mbedtls_x509_crt *certificate, int64_t now)
{
	return cbx_x509_seconds(&certificate->valid_from) <= now &&
	       now <= cbx_x509_seconds(&certificate->valid_to);
}

static bool rsa_usual(const mbedtls_pk_context *key)
{
	size_t bits = mbedtls_pk_get_bitlen(key);
	mbedtls_mpi exponent;
	bool usual;

	mbedtls_mpi_init(&exponent);
	usual = bits >= 2048 && bits <= 4096 &&
		mbedtls_rsa_export(mbedtls_pk_rsa(*key), NULL, NULL, NULL, NULL,
			&exponent) == 0 &&
		mbedtls_mpi_bitlen(&exponent) <= 32;
	mbedtls_mpi_free(&exponent);
	return usual;
}

static mbedtls_ecp_group_id group_of(const mbedtls_pk_context *key)
{
	return mbedtls_pk_ec(*key)->MBEDTLS_PRIVATE(grp).id;
}

bool cbx_certificate_key_usual(const mbedtls_x509_crt *certificate)
{
	const mbedtls_pk_context *key = &certificate->pk;

	switch ((int)mbedtls_pk_get_type(key)) {
	case MBEDTLS_PK_RSA:
		return rsa_usual(key);
	case MBEDTLS_PK_ECKEY:
		return group_of(key) == MBEDTLS_ECP_DP_SECP256R1 ||
		       group_of(key) == MBEDTLS_ECP_DP_SECP384R1 ||
		       group_of(key) == MBEDTLS_ECP_DP_SECP521R1;
	default:
		return false;
	}
}

struct cbx_span cbx_certificate_point(
	const mbedtls_x509_crt *certificate, mbedtls_ecp_group_id group)
{
	const mbedtls_pk_context *key = &certificate->pk;
	unsigned char *at = certificate->pk_raw.p;
	const unsigned char *end = at + certificate->pk_raw.len;
	size_t size;

	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_ECKEY ||
		group_of(key) != group ||
		mbedtls_asn1_get_tag(&at, end, &size,
			MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) !=
			0 ||
		mbedtls_asn1_get_tag(&at, end, &size,
			MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) !=
			0) {
		return (struct cbx_span){ 0 };
	}
	at += size;
	if (mbedtls_asn1_get_bitstring_null(&at, end, &size) != 0 ||
		size == 0 || at[0] != 0x04) {
		return (struct cbx_span){ 0 };
	}
	return (struct cbx_span){ at, size };
}

/* The next of a list of extensions.  @return false when it is not DER */
static bool next_extension(unsigned char **at, const unsigned char *end,
	struct cbx_span *oid, struct cbx_span *value)
{
	const unsigned char *last;
	size_t size;
	int critical;

	if (mbedtls_asn1_get_tag(at, end, &size,
		    MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0) {
		return false;
	}
	last = *at + size;
	if (mbedtls_asn1_get_tag(at, last, &size, MBEDTLS_ASN1_OID) != 0) {
		return false;
	}
	*oid = (struct cbx_span){ *at, size };
	*at += size;
	if (*at < last && **at == MBEDTLS_ASN1_BOOLEAN &&
		mbedtls_asn1_get_bool(at, last, &critical) != 0) {
		return false;
	}
	if (mbedtls_asn1_get_tag(at, last, &size, MBEDTLS_ASN1_OCTET_STRING) !=
		0) {
		return false;
	}
	*value = (struct cbx_span){ *at, size };
	*at += size;
	return *at == last;
}

enum cbx_extension_found cbx_certificate_extension(
	const mbedtls_x509_crt *certificate, struct cbx_span oid,
	struct cbx_span *value)
{
	enum cbx_extension_found found = CBX_EXTENSION_ABSENT;
	unsigned char *at = certificate->v3_ext.p;
	const unsigned char *end;
	struct cbx_span this_oid;
	struct cbx_span this_value;
	size_t size;

	*value = (struct cbx_span){ 0 };
	if (certificate->v3_ext.len == 0) {
		return CBX_EXTENSION_ABSENT;
	}
	end = at + certificate->v3_ext.len;
	if (mbedtls_asn1_get_tag(&at, end, &size,
		    MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0) {
		return CBX_EXTENSION_BROKEN;
	}
	while (at < end) {
		if (!next_extension(&at, end, &this_oid, &this_value) ||
			(cbx_span_equal(this_oid, oid) &&
				found == CBX_EXTENSION_FOUND)) {
			*value = (struct cbx_span){ 0 };
			return CBX_EXTENSION_BROKEN;
		}
		if (cbx_span_equal(this_oid, oid)) {
			*value = this_value;
			found = CBX_EXTENSION_FOUND;
		}
	}
	return found;
}

struct cbx_span cbx_certificate_name(const mbedtls_x509_crt *certificate)
{
	const mbedtls_x509_name *name = &certificate->subject;

	for (; name != NULL; name = name->next) {
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0) {
			return (struct cbx_span){ name->val.p, name->val.len };
		}
	}
	return (struct cbx_span){ 0 };
}
