/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/appraisal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An appraisal with all it points to. */
struct policy {
	struct cbx_appraisal appraisal; /* first: that is its handle */
	json_t *json;			/* names and texts are in there */
	struct cbx_requirement *requirements;
	struct cbx_value *values;
	uint8_t *bytes; /* of values in hexadecimal */
	size_t value_count;
	size_t byte_count;
};

/* -------------------------------------------------------------- filling -- */

/* A digit's value; 16 when it is none. */
static uint8_t digit(char c)
{
	return c >= '0' && c <= '9'   ? (uint8_t)(c - '0')
	       : c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10)
	       : c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 10)
				      : 16;
}

/* Append the bytes a text may stand for; false when it stands for none. */
static bool add_bytes(struct policy *policy, struct cbx_span text)
{
	uint8_t *room = policy->bytes + policy->byte_count;
	size_t size = text.size / 2;

	if (text.size == 0 || text.size % 2 != 0) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		uint8_t high = digit((char)text.bytes[2 * i]);
		uint8_t low = digit((char)text.bytes[2 * i + 1]);

		if (high == 16 || low == 16) {
			return false;
		}
		room[i] = (uint8_t)(high << 4 | low);
	}
	policy->byte_count += size;
	policy->values[policy->value_count++] = (struct cbx_value){
		.kind = CBX_VALUE_BYTES,
		.span = { room, size },
	};
	return true;
}

/* Append what a JSON value stands for: a text is one, and the bytes it is the
 * hexadecimal of. */
static void add_value(struct policy *policy, const json_t *value)
{
	struct cbx_value *next = &policy->values[policy->value_count++];

	if (json_is_string(value)) {
		struct cbx_span text = { (const uint8_t *)json_string_value(
						 value),
			json_string_length(value) };

		*next = (struct cbx_value){ .kind = CBX_VALUE_TEXT,
			.span = text };
		(void)add_bytes(policy, text);
	} else if (json_is_boolean(value)) {
		*next = (struct cbx_value){ .kind = CBX_VALUE_FLAG,
			.number = json_is_true(value) ? 1 : 0 };
	} else {
		*next = (struct cbx_value){ .kind = CBX_VALUE_NUMBER,
			.number = (uint64_t)json_integer_value(value) };
	}
}

/* Append a requirement whose values come next. */
static struct cbx_requirement *add_requirement(struct policy *policy,
	const char *claim, enum cbx_requirement_kind kind)
{
	struct cbx_requirement *next =
		&policy->requirements[policy->appraisal.requirement_count++];

	*next = (struct cbx_requirement){
		.claim = claim,
		.kind = kind,
		.values = policy->values + policy->value_count,
	};
	return next;
}

static void fill_requirements(struct policy *policy)
{
	const char *name;
	json_t *value;
	json_t *one;
	size_t index;

	json_object_foreach(
		json_object_get(policy->json, "require"), name, value)
	{
		struct cbx_requirement *made =
			add_requirement(policy, name, CBX_REQUIRE_ONE_OF);
		size_t before = policy->value_count;

		if (!json_is_array(value)) {
			add_value(policy, value);
		}
		json_array_foreach(value, index, one)
		{
			add_value(policy, one);
		}
		made->count = policy->value_count - before;
	}
	json_object_foreach(
		json_object_get(policy->json, "at-least"), name, value)
	{
		struct cbx_requirement *made =
			add_requirement(policy, name, CBX_REQUIRE_AT_LEAST);

		add_value(policy, value);
		made->count = 1;
	}
}

static uint32_t flags_of(const json_t *json)
{
	uint32_t flags = 0;
	size_t index;
	json_t *word;

	json_array_foreach(json_object_get(json, "allow"), index, word)
	{
		flags |= strcmp(json_string_value(word), "debug") == 0
				 ? CBX_APPRAISE_DEBUG
				 : CBX_APPRAISE_NO_HARDWARE;
	}
	if (json_is_true(json_object_get(json, "pristine"))) {
		flags |= CBX_APPRAISE_PRISTINE;
	}
	if (json_is_true(json_object_get(json, "collateral"))) {
		flags |= CBX_APPRAISE_COLLATERAL;
	}
	return flags;
}

/* -------------------------------------------------------------- reading -- */

/* How many values a policy may name, a text counted twice. */
static size_t count_values(const json_t *json)
{
	size_t count = json_object_size(json_object_get(json, "at-least"));
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(json, "require"), name, value)
	{
		count +=
			2 * (json_is_array(value) ? json_array_size(value) : 1);
	}
	return count;
}

/* Room for what the policy says; NULL when there is none. */
static struct policy *make(json_t *json, size_t text_size)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	size_t requirements =
		json_object_size(json_object_get(json, "require")) +
		json_object_size(json_object_get(json, "at-least"));

	if (policy == NULL) {
		return NULL;
	}
	policy->requirements =
		calloc(requirements + 1, sizeof(*policy->requirements));
	policy->values =
		calloc(count_values(json) + 1, sizeof(*policy->values));
	policy->bytes = malloc(text_size + 1);
	if (policy->requirements == NULL || policy->values == NULL ||
		policy->bytes == NULL) {
		cbx_appraisal_destroy(&policy->appraisal);
		return NULL;
	}
	policy->json = json_incref(json);
	policy->appraisal = (struct cbx_appraisal){
		.size = sizeof(struct cbx_appraisal),
		.flags = flags_of(json),
		.requirements = policy->requirements,
	};
	fill_requirements(policy);
	return policy;
}

/* The JSON of the text, checked; NULL, and a message, when it is none. */
static json_t *parse(struct cbx_appraisal_text *text, size_t size)
{
	json_error_t error;
	json_t *json =
		json_loadb(text->text, size, JSON_REJECT_DUPLICATES, &error);

	if (json == NULL) {
		(void)snprintf(text->message, text->size,
			"%d: %s; correct the JSON",
			error.line < 1 ? 1 : error.line, error.text);
		return NULL;
	}
	if (!cbx_appraisal_check(text, json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

struct cbx_appraisal *cbx_appraisal_read(
	struct cbx_span text, char *message, size_t size)
{
	struct cbx_appraisal_text reading = { .message = message,
		.size = size };
	struct policy *policy = NULL;
	json_t *json;
	char *copy;

	(void)snprintf(message, size, "1: no memory; free some");
	if (text.size > CBX_APPRAISAL_BYTES_MAX) {
		(void)snprintf(message, size,
			"1: longer than 1 MiB; name fewer values");
		return NULL;
	}
	copy = malloc(text.size + 1);
	if (copy == NULL) {
		return NULL;
	}
	if (text.size != 0) {
		memcpy(copy, text.bytes, text.size);
	}
	copy[text.size] = '\0';
	reading.text = copy;
	json = parse(&reading, text.size);
	if (json != NULL) {
		policy = make(json, text.size);
		json_decref(json);
	}
	free(copy);
	if (policy == NULL) {
		return NULL;
	}
	message[0] = '\0';
	return &policy->appraisal;
}

const char *cbx_appraisal_root_file(
	const struct cbx_appraisal *appraisal, size_t index)
{
	const struct policy *policy = (const struct policy *)appraisal;

	return json_string_value(
		json_array_get(json_object_get(policy->json, "roots"), index));
}

void cbx_appraisal_destroy(struct cbx_appraisal *appraisal)
{
	struct policy *policy = (struct policy *)appraisal;

	if (policy != NULL) {
		json_decref(policy->json);
		free(policy->requirements);
		free(policy->values);
		free(policy->bytes);
		free(policy);
	}
}
