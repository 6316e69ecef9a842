/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a list of images in boxes, one after the other, and say what came of
 * each: a service on a machine without a shell.
 *
 *   batch LIST INPUT
 *
 * Many images that differ in a few bytes would not fit into the machine, so
 * LIST holds for each, ended by zero bytes, the path of another image, how many
 * of its first and last bytes are kept, how many new ones come between, and
 * then these.  INPUT is every program's standard input.  On standard output
 * come records: a letter, eight hexadecimal digits, that many bytes.  M
 * measurement, O output, E error, S status as a shell has it, X why there is
 * none.
 */
#include <confbox/confbox.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void record(char letter, const void *bytes, size_t size)
{
	if (size != 0) {
		(void)printf("%c%08zx", letter, size);
		(void)fwrite(bytes, 1, size, stdout);
	}
}

static void fail(const char *text)
{
	record('X', text, strlen(text));
}

static int64_t output(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	(void)arg;
	record(port == CBX_PORT_ERROR ? 'E' : 'O', buf, size);
	return (int64_t)size;
}

static int64_t input(void *arg, void *buf, size_t size)
{
	return (int64_t)fread(buf, 1, size, arg);
}

static void say_end(const struct cbx_result *result)
{
	char text[16];
	unsigned int status = result->signal != 0 ? 128 + result->signal
						  : result->exit_status;
	int n = snprintf(text, sizeof(text), "%u", status);

	if (result->reason == CBX_END_EXIT) {
		record('S', text, (size_t)n);
	} else {
		fail("the box was ended");
	}
}

static void run(struct cbx_box *box, FILE *data)
{
	const struct cbx_run how = { .size = sizeof(how),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = -1,
		.arg = data,
		.input = input,
		.output = output };
	struct cbx_result result = { .size = sizeof(result) };
	uint8_t digest[CBX_DIGEST_BYTES];

	if (cbx_box_digest(box, CBX_DIGEST_MEASUREMENT, digest) != CBX_OK) {
		fail(cbx_error_last()->text);
		return;
	}
	record('M', digest, sizeof(digest));
	if (cbx_box_run(box, &how, &result) == CBX_OK) {
		say_end(&result);
	} else {
		fail(cbx_error_last()->text);
	}
}

static void run_image(
	struct cbx_context *context, const struct cbx_image *image, FILE *data)
{
	struct cbx_box *box = NULL;

	if (cbx_box_load(context, image, &box) == CBX_OK) {
		run(box, data);
	} else {
		fail(cbx_error_last()->text);
	}
	cbx_box_destroy(box);
}

/* ---- the list ---- */

/* A word that a zero byte ends. @return false at the end of the list */
static bool read_word(FILE *list, char *word, int size)
{
	int at = 0;
	int byte = getc(list);

	for (; byte > 0 && at < size - 1; byte = getc(list)) {
		word[at++] = (char)byte;
	}
	word[at] = '\0';
	return byte == 0;
}

static bool read_count(FILE *list, size_t *count)
{
	char word[24];

	if (!read_word(list, word, sizeof(word))) {
		return false;
	}
	*count = strtoul(word, NULL, 10);
	return true;
}

static bool read_file(const char *path, uint8_t **bytes, size_t *size)
{
	FILE *file = fopen(path, "rb");
	bool good = file != NULL && fseek(file, 0, SEEK_END) == 0;
	long end = good ? ftell(file) : -1;

	*bytes = end > 0 ? malloc((size_t)end) : NULL;
	*size = (size_t)end;
	good = *bytes != NULL && fseek(file, 0, SEEK_SET) == 0 &&
	       fread(*bytes, 1, *size, file) == *size;
	if (file != NULL) {
		(void)fclose(file);
	}
	return good;
}

/* head bytes of a base, some of the list's, tail bytes of the base */
static uint8_t *splice(FILE *list, const char *path, size_t *size)
{
	uint8_t *base = NULL;
	uint8_t *made = NULL;
	size_t base_size;
	size_t head;
	size_t tail;
	size_t middle;

	if (!read_count(list, &head) || !read_count(list, &tail) ||
		!read_count(list, &middle) ||
		!read_file(path, &base, &base_size) ||
		head + tail > base_size) {
		free(base);
		return NULL;
	}
	made = malloc(head + middle + tail);
	if (made != NULL) {
		memcpy(made, base, head);
		memcpy(made + head + middle, base + base_size - tail, tail);
		*size = head + middle + tail;
	}
	free(base);
	if (made != NULL && fread(made + head, 1, middle, list) != middle) {
		free(made);
		return NULL;
	}
	return made;
}

/* @return NULL at the end of the list, or when it is malformed */
static struct cbx_image *next_image(FILE *list)
{
	struct cbx_image *image = NULL;
	char path[128];
	uint8_t *bytes = NULL;
	size_t size;

	if (read_word(list, path, sizeof(path))) {
		bytes = splice(list, path, &size);
	}
	if (bytes != NULL && cbx_image_parse(bytes, size, &image) != CBX_OK) {
		fail(cbx_error_last()->text);
	}
	free(bytes);
	return image;
}

static int run_list(struct cbx_context *context, FILE *list, FILE *data)
{
	struct cbx_image *image;

	while ((image = next_image(list)) != NULL) {
		rewind(data);
		run_image(context, image, data);
		cbx_image_destroy(image);
		(void)fflush(stdout);
	}
	return feof(list) != 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
	const struct cbx_options options = { .size = sizeof(options),
		.cpu_count = 2 };
	struct cbx_context *context;
	FILE *list = argc == 3 ? fopen(argv[1], "rb") : NULL;
	FILE *data = argc == 3 ? fopen(argv[2], "rb") : NULL;
	int status;

	if (list == NULL || data == NULL) {
		(void)fprintf(stderr, "usage: batch LIST INPUT\n");
		return 2;
	}
	if (cbx_context_open(&options, &context) != CBX_OK) {
		(void)fprintf(stderr, "batch: %s\n", cbx_error_last()->text);
		return 2;
	}
	status = run_list(context, list, data);
	cbx_context_close(context);
	(void)fclose(list);
	(void)fclose(data);
	return status;
}
