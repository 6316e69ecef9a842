/* SPDX-License-Identifier: Apache-2.0 */
#include <seal/tool.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536u

int tool_say(int code, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	if (vsnprintf(line, sizeof(line), format, args) < 0) {
		line[0] = '\0';
	}
	va_end(args);
	(void)fprintf(stderr, "confbox-seal: %s\n", line);
	return code;
}

int tool_refuse(const char *what, enum cbx_seal_result result)
{
	bool ours = result == CBX_SEAL_E_INVALID ||
		    result == CBX_SEAL_E_NOMEM || result == CBX_SEAL_E_LIBRARY;

	return tool_say(ours ? TOOL_FAILED : TOOL_REFUSED, "%s: %s", what,
		cbx_seal_text(result));
}

void tool_drop(struct tool_bytes *bytes)
{
	if (bytes->at != NULL) {
		explicit_bzero(bytes->at, bytes->size);
	}
	free(bytes->at);
	*bytes = (struct tool_bytes){ 0 };
}

/* Twice the room, and nothing left behind. */
static bool grow(struct tool_bytes *bytes, size_t *room)
{
	size_t more = *room == 0 ? CHUNK : 2 * *room;
	uint8_t *at = more > 2 * CBX_SEAL_DATA_MAX ? NULL : malloc(more);

	if (at == NULL) {
		return false;
	}
	if (bytes->size != 0) {
		memcpy(at, bytes->at, bytes->size);
		explicit_bzero(bytes->at, bytes->size);
	}
	free(bytes->at);
	bytes->at = at;
	*room = more;
	return true;
}

static int read_open(int fd, const char *name, struct tool_bytes *bytes)
{
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (bytes->size == room && !grow(bytes, &room)) {
			return tool_say(TOOL_FAILED, "%s: too large", name);
		}
		n = read(fd, bytes->at + bytes->size, room - bytes->size);
		if (n == 0) {
			return 0;
		}
		if (n < 0 && errno != EINTR) {
			return tool_say(
				TOOL_FAILED, "%s: %s", name, strerror(errno));
		}
		bytes->size += n > 0 ? (size_t)n : 0;
	}
}

int tool_read(const char *path, struct tool_bytes *bytes)
{
	int fd = path == NULL ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int code;

	*bytes = (struct tool_bytes){ 0 };
	if (fd < 0) {
		return tool_say(TOOL_FAILED, "%s: %s", path, strerror(errno));
	}
	code = read_open(fd, path == NULL ? "standard input" : path, bytes);
	if (path != NULL) {
		close(fd);
	}
	if (code != 0) {
		tool_drop(bytes);
	}
	return code;
}

int tool_write(const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size != 0) {
		ssize_t n = write(STDOUT_FILENO, from, size);

		if (n < 0 && errno != EINTR) {
			return tool_say(TOOL_FAILED, "standard output: %s",
				strerror(errno));
		}
		from += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct tool tool;
	int code = tool_read_line(argc, argv, &tool);

	if (code != 0 || tool.command == NULL) {
		return code;
	}
	if (strcmp(tool.command, "seal") == 0) {
		return tool_seal(&tool);
	}
	if (strcmp(tool.command, "open") == 0) {
		return tool_open(&tool);
	}
	return strcmp(tool.command, "root") == 0 ? tool_root(&tool)
						 : tool_advance(&tool);
}
