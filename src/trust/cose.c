/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/cose.h>

#include <string.h>

#include <trust/labels.h>

#define HEADER_ITEMS  48u
#define STRUCTURE_MAX 32u /* of the parts that are not spans */

/* What an algorithm is in PSA's words. */
struct algorithm {
	int64_t alg;
	uint32_t accept; /* CBX_COSE_ACCEPT_* */
	psa_algorithm_t hash;
	size_t hash_size;
	size_t size; /* of x; half a signature */
};

static const struct algorithm algorithms[] = {
	{ CBX_COSE_ALG_ES256, CBX_COSE_ACCEPT_ES256, PSA_ALG_SHA_256, 32, 32 },
	{ CBX_COSE_ALG_ES384, CBX_COSE_ACCEPT_ES384, PSA_ALG_SHA_384, 48, 48 },
	{ CBX_COSE_ALG_ES512, CBX_COSE_ACCEPT_ES512, PSA_ALG_SHA_512, 64, 66 },
};

static const struct algorithm *find_algorithm(int64_t alg)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]);
		i++) {
		if (algorithms[i].alg == alg) {
			return &algorithms[i];
		}
	}
	return NULL;
}

const char *cbx_cose_error_text(enum cbx_cose_error error)
{
	switch (error) {
	case CBX_COSE_FINE:
		return "well-formed";
	case CBX_COSE_MALFORMED:
		return "not a well-formed COSE_Sign1";
	case CBX_COSE_CRITICAL:
		return "a critical COSE header that is not known";
	case CBX_COSE_ALGORITHM:
		return "a COSE algorithm that is not accepted";
	case CBX_COSE_HEADER:
		return "a COSE header that has no place here";
	default:
		return "unknown";
	}
}

/* --------------------------------------------------------------- headers -- */

/* Whether some key of map a is in map b, too. */
static bool have_common_key(const struct cbx_cbor *a, const struct cbx_cbor *b)
{
	const struct cbx_cbor *key = a + 1;

	for (uint64_t i = 0; i < a->number; i++) {
		const struct cbx_cbor *other = b + 1;

		for (uint64_t j = 0; j < b->number; j++) {
			if (cbx_cbor_same(key, other)) {
				return true;
			}
			other = cbx_cbor_next(cbx_cbor_next(other));
		}
		key = cbx_cbor_next(cbx_cbor_next(key));
	}
	return false;
}

/* Whether all that is critical is there and known. */
static enum cbx_cose_error check_critical(const struct cbx_cbor *header)
{
	const struct cbx_cbor *critical =
		cbx_cbor_find(header, CBX_COSE_HEADER_CRIT);

	if (critical == NULL) {
		return CBX_COSE_FINE;
	}
	if (critical->kind != CBX_CBOR_ARRAY || critical->number == 0) {
		return CBX_COSE_MALFORMED;
	}
	for (size_t i = 0; i < critical->number; i++) {
		const struct cbx_cbor *label = cbx_cbor_at(critical, i);
		int64_t number;

		if (!cbx_cbor_integer(label, &number) ||
			(number != CBX_COSE_HEADER_ALG &&
				number != CBX_COSE_HEADER_CONTENT_TYPE &&
				number != CBX_COSE_HEADER_KID)) {
			return CBX_COSE_CRITICAL;
		}
		if (cbx_cbor_find(header, number) == NULL) {
			return CBX_COSE_MALFORMED;
		}
	}
	return CBX_COSE_FINE;
}

/* The key identifier of one of the headers; false when it is no bytes. */
static bool read_kid(const struct cbx_cbor *header, struct cbx_span *kid)
{
	const struct cbx_cbor *item =
		cbx_cbor_find(header, CBX_COSE_HEADER_KID);

	if (item != NULL) {
		*kid = item->bytes;
	}
	return item == NULL || item->kind == CBX_CBOR_BYTES;
}

/* Both headers, decoded. */
static enum cbx_cose_error check_headers(const struct cbx_cbor *protected_map,
	const struct cbx_cbor *unprotected, uint32_t flags,
	struct cbx_cose_sign1 *sign1)
{
	const struct cbx_cbor *alg =
		cbx_cbor_find(protected_map, CBX_COSE_HEADER_ALG);
	const struct algorithm *found;
	enum cbx_cose_error error = check_critical(protected_map);

	if (have_common_key(protected_map, unprotected) ||
		cbx_cbor_find(unprotected, CBX_COSE_HEADER_CRIT) != NULL ||
		!read_kid(unprotected, &sign1->kid) ||
		!read_kid(protected_map, &sign1->kid)) {
		return CBX_COSE_MALFORMED;
	}
	if (error != CBX_COSE_FINE) {
		return error;
	}
	if (alg == NULL || !cbx_cbor_integer(alg, &sign1->alg)) {
		return CBX_COSE_ALGORITHM;
	}
	found = find_algorithm(sign1->alg);
	if (found == NULL || (found->accept & flags) == 0) {
		return CBX_COSE_ALGORITHM;
	}
	if ((flags & CBX_COSE_PLAIN) != 0 &&
		(protected_map->number != 1 || unprotected->number != 0)) {
		return CBX_COSE_HEADER;
	}
	return sign1->signature.size == 2 * found->size ? CBX_COSE_FINE
							: CBX_COSE_MALFORMED;
}

enum cbx_cose_error cbx_cose_sign1_read(
	struct cbx_span token, uint32_t flags, struct cbx_cose_sign1 *sign1)
{
	const uint32_t how =
		(flags & CBX_COSE_PLAIN) != 0	   ? CBX_CBOR_DETERMINISTIC
		: (flags & CBX_COSE_SHORTEST) != 0 ? CBX_CBOR_SHORTEST
						   : 0;
	struct cbx_cbor outer[HEADER_ITEMS];
	struct cbx_cbor inner[HEADER_ITEMS];
	const struct cbx_cbor *part[4];
	const struct cbx_cbor *array;

	*sign1 = (struct cbx_cose_sign1){ 0 };
	if (cbx_cbor_decode(token, how, outer, HEADER_ITEMS) != CBX_CBOR_FINE) {
		return CBX_COSE_MALFORMED;
	}
	array = cbx_cbor_tagged(outer, CBX_COSE_TAG_SIGN1);
	for (size_t i = 0; i < 4; i++) {
		part[i] = cbx_cbor_at(array, i);
		if (part[i] == NULL ||
			part[i]->kind !=
				(i == 1 ? CBX_CBOR_MAP : CBX_CBOR_BYTES)) {
			return CBX_COSE_MALFORMED;
		}
	}
	if (array->number != 4 ||
		cbx_cbor_decode(part[0]->bytes, how, inner, HEADER_ITEMS) !=
			CBX_CBOR_FINE ||
		inner->kind != CBX_CBOR_MAP) {
		return CBX_COSE_MALFORMED;
	}
	sign1->protected_header = part[0]->bytes;
	sign1->payload = part[2]->bytes;
	sign1->signature = part[3]->bytes;
	return check_headers(inner, part[1], flags, sign1);
}

/* ------------------------------------------------------------- signature -- */

/* Append a byte string's head to what is hashed, and hash its bytes. */
static psa_status_t hash_bytes(
	psa_hash_operation_t *operation, struct cbx_span bytes)
{
	uint8_t head[STRUCTURE_MAX];
	struct cbx_cbor_writer writer = { .bytes = head, .size = sizeof(head) };
	psa_status_t status;

	cbx_cbor_put_bytes_head(&writer, bytes.size);
	status = psa_hash_update(operation, head, writer.used);
	if (status == PSA_SUCCESS && bytes.size != 0) {
		status = psa_hash_update(operation, bytes.bytes, bytes.size);
	}
	return status;
}

/* The hash of ["Signature1", protected, h'', payload] (RFC 9052 4.4). */
static bool hash_structure(const struct algorithm *algorithm,
	struct cbx_span protected_header, struct cbx_span payload,
	uint8_t hash[CBX_COSE_COORDINATE])
{
	psa_hash_operation_t operation = PSA_HASH_OPERATION_INIT;
	uint8_t begin[STRUCTURE_MAX];
	struct cbx_cbor_writer writer = { .bytes = begin,
		.size = sizeof(begin) };
	psa_status_t status = psa_hash_setup(&operation, algorithm->hash);
	size_t size = 0;

	cbx_cbor_put_array(&writer, 4);
	cbx_cbor_put_text(&writer, "Signature1");
	if (status == PSA_SUCCESS) {
		status = psa_hash_update(&operation, begin, writer.used);
	}
	if (status == PSA_SUCCESS) {
		status = hash_bytes(&operation, protected_header);
	}
	if (status == PSA_SUCCESS) {
		status = hash_bytes(&operation, (struct cbx_span){ 0 });
	}
	if (status == PSA_SUCCESS) {
		status = hash_bytes(&operation, payload);
	}
	if (status == PSA_SUCCESS) {
		status = psa_hash_finish(
			&operation, hash, CBX_COSE_COORDINATE, &size);
	}
	(void)psa_hash_abort(&operation);
	return status == PSA_SUCCESS && size == algorithm->hash_size;
}

/* A public key for verification; 0 when it is none on the curve. */
static psa_key_id_t import_point(
	const struct algorithm *algorithm, struct cbx_span point)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key = 0;

	if (point.size != 1 + 2 * algorithm->size || point.bytes[0] != 4) {
		return 0;
	}
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(algorithm->hash));
	psa_set_key_type(&attributes,
		PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(
		&attributes, algorithm->size == 66 ? 521 : 8 * algorithm->size);
	if (psa_import_key(&attributes, point.bytes, point.size, &key) !=
		PSA_SUCCESS) {
		return 0;
	}
	return key;
}

bool cbx_cose_sign1_verify(
	const struct cbx_cose_sign1 *sign1, struct cbx_span point)
{
	const struct algorithm *algorithm = find_algorithm(sign1->alg);
	uint8_t hash[CBX_COSE_COORDINATE];
	psa_key_id_t key;
	bool good;

	if (algorithm == NULL ||
		!hash_structure(algorithm, sign1->protected_header,
			sign1->payload, hash)) {
		return false;
	}
	key = import_point(algorithm, point);
	good = key != 0 &&
	       psa_verify_hash(key, PSA_ALG_ECDSA(algorithm->hash), hash,
		       algorithm->hash_size, sign1->signature.bytes,
		       sign1->signature.size) == PSA_SUCCESS;
	(void)psa_destroy_key(key);
	return good;
}

bool cbx_cose_sign1_write(psa_key_id_t key, struct cbx_span payload,
	struct cbx_cbor_writer *writer)
{
	const struct algorithm *algorithm = find_algorithm(CBX_COSE_ALG_ES384);
	uint8_t header[STRUCTURE_MAX];
	struct cbx_cbor_writer inner = { .bytes = header,
		.size = sizeof(header) };
	uint8_t hash[CBX_COSE_COORDINATE];
	uint8_t signature[CBX_ES384_BYTES];
	size_t size = 0;

	cbx_cbor_put_map(&inner, 1);
	cbx_cbor_put_int(&inner, CBX_COSE_HEADER_ALG);
	cbx_cbor_put_int(&inner, CBX_COSE_ALG_ES384);
	if (!hash_structure(
		    algorithm, cbx_cbor_written(&inner), payload, hash) ||
		psa_sign_hash(key, PSA_ALG_ECDSA(algorithm->hash), hash,
			algorithm->hash_size, signature, sizeof(signature),
			&size) != PSA_SUCCESS ||
		size != sizeof(signature)) {
		return false;
	}
	cbx_cbor_put_tag(writer, CBX_COSE_TAG_SIGN1);
	cbx_cbor_put_array(writer, 4);
	cbx_cbor_put_bytes(writer, header, inner.used);
	cbx_cbor_put_map(writer, 0);
	cbx_cbor_put_bytes(writer, payload.bytes, payload.size);
	cbx_cbor_put_bytes(writer, signature, sizeof(signature));
	return true;
}
