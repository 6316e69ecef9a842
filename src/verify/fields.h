/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps whose keys are all known: what deterministic CBOR says in one order.
 */
#ifndef CBX_VERIFY_FIELDS_H
#define CBX_VERIFY_FIELDS_H

#include <confbox/verify.h>
#include <trust/cbor.h>

#define CBX_FIELD(kind)	   (1u << CBX_CBOR_##kind)
#define CBX_FIELD_ANY_SIZE 0u, SIZE_MAX
#define CBX_FIELD_DIGEST   CBX_DIGEST_BYTES, CBX_DIGEST_BYTES

/** A key and what its value may be. */
struct cbx_field {
	const char *text; /* the key; NULL: it is the number */
	int64_t label;
	uint64_t kinds;	    /* CBX_FIELD() */
	size_t least, most; /* bytes of a string, entries of an array */
	bool optional;
};

/** All keys of a map. */
struct cbx_fields {
	const char *name; /* for what is said about it */
	const struct cbx_field *field;
	size_t count;
};

/**
 * Find the values of all keys.
 *
 * @param      map     decoded as CBX_CBOR_DETERMINISTIC
 * @param[out] values  values[fields->count]; NULL for an absent optional one
 *
 * @retval CBX_ACCEPTED           each that has to be there is there, and is
 *                                what it may be, and there is no other
 * @retval CBX_REFUSED_MALFORMED  or not
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_fields_read(struct cbx_verdict *verdict,
	const struct cbx_cbor *map, const struct cbx_fields *fields,
	const struct cbx_cbor **values);

#endif
