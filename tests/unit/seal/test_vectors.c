/* SPDX-License-Identifier: Apache-2.0 */
/* tests/vectors/sealing.txt, which sealing.py made of other code. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <trust/counter.h>
#include <trust/seal.h>
#include <trust/seal_key.h>

#define FIELDS 4

struct field {
	char name[16];
	uint8_t bytes[8192];
	size_t size;
};

struct vector {
	char kind[16];
	struct field field[FIELDS];
	size_t fields;
};

static unsigned int digit(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void read_field(struct field *f, const char *name, const char *hex)
{
	size_t digits = strcspn(hex, "\n");

	assert_true(strlen(name) < sizeof(f->name));
	memcpy(f->name, name, strlen(name) + 1);
	assert_int_equal(digits % 2, 0);
	f->size = digits / 2;
	assert_true(f->size <= sizeof(f->bytes));
	for (size_t i = 0; i < f->size; i++) {
		f->bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 |
					digit(hex[2 * i + 1]));
	}
}

static const struct field *get(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->fields; i++) {
		if (strcmp(v->field[i].name, name) == 0) {
			return &v->field[i];
		}
	}
	fail_msg("no %s", name);
	abort();
}

static struct cbx_span span(const struct field *f)
{
	return (struct cbx_span){ f->bytes, f->size };
}

static void check_key(const struct vector *v)
{
	const struct field *info = get(v, "info");
	uint8_t key[CBX_SEAL_KEY_BYTES];

	assert_int_equal(info->size, sizeof(struct cbx_seal_info));
	assert_true(cbx_seal_derive(get(v, "root")->bytes, span(info), key));
	assert_memory_equal(key, get(v, "key")->bytes, sizeof(key));
}

static void check_blob(const struct vector *v)
{
	const struct field *blob = get(v, "blob");
	const struct field *data = get(v, "data");
	const uint8_t *key = get(v, "key")->bytes;
	static uint8_t made[8192];
	struct cbx_seal_header header;

	assert_int_equal(
		cbx_seal_look(blob->bytes, blob->size, &header), CBX_SEAL_OK);
	assert_int_equal(header.size, data->size);
	assert_int_equal(cbx_seal_wrap(&header, key, span(get(v, "context")),
				 span(data), made),
		CBX_SEAL_OK);
	assert_memory_equal(made, blob->bytes, blob->size);
	memset(made, 0xff, sizeof(made));
	assert_int_equal(
		cbx_seal_unwrap(key, span(get(v, "context")), span(blob), made),
		CBX_SEAL_OK);
	if (data->size != 0) {
		assert_memory_equal(made, data->bytes, data->size);
	}
	assert_int_equal(made[data->size], 0xff);
}

static void check_answer(const struct vector *v)
{
	struct cbx_counter_question question;
	struct cbx_counter_answer answer;
	psa_key_id_t key = cbx_counter_key(get(v, "secret")->bytes);
	struct cbx_counter_answer again;

	assert_int_equal(get(v, "question")->size, sizeof(question));
	assert_int_equal(get(v, "answer")->size, sizeof(answer));
	memcpy(&question, get(v, "question")->bytes, sizeof(question));
	memcpy(&answer, get(v, "answer")->bytes, sizeof(answer));
	assert_int_equal(cbx_counter_check(&question, &answer), CBX_SEAL_OK);
	again = (struct cbx_counter_answer){
		.asked = question, .value = answer.value, .done = answer.done
	};
	assert_true(cbx_counter_sign(key, &again));
	assert_memory_equal(&again, &answer, sizeof(answer));
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void check(const struct vector *v, size_t count[3])
{
	if (strcmp(v->kind, "key") == 0) {
		check_key(v);
		count[0]++;
	} else if (strcmp(v->kind, "blob") == 0) {
		check_blob(v);
		count[1]++;
	} else {
		assert_string_equal(v->kind, "answer");
		check_answer(v);
		count[2]++;
	}
}

static void other_code_comes_to_the_same(void **state)
{
	static char line[20000];
	static struct vector v;
	size_t count[3] = { 0 };
	const char *path = getenv("CBX_VECTORS");
	FILE *file;

	(void)state;
	assert_non_null(path);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		char *value = strstr(line, " =");

		assert_non_null(strchr(line, '\n'));
		if (strncmp(line, "vector = ", 9) == 0) {
			if (v.kind[0] != '\0') {
				check(&v, count);
			}
			v = (struct vector){ 0 };
			assert_int_equal(sscanf(line + 9, "%15s", v.kind), 1);
		} else if (value != NULL) {
			*value = '\0';
			value += value[2] == ' ' ? 3 : 2;
			assert_true(v.fields < FIELDS);
			read_field(&v.field[v.fields++], line, value);
		}
	}
	assert_int_equal(fclose(file), 0);
	check(&v, count);
	assert_int_equal(count[0], 4);
	assert_int_equal(count[1], 4);
	assert_int_equal(count[2], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			other_code_comes_to_the_same, fake_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
