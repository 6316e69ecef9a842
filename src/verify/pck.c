/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/pck.h>

#include <mbedtls/asn1.h>

#include <verify/span.h>

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

/* 1.2.840.113741.1.13.1; one number more for each of its parts. */
static const uint8_t sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d,
	0x01 };

/* Parts of the extension, parts of its part 2. */
enum part {
	PPID = 1,
	TCB = 2,
	PCEID = 3,
	FMSPC = 4,
	SGX_TYPE = 5,
	INSTANCE = 6,
	CONFIGURATION = 7,
};
enum {
	TCB_PCESVN = CBX_PCK_COMPONENTS + 1,
	TCB_CPUSVN = CBX_PCK_COMPONENTS + 2,
};

/* DER that is read from front to back. */
struct der {
	unsigned char *p;
	const unsigned char *end;
};

/* The value of a DER element with this tag; NULL bytes when it is not next. */
static struct cbx_span take(struct der *der, int tag)
{
	struct cbx_span value = { 0 };
	size_t size;

	if (mbedtls_asn1_get_tag(&der->p, der->end, &size, tag) == 0) {
		value = (struct cbx_span){ der->p, size };
		der->p += size;
	}
	return value;
}

/* The library reads from what it could write to. */
static struct der der_of(struct cbx_span span)
{
	unsigned char *start = (unsigned char *)(uintptr_t)span.bytes;

	return (struct der){ start,
		span.size == 0 ? start : span.bytes + span.size };
}

/* A number from 0 to @p limit, the rest of @p der. */
static bool read_number(struct der *der, int limit, uint16_t *number)
{
	int value;

	if (mbedtls_asn1_get_int(&der->p, der->end, &value) != 0 ||
		der->p != der->end || value < 0 || value > limit) {
		return false;
	}
	*number = (uint16_t)value;
	return true;
}

/* Bytes, @p size of them, the rest of @p der. */
static bool read_bytes(struct der *der, size_t size, struct cbx_span *bytes)
{
	*bytes = take(der, MBEDTLS_ASN1_OCTET_STRING);
	return bytes->size == size && der->p == der->end;
}

/* The next SEQUENCE of an OID below @p prefix and a value: its last number, and
 * the value in @p value; 0 when there is none, or it came before. */
static uint8_t next_part(struct der *list, struct cbx_span prefix,
	uint32_t *seen, struct der *value)
{
	struct cbx_span pair = take(list, SEQUENCE);
	uint8_t last;

	if (pair.bytes == NULL) {
		return 0;
	}
	*value = der_of(pair);

	struct cbx_span oid = take(value, MBEDTLS_ASN1_OID);

	if (oid.size != prefix.size + 1 ||
		memcmp(oid.bytes, prefix.bytes, prefix.size) != 0) {
		return 0;
	}
	last = oid.bytes[prefix.size];
	if (last == 0 || last >= 32 || (*seen & 1u << last) != 0) {
		return 0;
	}
	*seen |= 1u << last;
	return last;
}

static bool read_tcb_part(uint8_t part, struct der *value, struct cbx_pck *pck)
{
	uint16_t number;

	if (part == TCB_PCESVN) {
		return read_number(value, UINT16_MAX, &pck->pcesvn);
	}
	if (part == TCB_CPUSVN) {
		return read_bytes(value, 16, &pck->cpusvn);
	}
	if (part > CBX_PCK_COMPONENTS ||
		!read_number(value, UINT8_MAX, &number)) {
		return false;
	}
	pck->components[part - 1] = (uint8_t)number;
	return true;
}

static bool read_tcb(struct der *der, struct cbx_pck *pck)
{
	static const uint8_t prefix[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d,
		0x01, 0x0d, 0x01, TCB };
	const uint32_t all = (1u << (TCB_CPUSVN + 1)) - 2;
	struct cbx_span list = take(der, SEQUENCE);
	struct der parts = der_of(list);
	uint32_t seen = 0;

	if (list.bytes == NULL || der->p != der->end) {
		return false;
	}
	while (parts.p != parts.end) {
		struct der value;
		uint8_t part = next_part(&parts,
			(struct cbx_span){ prefix, sizeof(prefix) }, &seen,
			&value);

		if (part == 0 || !read_tcb_part(part, &value, pck)) {
			return false;
		}
	}
	return seen == all;
}

static bool read_type(struct der *der, uint8_t *type)
{
	struct cbx_span value = take(der, MBEDTLS_ASN1_ENUMERATED);

	*type = value.size == 1 ? value.bytes[0] : 0;
	return value.size == 1 && der->p == der->end;
}

static bool read_part(uint8_t part, struct der *value, struct cbx_pck *pck)
{
	switch (part) {
	case PPID:
		return read_bytes(value, 16, &pck->ppid);
	case TCB:
		return read_tcb(value, pck);
	case PCEID:
		return read_bytes(value, 2, &pck->pceid);
	case FMSPC:
		return read_bytes(value, 6, &pck->fmspc);
	case SGX_TYPE:
		return read_type(value, &pck->sgx_type);
	case INSTANCE:
		return read_bytes(value, 16, &pck->instance);
	case CONFIGURATION:
		pck->configuration = take(value, SEQUENCE);
		return pck->configuration.bytes != NULL &&
		       value->p == value->end;
	default:
		return false;
	}
}

/* The parts of the extension's value. */
static bool read_parts(struct der *der, struct cbx_pck *pck)
{
	const uint32_t wanted = 1u << PPID | 1u << TCB | 1u << PCEID |
				1u << FMSPC | 1u << SGX_TYPE;
	struct cbx_span list = take(der, SEQUENCE);
	struct der parts = der_of(list);
	uint32_t seen = 0;

	if (list.bytes == NULL || der->p != der->end) {
		return false;
	}
	while (parts.p != parts.end) {
		struct der value;
		uint8_t part = next_part(&parts,
			(struct cbx_span){ sgx, sizeof(sgx) }, &seen, &value);

		if (part == 0 || !read_part(part, &value, pck)) {
			return false;
		}
	}
	return (seen & wanted) == wanted;
}

enum cbx_refusal cbx_pck_read(struct cbx_verdict *verdict,
	const mbedtls_x509_crt *certificate, struct cbx_pck *pck)
{
	struct cbx_span extension;
	enum cbx_extension_found found = cbx_certificate_extension(
		certificate, (struct cbx_span){ sgx, sizeof(sgx) }, &extension);
	struct der der = der_of(extension);

	*pck = (struct cbx_pck){ 0 };
	if (found == CBX_EXTENSION_ABSENT) {
		return cbx_refuse(verdict, CBX_REFUSED_CERTIFICATE,
			"the PCK certificate has no SGX extension");
	}
	if (found != CBX_EXTENSION_FOUND || !read_parts(&der, pck)) {
		return cbx_refuse(verdict, CBX_REFUSED_CERTIFICATE,
			"the PCK certificate's SGX extension is malformed");
	}
	return CBX_ACCEPTED;
}

/* Flags of how the platform is set up, as far as they are there. */
static void claim_configuration(
	struct cbx_verdict *verdict, const struct cbx_pck *pck)
{
	static const uint8_t prefix[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d,
		0x01, 0x0d, 0x01, CONFIGURATION };
	static const char *const names[] = { "dynamic-platform", "cached-keys",
		"smt" };
	struct der parts = der_of(pck->configuration);
	uint32_t seen = 0;

	while (parts.p != parts.end) {
		struct der value;
		uint8_t part = next_part(&parts,
			(struct cbx_span){ prefix, sizeof(prefix) }, &seen,
			&value);
		int flag;

		if (part == 0 || part > 3 ||
			mbedtls_asn1_get_bool(&value.p, value.end, &flag) !=
				0) {
			return;
		}
		cbx_claim_flag(
			verdict, flag != 0, "tdx.pck.%s", names[part - 1]);
	}
}

void cbx_pck_claim(struct cbx_verdict *verdict, const struct cbx_pck *pck)
{
	const struct cbx_span components = { pck->components,
		sizeof(pck->components) };

	cbx_claim_bytes(verdict, pck->fmspc, "tdx.pck.fmspc");
	cbx_claim_bytes(verdict, pck->pceid, "tdx.pck.pceid");
	cbx_claim_bytes(verdict, pck->ppid, "tdx.pck.ppid");
	cbx_claim_bytes(verdict, pck->cpusvn, "tdx.pck.cpusvn");
	cbx_claim_bytes(verdict, components, "tdx.pck.components");
	cbx_claim_number(verdict, pck->pcesvn, "tdx.pck.pcesvn");
	cbx_claim_number(verdict, pck->sgx_type, "tdx.pck.sgx-type");
	if (pck->instance.size != 0) {
		cbx_claim_bytes(verdict, pck->instance, "tdx.pck.instance");
	}
	claim_configuration(verdict, pck);
}
