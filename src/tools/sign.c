/* SPDX-License-Identifier: Apache-2.0 */
/* confbox sign: answer for a box's measurement. */
#include <tools/commands.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tools/number.h>
#include <tools/say.h>
#include <trust/signer.h>

static int fail(const char *what, const char *why)
{
	cbx_say("sign: %s: %s", what, why);
	return CBX_CODE_FAILED;
}

/* A file of exactly that many bytes. */
static bool read_exactly(const char *path, void *bytes, size_t size)
{
	FILE *file = fopen(path, "re");
	bool good = file != NULL && fread(bytes, 1, size, file) == size &&
		    fgetc(file) == EOF;

	if (file != NULL) {
		(void)fclose(file);
	}
	return good;
}

static bool read_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int write_signature(const struct cbx_signature *signature)
{
	return fwrite(signature, sizeof(*signature), 1, stdout) == 1
		       ? cbx_say_flush()
		       : fail("standard output", "it cannot be written");
}

/* KEY FAMILY VERSION MEASUREMENT */
static int sign(char **argv)
{
	struct cbx_signature signature = { 0 };
	uint8_t secret[CBX_SIGNER_SECRET_BYTES];
	uint8_t measurement[CBX_DIGEST_BYTES];
	size_t family = strlen(argv[1]);
	size_t size = 0;
	bool made;

	if (family > sizeof(signature.family)) {
		return fail(argv[1], "a family has at most 16 bytes");
	}
	memcpy(signature.family, argv[1], family);
	if (!read_number(argv[2], &signature.version)) {
		return fail(argv[2], "not a version; write a number");
	}
	if (!cbx_number_hex(argv[3], measurement, sizeof(measurement), &size) ||
		size != sizeof(measurement)) {
		return fail(argv[3],
			"not a measurement; write what confbox measure prints");
	}
	if (!read_exactly(argv[0], secret, sizeof(secret))) {
		return fail(argv[0], "not a file of 48 random bytes");
	}
	made = cbx_signer_sign(secret, measurement, &signature);
	explicit_bzero(secret, sizeof(secret));
	return made ? write_signature(&signature)
		    : fail(argv[0], "not a key; make another one");
}

int cbx_command_sign(char **argv)
{
	size_t count = 0;

	while (argv[count] != NULL) {
		count++;
	}
	if (count == 1 && strcmp(argv[0], "--help") == 0) {
		(void)printf(
			"usage: confbox sign KEY FAMILY VERSION MEASUREMENT\n\n"
			"Write a signature for confbox run --signature: who "
			"has KEY, a file of 48 random\nbytes, answers for "
			"boxes of that measurement, in a family of his and "
			"with a\nsecurity version.\n");
		return cbx_say_flush();
	}
	if (count != 4) {
		cbx_say("sign: write confbox sign KEY FAMILY VERSION "
			"MEASUREMENT");
		return CBX_CODE_FAILED;
	}
	return sign(argv);
}

int cbx_sign_box(struct cbx_box *box, const char *path)
{
	struct cbx_signature signature;

	if (!read_exactly(path, &signature, sizeof(signature))) {
		cbx_say("%s: not a signature; make one with confbox sign",
			path);
		return CBX_CODE_FAILED;
	}
	if (cbx_box_sign(box, &signature) != CBX_OK) {
		cbx_say_error();
		return CBX_CODE_FAILED;
	}
	return 0;
}
