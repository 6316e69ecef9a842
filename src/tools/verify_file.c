/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/verify_file.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tools/say.h>
#include <tools/verify_line.h>
#include <tools/whole.h>

static int unread(const char *path, const char *why)
{
	cbx_say("%s: %s", path, why);
	return CBX_VERIFY_UNREAD;
}

static int read_open(const char *path, FILE *file, struct cbx_span *span)
{
	size_t size;
	uint8_t *bytes = cbx_whole_read(file, CBX_VERIFY_FILE_MOST, &size);

	if (bytes == NULL) {
		return unread(path, "out of memory; free memory");
	}
	if (ferror(file) || size > CBX_VERIFY_FILE_MOST) {
		int error = errno;

		free(bytes);
		if (size > CBX_VERIFY_FILE_MOST) {
			return unread(path, "above 16 MiB; check the path");
		}
		cbx_say("%s: %s; check the path", path, strerror(error));
		return CBX_VERIFY_UNREAD;
	}
	*span = (struct cbx_span){ bytes, size };
	return 0;
}

static int read_file(const char *path, struct cbx_span *span)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "rb");
	int code;

	if (file == NULL) {
		cbx_say("%s: %s; check the path", path, strerror(errno));
		return CBX_VERIFY_UNREAD;
	}
	code = read_open(path, file, span);
	if (!standard) {
		(void)fclose(file);
	}
	return code;
}

int cbx_verify_files_add(struct cbx_verify_files *files, size_t most,
	const char *name, const char *path)
{
	struct cbx_span *grown;

	if (files->count == most) {
		cbx_say("--%s: %s; see confbox verify --help", name,
			most == 1 ? "given twice" : "too many");
		return CBX_VERIFY_UNREAD;
	}
	grown = reallocarray(files->span, files->count + 1, sizeof(*grown));
	if (grown == NULL) {
		return unread(path, "out of memory; free memory");
	}
	files->span = grown;
	if (read_file(path, &files->span[files->count]) != 0) {
		return CBX_VERIFY_UNREAD;
	}
	files->count++;
	return 0;
}

void cbx_verify_files_free(struct cbx_verify_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free((void *)(uintptr_t)files->span[i].bytes);
	}
	free(files->span);
	*files = (struct cbx_verify_files){ 0 };
}
