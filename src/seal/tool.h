/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confbox-seal(1): sealing for programs that know nothing of it.
 */
#ifndef CBX_SEAL_TOOL_H
#define CBX_SEAL_TOOL_H

#include <stdbool.h>

#include <confbox/seal.h>

/** Exit statuses; 0 is success. */
#define TOOL_REFUSED 1
#define TOOL_FAILED  2

/** What was asked for. */
struct tool {
	const char *command; /* "seal", "open", "advance", "root" */
	uint32_t selector;   /* --for; 0: none given */
	uint64_t version;    /* --security-version */
	const char *context; /* --context, or NULL */
	const char *after;   /* --after: a file, or NULL */
	const char *ahead;   /* --ahead: a file, or NULL */
	bool counted;	     /* --counter */
	struct cbx_counter_id counter;
	bool uncounted; /* --uncounted */
	bool rooted;	/* --root */
	uint8_t root[CBX_SEAL_KEY_BYTES];
};

/** Bytes that were read. */
struct tool_bytes {
	uint8_t *at; /* the caller wipes and frees them */
	size_t size;
};

/** Say "confbox-seal: ..." on standard error. @return @p code */
int tool_say(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Say why not. @return its exit status */
int tool_refuse(const char *what, enum cbx_seal_result result);

/** Read the arguments. @return 0, or an exit status after saying why */
int tool_read_line(int argc, char **argv, struct tool *tool);

/** Read a file, NULL: standard input, to its end.
 * @return 0, or an exit status after saying why */
int tool_read(const char *path, struct tool_bytes *bytes);

/** Write to standard output. @return as above */
int tool_write(const void *bytes, size_t size);

/** Wipe and free. */
void tool_drop(struct tool_bytes *bytes);

/* The commands. @return the exit status */
int tool_seal(const struct tool *tool);
int tool_open(const struct tool *tool);
int tool_advance(const struct tool *tool);
int tool_root(const struct tool *tool);

#endif
