/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose state outlives its box: a sum of all it was ever given.
 *
 *   state BLOB SERVICE:NAME ROOT < numbers > blob
 *
 * It opens the blob in a file of the host's (none is right for a counter that
 * was never advanced only), advances the counter while it can, reads numbers,
 * which confines it if it was built so, and writes the sum, sealed; or, at the
 * word "show", in plain.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confbox/seal.h>

static _Noreturn void fail(const char *what, enum cbx_seal_result result)
{
	(void)fprintf(stderr, "state: %s: %s\n", what, cbx_seal_text(result));
	exit(1);
}

static void must(const char *what, enum cbx_seal_result result)
{
	if (result != CBX_SEAL_OK) {
		fail(what, result);
	}
}

static void read_hex(const char *text, uint8_t bytes[32])
{
	if (strspn(text, "0123456789abcdef") != 64) {
		fail("arguments", CBX_SEAL_E_INVALID);
	}
	for (size_t i = 0; i < 32; i++) {
		const char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

/* SERVICE:NAME as confbox-seal takes it. */
static struct cbx_counter_id read_id(const char *text)
{
	struct cbx_counter_id id = { 0 };

	read_hex(text, id.service);
	memcpy(id.name, text + 65, strnlen(text + 65, sizeof(id.name)));
	return id;
}

struct blob {
	uint8_t bytes[sizeof(uint64_t) + CBX_SEAL_MORE];
};

/* @return false when there is none */
static bool read_blob(const char *path, struct blob *blob)
{
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		return false;
	}
	if (fread(blob, 1, sizeof(*blob), file) != sizeof(*blob)) {
		fail(path, CBX_SEAL_E_SIZE);
	}
	(void)fclose(file);
	return true;
}

/* A host that hides the blob sets the state back as well. */
static uint64_t open_state(
	const char *path, const struct cbx_seal_options *options)
{
	struct blob blob;
	uint64_t sum = 0;

	if (read_blob(path, &blob)) {
		must(path, cbx_unseal(options, &blob, sizeof(blob), &sum));
	} else if (options->counter->value != 0) {
		fail("no blob", CBX_SEAL_E_OLD);
	}
	return sum;
}

/* Add numbers. @return whether the word was "show" */
static bool add_numbers(uint64_t *sum)
{
	char word[32];

	while (scanf("%31s", word) == 1) {
		if (strcmp(word, "show") == 0) {
			return true;
		}
		*sum += strtoull(word, NULL, 10);
	}
	return false;
}

int main(int argc, char **argv)
{
	struct cbx_seal_options options = { .size = sizeof(options),
		.selector = CBX_SEAL_EXACT };
	struct cbx_counter_value value = { 0 };
	struct blob blob;
	uint8_t root[32];
	uint64_t sum;

	if (argc != 4 || strlen(argv[2]) < 66) {
		fail("arguments", CBX_SEAL_E_INVALID);
	}
	value.id = read_id(argv[2]);
	read_hex(argv[3], root);
	options.root = root;
	options.counter = &value;
	must("counter", cbx_counter_read(NULL, &value.id, &value));
	sum = open_state(argv[1], &options);
	must("counter", cbx_counter_advance(NULL, &value));
	if (add_numbers(&sum)) {
		return printf("%" PRIu64 "\n", sum) > 0 ? 0 : 1;
	}
	must("seal", cbx_seal(&options, &sum, sizeof(sum), &blob));
	return fwrite(&blob, sizeof(blob), 1, stdout) == 1 &&
			       fflush(stdout) == 0
		       ? 0
		       : 1;
}
