/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/fields.h>

#include <stdio.h>

#include <verify/verdict.h>

#define KEY_NAME 32

static bool is_key(const struct cbx_cbor *key, const struct cbx_field *field)
{
	return field->text != NULL ? cbx_cbor_is_text(key, field->text)
				   : cbx_cbor_is(key, field->label);
}

static bool fits(const struct cbx_cbor *value, const struct cbx_field *field)
{
	uint64_t size;

	if ((field->kinds & (1u << value->kind)) == 0) {
		return false;
	}
	switch (value->kind) {
	case CBX_CBOR_BYTES:
	case CBX_CBOR_TEXT:
		size = value->bytes.size;
		break;
	case CBX_CBOR_ARRAY:
		size = value->number;
		break;
	case CBX_CBOR_UINT:
	case CBX_CBOR_NINT:
	case CBX_CBOR_MAP:
	case CBX_CBOR_TAG:
	case CBX_CBOR_FLAG:
	case CBX_CBOR_NULL:
	default:
		return true;
	}
	return size >= field->least && size <= field->most;
}

static void name_key(const struct cbx_field *field, char name[KEY_NAME])
{
	if (field->text != NULL) {
		(void)snprintf(name, KEY_NAME, "\"%s\"", field->text);
	} else {
		(void)snprintf(name, KEY_NAME, "%lld", (long long)field->label);
	}
}

static enum cbx_refusal refuse_field(struct cbx_verdict *verdict,
	const struct cbx_fields *fields, const struct cbx_field *field,
	const char *what)
{
	char key[KEY_NAME];

	name_key(field, key);
	return cbx_refuse(verdict, CBX_REFUSED_MALFORMED, "%s: %s %s",
		fields->name, key, what);
}

enum cbx_refusal cbx_fields_read(struct cbx_verdict *verdict,
	const struct cbx_cbor *map, const struct cbx_fields *fields,
	const struct cbx_cbor **values)
{
	const struct cbx_cbor *key;
	uint64_t left;

	if (map == NULL || map->kind != CBX_CBOR_MAP) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%s is no map", fields->name);
	}
	key = map + 1;
	left = map->number;
	for (size_t i = 0; i < fields->count; i++) {
		const struct cbx_field *field = &fields->field[i];

		values[i] = NULL;
		if (left == 0 || !is_key(key, field)) {
			if (!field->optional) {
				return refuse_field(verdict, fields, field,
					"is not where it has to be");
			}
			continue;
		}
		values[i] = cbx_cbor_next(key);
		if (!fits(values[i], field)) {
			return refuse_field(verdict, fields, field,
				"has a value that it cannot have");
		}
		key = cbx_cbor_next(values[i]);
		left--;
	}
	return left == 0 ? CBX_ACCEPTED
			 : cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
				   "%s says something that is not known",
				   fields->name);
}
