/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/pcs.h>

#include <string.h>
#include <time.h>

#include <verify/span.h>

#define FILE_MAX (1u << 20) /* tcbInfo is some kilobytes */

/* By enum cbx_pcs_kind. */
static const struct kind {
	const char *member;
	const char *name;
} kinds[CBX_PCS_KINDS] = {
	{ "tcbInfo", "tcbInfo" },
	{ "enclaveIdentity", "QE identity" },
};

const char *cbx_pcs_name(enum cbx_pcs_kind kind)
{
	return kinds[kind].name;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cbx_hex_read(const char *text, uint8_t *bytes, size_t size)
{
	if (strlen(text) != 2 * size) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		int high = digit(text[2 * i]);
		int low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* JSON's white space; a zero byte is none. */
static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Move behind white space. */
static void skip_space(struct cbx_span *rest)
{
	while (rest->size != 0 && is_space(rest->bytes[0])) {
		rest->bytes++;
		rest->size--;
	}
}

/* One value of JSON at the beginning of @p rest, which moves behind it; NULL
 * when there is none.  @p text gets its bytes. */
static json_t *next_value(struct cbx_span *rest, struct cbx_span *text)
{
	const size_t flags = JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK |
			     JSON_REJECT_DUPLICATES;
	struct cbx_reader reader;
	json_error_t error;
	json_t *value;

	skip_space(rest);
	value = json_loadb(
		(const char *)rest->bytes, rest->size, flags, &error);
	if (value != NULL) {
		reader = cbx_reader_of(*rest);
		*text = cbx_reader_take(&reader, (size_t)error.position);
		*rest = reader.rest;
	}
	return value;
}

/* Whether that character comes next; *rest moves behind it. */
static bool next_is(struct cbx_span *rest, char character)
{
	struct cbx_reader reader;

	skip_space(rest);
	reader = cbx_reader_of(*rest);

	struct cbx_span taken = cbx_reader_take(&reader, 1);

	*rest = reader.rest;
	return taken.size != 0 && taken.bytes[0] == (uint8_t)character;
}

/* The answer's members, however they are ordered. */
struct members {
	json_t *signature;
	json_t *object;
	struct cbx_span text;
	size_t kind;
};

/* A member goes where it belongs; false when it is unknown or there twice. */
static bool keep_member(struct members *members, const char *name,
	json_t *value, struct cbx_span text)
{
	if (strcmp(name, "signature") == 0 && members->signature == NULL) {
		members->signature = json_incref(value);
		return true;
	}
	for (size_t i = 0; i < CBX_PCS_KINDS; i++) {
		if (strcmp(name, kinds[i].member) == 0 &&
			members->object == NULL && json_is_object(value)) {
			members->object = json_incref(value);
			members->text = text;
			members->kind = i;
			return true;
		}
	}
	return false;
}

static bool read_member(struct cbx_span *rest, struct members *members)
{
	struct cbx_span text;
	json_t *name = next_value(rest, &text);
	json_t *value = NULL;
	bool kept;

	if (json_is_string(name) && next_is(rest, ':')) {
		value = next_value(rest, &text);
	}
	kept = value != NULL &&
	       keep_member(members, json_string_value(name), value, text);
	json_decref(value);
	json_decref(name);
	return kept;
}

/* Exactly two members: jansson reads the values, so that nobody else has an
 * opinion where one ends; where the object begins and ends is what is signed. */
static bool read_members(struct cbx_span rest, struct members *members)
{
	bool read = next_is(&rest, '{') && read_member(&rest, members) &&
		    next_is(&rest, ',') && read_member(&rest, members) &&
		    next_is(&rest, '}');

	skip_space(&rest);
	return read && rest.size == 0;
}

enum cbx_refusal cbx_pcs_read(struct cbx_verdict *verdict, struct cbx_span file,
	struct cbx_pcs_answer *answer)
{
	struct members members = { 0 };
	bool whole = file.size <= FILE_MAX && read_members(file, &members) &&
		     members.object != NULL &&
		     json_is_string(members.signature) &&
		     cbx_hex_read(json_string_value(members.signature),
			     answer->signature, sizeof(answer->signature));

	json_decref(members.signature);
	if (!whole) {
		json_decref(members.object);
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"not a signed answer of Intel's");
	}
	answer->kind = (enum cbx_pcs_kind)members.kind;
	answer->text = members.text;
	answer->object = members.object;
	return CBX_ACCEPTED;
}

/* What kind of object it is, by its "id"; CBX_PCS_KINDS: none we know. */
static enum cbx_pcs_kind kind_of(const json_t *object)
{
	if (cbx_pcs_is(object, "id", "TDX") ||
		cbx_pcs_is(object, "id", "SGX")) {
		return CBX_PCS_TCB_INFO;
	}
	if (cbx_pcs_is(object, "id", "TD_QE") ||
		cbx_pcs_is(object, "id", "QE")) {
		return CBX_PCS_QE_IDENTITY;
	}
	return CBX_PCS_KINDS;
}

enum cbx_refusal cbx_pcs_read_parts(struct cbx_verdict *verdict,
	struct cbx_span text, const char *signature,
	struct cbx_pcs_answer *answer)
{
	struct cbx_span rest = text;

	if (text.size > FILE_MAX || !cbx_hex_read(signature, answer->signature,
					    sizeof(answer->signature))) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"not a signed answer of Intel's");
	}
	answer->object = next_value(&rest, &answer->text);
	answer->kind = kind_of(answer->object);
	if (!json_is_object(answer->object) || rest.size != 0 ||
		answer->text.size != text.size ||
		answer->kind == CBX_PCS_KINDS) {
		cbx_pcs_forget(answer);
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"a bundle with something that is not Intel's answer");
	}
	return CBX_ACCEPTED;
}

void cbx_pcs_forget(struct cbx_pcs_answer *answer)
{
	json_decref(answer->object);
	*answer = (struct cbx_pcs_answer){ 0 };
}

#define ISO_8601 "%Y-%m-%dT%H:%M:%SZ"

static bool read_time(const json_t *object, const char *name, int64_t *seconds)
{
	const char *text = json_string_value(json_object_get(object, name));
	char again[32];
	struct tm parts = { 0 };
	const char *end =
		text == NULL ? NULL : strptime(text, ISO_8601, &parts);

	if (end == NULL || *end != '\0') {
		return false;
	}
	*seconds = timegm(&parts);
	/* strptime is lenient; a date is what it was printed from. */
	return strftime(again, sizeof(again), ISO_8601, &parts) != 0 &&
	       strcmp(again, text) == 0;
}

enum cbx_refusal cbx_pcs_check_time(struct cbx_verdict *verdict,
	const struct cbx_pcs_answer *answer, int64_t now)
{
	int64_t issued;
	int64_t next;

	if (!read_time(answer->object, "issueDate", &issued) ||
		!read_time(answer->object, "nextUpdate", &next)) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"%s without dates", cbx_pcs_name(answer->kind));
	}
	if (now < issued || now > next) {
		return cbx_refuse(verdict, CBX_REFUSED_EXPIRED, "%s is %s",
			cbx_pcs_name(answer->kind),
			now < issued ? "of a later time" : "out of date");
	}
	return CBX_ACCEPTED;
}

bool cbx_pcs_number(const json_t *object, const char *name, uint32_t limit,
	uint32_t *number)
{
	const json_t *value = json_object_get(object, name);
	json_int_t integer = json_integer_value(value);

	if (!json_is_integer(value) || integer < 0 || integer > limit) {
		return false;
	}
	*number = (uint32_t)integer;
	return true;
}

bool cbx_pcs_bytes(
	const json_t *object, const char *name, uint8_t *bytes, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL && cbx_hex_read(text, bytes, size);
}

bool cbx_pcs_is(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL && strcmp(value, text) == 0;
}
