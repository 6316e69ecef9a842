/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extensions of a VCEK's or VLEK's certificate, AMD 57230 table 8.
 */
#include <verify/snp.h>

#include <string.h>

#include <mbedtls/asn1.h>

#include <verify/span.h>

/* Parts of 1.3.6.1.4.1.3704.1 */
#define STRUCTURE_VERSION 1u
#define PRODUCT_NAME	  2u
#define SPL		  3u
#define CHIP		  4u
#define PROVIDER	  5u

static const struct {
	enum cbx_snp_product product;
	const char *name;
} names[] = {
	{ CBX_SNP_MILAN, "Milan" },
	{ CBX_SNP_GENOA, "Genoa" },
	{ CBX_SNP_GENOA, "Bergamo" }, /* Genoa's root, and its bytes */
	{ CBX_SNP_GENOA, "Siena" },
	{ CBX_SNP_TURIN, "Turin" },
};
#define NAMES (sizeof(names) / sizeof(names[0]))

/* Which security patch level is which byte of a TCB. */
static const uint8_t before_turin[CBX_SNP_TCB_SIZE] = { 1, 2, 4, 5, 6, 7, 3,
	8 };
static const uint8_t since_turin[CBX_SNP_TCB_SIZE] = { 9, 1, 2, 3, 5, 6, 7, 8 };

const char *cbx_snp_product_name(enum cbx_snp_product product)
{
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i].product == product) {
			return names[i].name;
		}
	}
	return "";
}

/* Extension 1.3.6.1.4.1.3704.1.x, or .x.y when y is not 0. */
static enum cbx_extension_found find(const mbedtls_x509_crt *certificate,
	uint8_t x, uint8_t y, struct cbx_span *value)
{
	const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01,
		x, y };

	return cbx_certificate_extension(certificate,
		(struct cbx_span){ oid, sizeof(oid) - (y == 0 ? 1 : 0) },
		value);
}

/* An INTEGER of 0 to 255 and nothing else. */
static bool read_byte(const mbedtls_x509_crt *certificate, uint8_t x, uint8_t y,
	uint8_t *byte)
{
	struct cbx_span value;
	unsigned char *at;
	int number;

	if (find(certificate, x, y, &value) != CBX_EXTENSION_FOUND) {
		return false;
	}
	at = (unsigned char *)(uintptr_t)value.bytes;
	if (mbedtls_asn1_get_int(&at, value.bytes + value.size, &number) != 0 ||
		at != value.bytes + value.size || (unsigned int)number > 255) {
		return false;
	}
	*byte = (uint8_t)number;
	return true;
}

/* An IA5String that is not empty, and nothing else. */
static bool read_text(
	const mbedtls_x509_crt *certificate, uint8_t x, struct cbx_span *text)
{
	struct cbx_span value;
	unsigned char *at;
	size_t size;

	if (find(certificate, x, 0, &value) != CBX_EXTENSION_FOUND) {
		return false;
	}
	at = (unsigned char *)(uintptr_t)value.bytes;
	if (mbedtls_asn1_get_tag(&at, value.bytes + value.size, &size,
		    MBEDTLS_ASN1_IA5_STRING) != 0 ||
		at + size != value.bytes + value.size || size == 0) {
		return false;
	}
	*text = (struct cbx_span){ at, size };
	return true;
}

/* "Milan", or "Milan-" and a stepping. */
static enum cbx_snp_product product_named(struct cbx_span text)
{
	for (size_t i = 0; i < NAMES; i++) {
		size_t length = strlen(names[i].name);

		if (text.size >= length &&
			memcmp(text.bytes, names[i].name, length) == 0 &&
			(text.size == length || text.bytes[length] == '-')) {
			return names[i].product;
		}
	}
	return CBX_SNP_UNKNOWN;
}

static const char *read_product(struct cbx_snp_leaf *leaf)
{
	struct cbx_span text;
	uint8_t version;

	if (!read_text(leaf->certificate, PRODUCT_NAME, &text)) {
		return "no product's name";
	}
	leaf->product = product_named(text);
	if (leaf->product == CBX_SNP_UNKNOWN) {
		return "an unknown product's name";
	}
	if (!read_byte(leaf->certificate, STRUCTURE_VERSION, 0, &version) ||
		version != (leaf->product == CBX_SNP_TURIN ? 1 : 0)) {
		return "a version of extensions that is not the product's";
	}
	return NULL;
}

static const char *read_tcb(struct cbx_snp_leaf *leaf)
{
	bool turin = leaf->product == CBX_SNP_TURIN;
	const uint8_t *order = turin ? since_turin : before_turin;
	struct cbx_span value;

	for (size_t i = 0; i < CBX_SNP_TCB_SIZE; i++) {
		if (!read_byte(
			    leaf->certificate, SPL, order[i], &leaf->tcb[i])) {
			return "a security patch level is not there";
		}
	}
	return find(leaf->certificate, SPL, turin ? 4 : 9, &value) ==
			       CBX_EXTENSION_ABSENT
		       ? NULL
		       : "a security patch level of another product";
}

/* Newer certificates have it in an OCTET STRING, older ones as it is. */
static bool read_chip(
	const mbedtls_x509_crt *certificate, size_t size, struct cbx_span *chip)
{
	if (find(certificate, CHIP, 0, chip) != CBX_EXTENSION_FOUND) {
		return false;
	}
	if (chip->size == size + 2 &&
		chip->bytes[0] == MBEDTLS_ASN1_OCTET_STRING &&
		chip->bytes[1] == size) {
		*chip = cbx_span_part(*chip, 2, size);
	}
	return chip->size == size;
}

static const char *read_identity(struct cbx_snp_leaf *leaf)
{
	const size_t size =
		leaf->product == CBX_SNP_TURIN ? 8 : CBX_SNP_CHIP_ID_SIZE;

	if (leaf->vlek) {
		return read_text(leaf->certificate, PROVIDER, &leaf->identity)
			       ? NULL
			       : "no provider's name";
	}
	return read_chip(leaf->certificate, size, &leaf->identity)
		       ? NULL
		       : "no chip's identity of the product's size";
}

bool cbx_snp_leaf_read(
	const mbedtls_x509_crt *certificate, struct cbx_snp_leaf *leaf)
{
	struct cbx_span value;
	bool chip = find(certificate, CHIP, 0, &value) != CBX_EXTENSION_ABSENT;
	bool provider =
		find(certificate, PROVIDER, 0, &value) != CBX_EXTENSION_ABSENT;

	*leaf = (struct cbx_snp_leaf){ .certificate = certificate,
		.vlek = provider };
	if (!chip && !provider) {
		return false;
	}
	if (chip && provider) {
		leaf->broken = "both a chip's and a provider's";
	} else if (cbx_certificate_is_ca(certificate)) {
		leaf->broken = "it issues certificates";
	}
	if (leaf->broken == NULL) {
		leaf->broken = read_product(leaf);
	}
	if (leaf->broken == NULL) {
		leaf->broken = read_tcb(leaf);
	}
	if (leaf->broken == NULL) {
		leaf->broken = read_identity(leaf);
	}
	return true;
}

bool cbx_snp_leaf_is_chip(
	const struct cbx_snp_leaf *leaf, const struct cbx_snp_report *report)
{
	size_t size = leaf->identity.size;

	if (leaf->vlek) {
		return true;
	}
	return size <= CBX_SNP_CHIP_ID_SIZE &&
	       cbx_span_equal(leaf->identity,
		       cbx_snp_field(report, CBX_SNP_CHIP_ID, size)) &&
	       cbx_span_is_zero(cbx_snp_field(report, CBX_SNP_CHIP_ID + size,
		       CBX_SNP_CHIP_ID_SIZE - size));
}
