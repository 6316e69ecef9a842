/* SPDX-License-Identifier: Apache-2.0 */
/* confbox attest: evidence of a box, or of the monitor. */
#include <tools/commands.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tools/number.h>
#include <tools/say.h>

#define NONCE_MIN 16u
#define NONCE_MAX 64u

static int fail(void)
{
	cbx_say_error();
	return CBX_CODE_FAILED;
}

/* The nonce that was given: whoever verifies has drawn it. */
static int read_nonce(const struct cbx_command_line *line,
	uint8_t nonce[NONCE_MAX], size_t *bytes)
{
	if (line->nonce == NULL) {
		cbx_say("no nonce is given; add --nonce HEX, random bytes of "
			"whoever verifies");
		return CBX_CODE_FAILED;
	}
	if (!cbx_number_hex(line->nonce, nonce, NONCE_MAX, bytes) ||
		*bytes < NONCE_MIN) {
		return cbx_options_bad_value(
			"nonce", line->nonce, "16 to 64 bytes in hexadecimal");
	}
	return 0;
}

/* The whole evidence, or no file. */
static int write_evidence(
	const struct cbx_command_line *line, const void *bytes, size_t size)
{
	FILE *to = stdout;
	bool written;

	if (line->output == NULL && isatty(STDOUT_FILENO) != 0) {
		cbx_say("evidence is no text; redirect standard output, or add "
			"--output FILE");
		return CBX_CODE_FAILED;
	}
	if (line->output != NULL) {
		to = fopen(line->output, "wbe");
	}
	written = to != NULL && fwrite(bytes, 1, size, to) == size;
	if (to == stdout) {
		return cbx_say_flush();
	}
	if (to != NULL && fclose(to) != 0) {
		written = false;
	}
	if (!written) {
		cbx_say("%s: %s; name a file that can be written", line->output,
			strerror(errno));
		return CBX_CODE_FAILED;
	}
	return 0;
}

static int attest(const struct cbx_command_line *line,
	struct cbx_context *context, struct cbx_box *box)
{
	struct cbx_evidence_want want = { .size = sizeof(want) };
	size_t size = CBX_EVIDENCE_ROOM;
	uint8_t nonce[NONCE_MAX];
	uint8_t *evidence;
	int code = read_nonce(line, nonce, &want.nonce_bytes);

	if (code != 0) {
		return code;
	}
	evidence = malloc(size);
	if (evidence == NULL) {
		cbx_say("no memory for the evidence");
		return CBX_CODE_FAILED;
	}
	want.nonce = nonce;
	if ((box != NULL ? cbx_box_evidence(box, &want, evidence, &size)
			 : cbx_monitor_evidence(context, &want, evidence,
				   &size)) != CBX_OK) {
		code = fail();
	} else {
		code = write_evidence(line, evidence, size);
	}
	free(evidence);
	return code;
}

static int attest_monitor(const struct cbx_command_line *line)
{
	struct cbx_context *context;
	int code;

	if (cbx_context_open(NULL, &context) != CBX_OK) {
		return fail();
	}
	code = attest(line, context, NULL);
	cbx_context_close(context);
	return code;
}

/* A box of the image, as it is before its first instruction. */
static int attest_image(
	const struct cbx_command_line *line, const struct cbx_image *image)
{
	struct cbx_image_info info = { .size = sizeof(info) };
	struct cbx_options options = { .size = sizeof(options) };
	struct cbx_context *context;
	struct cbx_box *box;
	int code;

	if (cbx_image_query(image, &info) != CBX_OK) {
		return fail();
	}
	options.memory_bytes = info.memory_bytes + CBX_IO_BYTES_MAX;
	if (cbx_context_open(&options, &context) != CBX_OK) {
		return fail();
	}
	if (cbx_box_load(context, image, &box) != CBX_OK) {
		code = fail();
	} else {
		code = attest(line, context, box);
		cbx_box_destroy(box);
	}
	cbx_context_close(context);
	return code;
}

int cbx_command_attest(struct cbx_command_line *line)
{
	struct cbx_image *image;
	int code;

	if (line->image == NULL && line->argv == NULL) {
		return attest_monitor(line);
	}
	code = cbx_command_image(line, &image);
	if (code == 0) {
		code = attest_image(line, image);
		cbx_image_destroy(image);
	}
	return code;
}
