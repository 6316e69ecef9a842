/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/cose.h>

#include <string.h>

#include <trust/labels.h>

#define PRIVATE_PART (-4)
#define UNCOMPRESSED 4u

/* What a curve's keys look like. */
struct curve {
	int64_t kty;
	int64_t crv;
	size_t size;
};

static const struct curve curves[] = {
	{ CBX_COSE_KTY_EC2, CBX_COSE_CRV_P256, 32 },
	{ CBX_COSE_KTY_EC2, CBX_COSE_CRV_P384, 48 },
	{ CBX_COSE_KTY_EC2, CBX_COSE_CRV_P521, 66 },
	{ CBX_COSE_KTY_OKP, CBX_COSE_CRV_X25519, 32 },
};

static const struct curve *find_curve(int64_t kty, int64_t crv)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].kty == kty && curves[i].crv == crv) {
			return &curves[i];
		}
	}
	return NULL;
}

static bool read_integer(
	const struct cbx_cbor *map, int64_t label, int64_t *value)
{
	const struct cbx_cbor *item = cbx_cbor_find(map, label);

	return item != NULL && cbx_cbor_integer(item, value);
}

/* A coordinate of exactly @p size bytes. */
static bool read_coordinate(const struct cbx_cbor *map, int64_t label,
	uint8_t *coordinate, size_t size)
{
	const struct cbx_cbor *item = cbx_cbor_find(map, label);

	if (item == NULL || item->kind != CBX_CBOR_BYTES ||
		item->bytes.size != size) {
		return false;
	}
	memcpy(coordinate, item->bytes.bytes, size);
	return true;
}

bool cbx_cose_key_read(const struct cbx_cbor *map, struct cbx_cose_key *key)
{
	struct cbx_cose_key made = { 0 };
	const struct curve *curve;
	bool flat; /* without y */

	if (!read_integer(map, CBX_COSE_KEY_KTY, &made.kty) ||
		!read_integer(map, CBX_COSE_KEY_CRV, &made.crv)) {
		return false;
	}
	curve = find_curve(made.kty, made.crv);
	if (curve == NULL || cbx_cbor_find(map, PRIVATE_PART) != NULL) {
		return false;
	}
	flat = made.kty == CBX_COSE_KTY_OKP;
	made.size = curve->size;
	made.plain = map->number == (flat ? 3 : 4);
	if (!read_coordinate(map, CBX_COSE_KEY_X, made.x, made.size)) {
		return false;
	}
	if (flat ? cbx_cbor_find(map, CBX_COSE_KEY_Y) != NULL
		 : !read_coordinate(map, CBX_COSE_KEY_Y, made.y, made.size)) {
		return false;
	}
	*key = made;
	return true;
}

void cbx_cose_key_write(
	struct cbx_cbor_writer *writer, const struct cbx_cose_key *key)
{
	bool flat = key->kty == CBX_COSE_KTY_OKP;

	cbx_cbor_put_map(writer, flat ? 3 : 4);
	cbx_cbor_put_int(writer, CBX_COSE_KEY_KTY);
	cbx_cbor_put_int(writer, key->kty);
	cbx_cbor_put_int(writer, CBX_COSE_KEY_CRV);
	cbx_cbor_put_int(writer, key->crv);
	cbx_cbor_put_int(writer, CBX_COSE_KEY_X);
	cbx_cbor_put_bytes(writer, key->x, key->size);
	if (!flat) {
		cbx_cbor_put_int(writer, CBX_COSE_KEY_Y);
		cbx_cbor_put_bytes(writer, key->y, key->size);
	}
}

size_t cbx_cose_key_point(
	const struct cbx_cose_key *key, uint8_t point[CBX_COSE_POINT])
{
	if (key->kty != CBX_COSE_KTY_EC2) {
		return 0;
	}
	point[0] = UNCOMPRESSED;
	memcpy(point + 1, key->x, key->size);
	memcpy(point + 1 + key->size, key->y, key->size);
	return 1 + 2 * key->size;
}

/* The curve of a point of that many bytes. */
static const struct curve *curve_of_point(size_t size)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].kty == CBX_COSE_KTY_EC2 &&
			size == 1 + 2 * curves[i].size) {
			return &curves[i];
		}
	}
	return NULL;
}

bool cbx_cose_key_of_point(struct cbx_span point, struct cbx_cose_key *key)
{
	const struct curve *curve = curve_of_point(point.size);

	if (curve == NULL || point.bytes[0] != UNCOMPRESSED) {
		return false;
	}
	*key = (struct cbx_cose_key){
		.kty = curve->kty,
		.crv = curve->crv,
		.size = curve->size,
		.plain = true,
	};
	memcpy(key->x, point.bytes + 1, key->size);
	memcpy(key->y, point.bytes + 1 + key->size, key->size);
	return true;
}
