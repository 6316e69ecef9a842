/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/cca.h>

#include <stdio.h>
#include <string.h>

#include <verify/span.h>
#include <verify/verdict.h>

#define UEID_BYTES  33u
#define UEID_RANDOM 0x01 /* its first byte (RFC 9711, 4.2.1.1) */
#define RAW_KEY	    97u	 /* a point of P-384 */

enum profile {
	FIRST = 1,
	SECOND = 2,
	THIRD = 4,
	EVERY = 7,
};

/* What a value has to be. */
enum kind {
	ALGORITHM, /* the name of a hash algorithm */
	BIT,	   /* 0 or 1 */
	BYTES,	   /* 1 to CBX_CCA_BYTES_MAX */
	BYTES_32,
	BYTES_64,
	COMPONENTS, /* an array of maps; the claim is their number */
	FLAG,	    /* true or false */
	HASH,	    /* 32, 48 or 64 bytes */
	KEY,	    /* a COSE_Key in bytes; FIRST: or a point */
	LABEL,	    /* a text, at most CBX_CCA_TEXT_MAX bytes */
	LIFECYCLE,
	ONE,	   /* the number 1 */
	PROFILE,   /* checked before */
	REFUSED,   /* a claim that would have to be understood */
	REGISTERS, /* four digests; claims with a digit behind the name */
	TEXT,	   /* as LABEL, not empty */
	UEID,
};

struct row {
	int64_t key;
	enum kind kind;
	unsigned needed;
	unsigned known;
	const char *name;
};

#define X(key, KIND, needed, known, name) { key, KIND, needed, known, name },
static const struct row platform_rows[] = {
#define CBX_CCA_PLATFORM
#include <verify/cca.def>
#undef CBX_CCA_PLATFORM
	{ 0 },
};
static const struct row realm_rows[] = {
#define CBX_CCA_REALM
#include <verify/cca.def>
#undef CBX_CCA_REALM
	{ 0 },
};
static const struct row component_rows[] = {
#define CBX_CCA_COMPONENT
#include <verify/cca.def>
#undef CBX_CCA_COMPONENT
	{ 0 },
};
#undef X

static const struct {
	enum cbx_cca_half half;
	enum profile profile;
	const char *text;
} profiles[] = {
	{ CBX_CCA_HALF_PLATFORM, FIRST, "http://arm.com/CCA-SSD/1.0.0" },
	{ CBX_CCA_HALF_PLATFORM, SECOND,
		"tag:arm.com,2023:cca_platform#1.0.0" },
	{ CBX_CCA_HALF_PLATFORM, THIRD, "tag:arm.com,2024:cca_platform#2.0.0" },
	{ CBX_CCA_HALF_REALM, SECOND, "tag:arm.com,2023:realm#1.0.0" },
	{ CBX_CCA_HALF_REALM, THIRD, "tag:arm.com,2024:realm#2.0.0" },
};

/* A map whose claims are being read. */
struct place {
	struct cbx_verdict *verdict;
	const struct cbx_cbor *map;
	const struct row *rows;
	unsigned profile;
	const char *prefix; /* of the claims' names */
};

static enum cbx_refusal refuse(const struct place *place, const struct row *row,
	enum cbx_refusal reason, const char *why)
{
	return cbx_refuse(place->verdict, reason, "%s%s: %s", place->prefix,
		row->name, why);
}

size_t cbx_cca_digest_bytes(const struct cbx_cbor *algorithm)
{
	return cbx_cbor_is_text(algorithm, "sha-256")	? 32
	       : cbx_cbor_is_text(algorithm, "sha-384") ? 48
	       : cbx_cbor_is_text(algorithm, "sha-512") ? 64
							: 0;
}

static bool is_bytes(const struct cbx_cbor *item, size_t least, size_t most)
{
	return item->kind == CBX_CBOR_BYTES && item->bytes.size >= least &&
	       item->bytes.size <= most;
}

static bool is_hash(const struct cbx_cbor *item)
{
	return is_bytes(item, 32, 64) && item->bytes.size % 16 == 0;
}

static bool is_text(const struct cbx_cbor *item, size_t least)
{
	return item->kind == CBX_CBOR_TEXT && item->bytes.size >= least &&
	       item->bytes.size <= CBX_CCA_TEXT_MAX;
}

/* Upper byte: seven states; lower byte: the implementation's. */
static bool is_lifecycle(const struct cbx_cbor *item)
{
	return item->kind == CBX_CBOR_UINT && item->number <= 0x60ff &&
	       (item->number & 0x0f00) == 0;
}

/* Only the form: whether it is on the curve shows when it is used. */
static bool is_key(const struct cbx_cbor *item, unsigned profile)
{
	if (!is_bytes(item, 1, CBX_CCA_BYTES_MAX)) {
		return false;
	}
	return item->bytes.bytes[0] >> 5 == CBX_CBOR_MAP ||
	       (profile == FIRST && item->bytes.size == RAW_KEY);
}

static bool is_registers(const struct cbx_cbor *item)
{
	for (size_t i = 0; i < CBX_CCA_REGISTERS; i++) {
		const struct cbx_cbor *rem = cbx_cbor_at(item, i);

		if (rem == NULL || !is_hash(rem)) {
			return false;
		}
	}
	return item->number == CBX_CCA_REGISTERS;
}

static bool is_components(const struct cbx_cbor *item)
{
	return item->kind == CBX_CBOR_ARRAY && item->number >= 1 &&
	       item->number <= CBX_CCA_COMPONENTS;
}

static bool is_kind(
	const struct cbx_cbor *item, enum kind kind, unsigned profile)
{
	switch (kind) {
	case ALGORITHM:
	case TEXT:
		return is_text(item, 1);
	case LABEL:
		return is_text(item, 0);
	case BIT:
		return item->kind == CBX_CBOR_UINT && item->number <= 1;
	case ONE:
		return item->kind == CBX_CBOR_UINT && item->number == 1;
	case FLAG:
		return item->kind == CBX_CBOR_FLAG;
	case BYTES:
		return is_bytes(item, 1, CBX_CCA_BYTES_MAX);
	case BYTES_32:
		return is_bytes(item, 32, 32);
	case BYTES_64:
		return is_bytes(item, 64, 64);
	case HASH:
		return is_hash(item);
	case UEID:
		return is_bytes(item, UEID_BYTES, UEID_BYTES) &&
		       item->bytes.bytes[0] == UEID_RANDOM;
	case KEY:
		return is_key(item, profile);
	case LIFECYCLE:
		return is_lifecycle(item);
	case COMPONENTS:
		return is_components(item);
	case REGISTERS:
		return is_registers(item);
	case PROFILE:
	case REFUSED:
		return true;
	}
	return false;
}

static void add(const struct place *place, const struct row *row,
	const struct cbx_cbor *item)
{
	switch (item->kind) {
	case CBX_CBOR_TEXT:
		cbx_claim_text(place->verdict, item->bytes, "%s%s",
			place->prefix, row->name);
		break;
	case CBX_CBOR_BYTES:
		cbx_claim_bytes(place->verdict, item->bytes, "%s%s",
			place->prefix, row->name);
		break;
	case CBX_CBOR_FLAG:
		cbx_claim_flag(place->verdict, item->number != 0, "%s%s",
			place->prefix, row->name);
		break;
	case CBX_CBOR_UINT:
		cbx_claim_number(place->verdict, item->number, "%s%s",
			place->prefix, row->name);
		break;
	case CBX_CBOR_ARRAY:
		break; /* its parts are claims */
	case CBX_CBOR_NINT:
	case CBX_CBOR_MAP:
	case CBX_CBOR_TAG:
	case CBX_CBOR_NULL:
		break; /* no kind of claim */
	}
}

static void add_registers(
	const struct place *place, const struct cbx_cbor *array)
{
	for (unsigned i = 0; i < CBX_CCA_REGISTERS; i++) {
		cbx_claim_bytes(place->verdict, cbx_cbor_at(array, i)->bytes,
			"cca.rem%u", i);
	}
}

static enum cbx_refusal read_claims(const struct place *place);

static enum cbx_refusal read_components(
	const struct place *outer, const struct cbx_cbor *array)
{
	cbx_claim_number(
		outer->verdict, array->number, "cca.platform.components");
	for (unsigned i = 0; i < array->number; i++) {
		char prefix[40];
		const struct place place = { outer->verdict,
			cbx_cbor_at(array, i), component_rows, outer->profile,
			prefix };
		enum cbx_refusal reason;

		(void)snprintf(prefix, sizeof(prefix),
			"cca.platform.component.%u.", i);
		if (place.map->kind != CBX_CBOR_MAP) {
			return cbx_refuse(place.verdict, CBX_REFUSED_MALFORMED,
				"cca.platform.component.%u: not a map", i);
		}
		reason = read_claims(&place);
		if (reason != CBX_ACCEPTED) {
			return reason;
		}
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal read_claim(const struct place *place,
	const struct row *row, const struct cbx_cbor *item)
{
	if (row->kind == REFUSED) {
		return refuse(place, row, CBX_REFUSED_UNSUPPORTED,
			"it says what else the platform is made of");
	}
	if (!is_kind(item, row->kind, place->profile)) {
		return refuse(place, row, CBX_REFUSED_MALFORMED,
			"of the wrong type or size");
	}
	if (row->kind == ALGORITHM && cbx_cca_digest_bytes(item) == 0) {
		return refuse(place, row, CBX_REFUSED_UNSUPPORTED,
			"neither sha-256, sha-384 nor sha-512");
	}
	add(place, row, item);
	if (row->kind == REGISTERS) {
		add_registers(place, item);
	}
	return row->kind == COMPONENTS ? read_components(place, item)
				       : CBX_ACCEPTED;
}

static enum cbx_refusal read_claims(const struct place *place)
{
	for (const struct row *row = place->rows; row->name != NULL; row++) {
		const struct cbx_cbor *item =
			(row->known & place->profile) == 0
				? NULL
				: cbx_cbor_find(place->map, row->key);
		enum cbx_refusal reason = CBX_ACCEPTED;

		if (item != NULL) {
			reason = read_claim(place, row, item);
		} else if ((row->needed & place->profile) != 0) {
			reason = refuse(place, row, CBX_REFUSED_MALFORMED,
				"it is missing");
		}
		if (reason != CBX_ACCEPTED) {
			return reason;
		}
	}
	return CBX_ACCEPTED;
}

/* 0: none that is known. */
static unsigned profile_of(
	enum cbx_cca_half half, const struct cbx_cbor *profile)
{
	if (profile == NULL && half == CBX_CCA_HALF_REALM) {
		return FIRST;
	}
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (profiles[i].half == half &&
			cbx_cbor_is_text(profile, profiles[i].text)) {
			return profiles[i].profile;
		}
	}
	return 0;
}

/* Measurements of a realm are all made by one algorithm, whose digests are not
 * longer than they are. */
static enum cbx_refusal check_registers(const struct place *place)
{
	const struct cbx_cbor *rim = cbx_cbor_find(place->map, 44238);
	const struct cbx_cbor *rems = cbx_cbor_find(place->map, 44239);
	const struct cbx_cbor *algorithm = cbx_cbor_find(place->map, 44236);

	if (rim->bytes.size < cbx_cca_digest_bytes(algorithm)) {
		return cbx_refuse(place->verdict, CBX_REFUSED_MALFORMED,
			"cca.rim: shorter than its algorithm's digests");
	}
	for (size_t i = 0; i < CBX_CCA_REGISTERS; i++) {
		if (cbx_cbor_at(rems, i)->bytes.size != rim->bytes.size) {
			return cbx_refuse(place->verdict, CBX_REFUSED_MALFORMED,
				"cca.rem%zu: not of the same size as cca.rim",
				i);
		}
	}
	return CBX_ACCEPTED;
}

enum cbx_refusal cbx_cca_claims(struct cbx_verdict *verdict,
	enum cbx_cca_half half, const struct cbx_cbor *claims)
{
	const struct cbx_cbor *profile = cbx_cbor_find(claims, CBX_CCA_PROFILE);
	const bool platform = half == CBX_CCA_HALF_PLATFORM;
	const struct place place = { verdict, claims,
		platform ? platform_rows : realm_rows,
		profile_of(half, profile), "" };
	enum cbx_refusal reason;

	if (claims == NULL || claims->kind != CBX_CBOR_MAP) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%s: the claims are no map",
			platform ? "platform" : "realm");
	}
	if (place.profile == 0) {
		return cbx_refuse(verdict,
			profile != NULL && profile->kind == CBX_CBOR_TEXT
				? CBX_REFUSED_UNSUPPORTED
				: CBX_REFUSED_MALFORMED,
			"%s: missing, or none that is verified here",
			place.rows[0].name);
	}
	reason = read_claims(&place);
	return reason == CBX_ACCEPTED && !platform ? check_registers(&place)
						   : reason;
}
