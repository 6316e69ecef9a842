/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/trace_value.h>

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <tools/trace_shape.h>

#define BYTES_SHOWN   32u
#define STRING_SHOWN  256u
#define STRINGS_SHOWN 8u

struct cbx_trace_call cbx_trace_call_of(uint32_t number)
{
	switch (number) {
#define X(nr, name, function, kinds) \
	case (nr):                   \
		return (struct cbx_trace_call){ #name, kinds };
#include <runtime/syscall.def>
#undef X
	default:
		return (struct cbx_trace_call){ NULL, "" };
	}
}

void cbx_trace_put(struct cbx_trace_text *text, const char *format, ...)
{
	size_t room = text->room - text->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->at + text->used, room, format, args);
	va_end(args);
	if (n > 0) {
		text->used += (size_t)n < room ? (size_t)n : room - 1;
	}
}

size_t cbx_trace_peek(struct cbx_box *box, uint64_t va, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t page = CBX_PAGE_SIZE - (va + done) % CBX_PAGE_SIZE;
		size_t part = size - done < page ? size - done : page;

		if (cbx_box_peek(box, va + done, (uint8_t *)buf + done, part) !=
			CBX_OK) {
			break;
		}
		done += part;
	}
	return done;
}

static void put_char(struct cbx_trace_text *text, unsigned char c)
{
	const char *plain = "\n\t\r\"\\";
	const char *coded = "ntr\"\\";
	const char *at = c != '\0' ? strchr(plain, c) : NULL;

	if (at != NULL) {
		cbx_trace_put(text, "\\%c", coded[at - plain]);
	} else if (c >= ' ' && c < 0x7f) {
		cbx_trace_put(text, "%c", c);
	} else {
		cbx_trace_put(text, "\\x%02x", c);
	}
}

static void put_quoted(struct cbx_trace_text *text, const unsigned char *bytes,
	size_t size, bool cut)
{
	cbx_trace_put(text, "\"");
	for (size_t i = 0; i < size; i++) {
		put_char(text, bytes[i]);
	}
	cbx_trace_put(text, cut ? "\"..." : "\"");
}

static void put_bytes(struct cbx_trace_text *text, struct cbx_box *box,
	uint64_t va, uint64_t size)
{
	unsigned char bytes[BYTES_SHOWN];
	size_t shown = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);

	if (va == 0 || cbx_trace_peek(box, va, bytes, shown) != shown) {
		cbx_trace_put(text, "0x%" PRIx64, va);
	} else {
		put_quoted(text, bytes, shown, shown < size);
	}
}

static void put_string(
	struct cbx_trace_text *text, struct cbx_box *box, uint64_t va)
{
	unsigned char bytes[STRING_SHOWN];
	size_t got =
		va == 0 ? 0 : cbx_trace_peek(box, va, bytes, sizeof(bytes));
	const unsigned char *end = memchr(bytes, 0, got);

	if (got == 0) {
		cbx_trace_put(text, va == 0 ? "NULL" : "0x%" PRIx64, va);
	} else {
		put_quoted(text, bytes,
			end != NULL ? (size_t)(end - bytes) : got, end == NULL);
	}
}

static void put_strings(
	struct cbx_trace_text *text, struct cbx_box *box, uint64_t va)
{
	uint64_t string[STRINGS_SHOWN] = { 0 };
	size_t got = cbx_trace_peek(box, va, string, sizeof(string));

	cbx_trace_put(text, "[");
	for (size_t i = 0; i < got / 8 && string[i] != 0; i++) {
		cbx_trace_put(text, i == 0 ? "" : ", ");
		put_string(text, box, string[i]);
	}
	cbx_trace_put(text, string[STRINGS_SHOWN - 1] != 0 ? ", ...]" : "]");
}

static void put_open_flags(struct cbx_trace_text *text, uint64_t flags)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} bits[] = { { O_CREAT, "O_CREAT" }, { O_EXCL, "O_EXCL" },
		{ O_NOCTTY, "O_NOCTTY" }, { O_TRUNC, "O_TRUNC" },
		{ O_APPEND, "O_APPEND" }, { O_NONBLOCK, "O_NONBLOCK" },
		{ O_DIRECTORY, "O_DIRECTORY" }, { O_NOFOLLOW, "O_NOFOLLOW" },
		{ O_CLOEXEC, "O_CLOEXEC" } };
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR",
		"O_ACCMODE" };

	cbx_trace_put(text, "%s", modes[flags & O_ACCMODE]);
	flags &= ~(uint64_t)O_ACCMODE;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if ((flags & bits[i].bit) != 0) {
			cbx_trace_put(text, "|%s", bits[i].name);
			flags &= ~(uint64_t)bits[i].bit;
		}
	}
	if (flags != 0) {
		cbx_trace_put(text, "|0x%" PRIx64, flags);
	}
}

static void put_signal(struct cbx_trace_text *text, uint64_t signal)
{
	const char *name = signal < NSIG ? sigabbrev_np((int)signal) : NULL;

	if (name != NULL) {
		cbx_trace_put(text, "SIG%s", name);
	} else {
		cbx_trace_put(text, "%" PRIu64, signal);
	}
}

bool cbx_trace_waits(const struct cbx_trace_value *value)
{
	return value->kind == 'o' ||
	       cbx_trace_shape_waits(value->number, value->index);
}

static void put_address(struct cbx_trace_text *text, uint64_t va)
{
	cbx_trace_put(text, va == 0 ? "NULL" : "0x%" PRIx64, va);
}

/* Numbers that need no memory. */
static void put_number(struct cbx_trace_text *text, char kind, uint64_t n)
{
	switch (kind) {
	case 'd':
		cbx_trace_put(text, "%d", (int)n);
		break;
	case 'D':
		cbx_trace_put(
			text, (int)n == AT_FDCWD ? "AT_FDCWD" : "%d", (int)n);
		break;
	case 'n':
		cbx_trace_put(text, "%" PRId64, (int64_t)n);
		break;
	case 'm':
		cbx_trace_put(text, "0%" PRIo64, n & 07777);
		break;
	case 'f':
		put_open_flags(text, n);
		break;
	case 'g':
		put_signal(text, n);
		break;
	case 'p':
		put_address(text, n);
		break;
	default:
		cbx_trace_put(text, "0x%" PRIx64, n);
		break;
	}
}

void cbx_trace_show(
	struct cbx_trace_text *text, const struct cbx_trace_value *value)
{
	uint64_t n = value->arg[value->index];
	uint64_t next = value->index < 5 ? value->arg[value->index + 1] : 0;

	if (cbx_trace_shape(text, value)) {
		return;
	}
	switch (value->kind) {
	case 's':
		put_string(text, value->box, n);
		break;
	case 'i':
		put_bytes(text, value->box, n, next);
		break;
	case 'o':
		put_bytes(text, value->box, n,
			value->result != NULL && *value->result > 0
				? (uint64_t)*value->result
				: 0);
		break;
	case 'v':
		put_strings(text, value->box, n);
		break;
	default:
		put_number(text, value->kind, n);
		break;
	}
}
