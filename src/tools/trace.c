/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/trace.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define BYTES_SHOWN   32u
#define STRING_SHOWN  256u
#define STRINGS_SHOWN 8u
#define ERRNO_MOST    4095

/** What is known of a system call. */
struct call {
	const char *name; /* NULL: unknown */
	const char *kinds;
};

static struct call call_of(uint32_t number)
{
	switch (number) {
#define X(nr, name, function, kinds) \
	case (nr):                   \
		return (struct call){ #name, kinds };
#include <runtime/syscall.def>
#undef X
	default:
		return (struct call){ NULL, "" };
	}
}

__attribute__((format(printf, 2, 3))) static void put(
	struct cbx_tracer *tracer, const char *format, ...)
{
	size_t room = sizeof(tracer->line) - tracer->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(tracer->line + tracer->length, room, format, args);
	va_end(args);
	if (n > 0) {
		tracer->length += (size_t)n < room ? (size_t)n : room - 1;
	}
}

/* Box memory, page by page. @return bytes read */
static size_t peek(
	struct cbx_box *box, uint64_t va, unsigned char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t page = CBX_PAGE_SIZE - (va + done) % CBX_PAGE_SIZE;
		size_t part = size - done < page ? size - done : page;

		if (cbx_box_peek(box, va + done, buf + done, part) != CBX_OK) {
			break;
		}
		done += part;
	}
	return done;
}

static void put_char(struct cbx_tracer *tracer, unsigned char c)
{
	const char *plain = "\n\t\r\"\\";
	const char *coded = "ntr\"\\";
	const char *at = c != '\0' ? strchr(plain, c) : NULL;

	if (at != NULL) {
		put(tracer, "\\%c", coded[at - plain]);
	} else if (c >= ' ' && c < 0x7f) {
		put(tracer, "%c", c);
	} else {
		put(tracer, "\\x%02x", c);
	}
}

static void put_quoted(struct cbx_tracer *tracer, const unsigned char *bytes,
	size_t size, int cut)
{
	put(tracer, "\"");
	for (size_t i = 0; i < size; i++) {
		put_char(tracer, bytes[i]);
	}
	put(tracer, cut ? "\"..." : "\"");
}

static void put_bytes(struct cbx_tracer *tracer, struct cbx_box *box,
	uint64_t va, uint64_t size)
{
	unsigned char bytes[BYTES_SHOWN];
	size_t shown = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);

	if (va == 0 || peek(box, va, bytes, shown) != shown) {
		put(tracer, "0x%" PRIx64, va);
	} else {
		put_quoted(tracer, bytes, shown, shown < size);
	}
}

static void put_string(
	struct cbx_tracer *tracer, struct cbx_box *box, uint64_t va)
{
	unsigned char bytes[STRING_SHOWN];
	size_t got = va == 0 ? 0 : peek(box, va, bytes, sizeof(bytes));
	const unsigned char *end = memchr(bytes, 0, got);

	if (got == 0) {
		put(tracer, va == 0 ? "NULL" : "0x%" PRIx64, va);
	} else {
		put_quoted(tracer, bytes,
			end != NULL ? (size_t)(end - bytes) : got, end == NULL);
	}
}

static void put_strings(
	struct cbx_tracer *tracer, struct cbx_box *box, uint64_t va)
{
	uint64_t string[STRINGS_SHOWN] = { 0 };
	size_t got = peek(box, va, (unsigned char *)string, sizeof(string));

	put(tracer, "[");
	for (size_t i = 0; i < got / 8 && string[i] != 0; i++) {
		put(tracer, i == 0 ? "" : ", ");
		put_string(tracer, box, string[i]);
	}
	put(tracer, string[STRINGS_SHOWN - 1] != 0 ? ", ...]" : "]");
}

static void put_open_flags(struct cbx_tracer *tracer, uint64_t flags)
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

	put(tracer, "%s", modes[flags & O_ACCMODE]);
	flags &= ~(uint64_t)O_ACCMODE;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if ((flags & bits[i].bit) != 0) {
			put(tracer, "|%s", bits[i].name);
			flags &= ~(uint64_t)bits[i].bit;
		}
	}
	if (flags != 0) {
		put(tracer, "|0x%" PRIx64, flags);
	}
}

static void put_signal(struct cbx_tracer *tracer, uint64_t signal)
{
	const char *name = signal < NSIG ? sigabbrev_np((int)signal) : NULL;

	if (name != NULL) {
		put(tracer, "SIG%s", name);
	} else {
		put(tracer, "%" PRIu64, signal);
	}
}

/* One argument; @p next is the one after it, for its size. */
static void put_argument(struct cbx_tracer *tracer, struct cbx_box *box,
	char kind, const uint64_t *arg)
{
	switch (kind) {
	case 'd':
		put(tracer, "%d", (int)arg[0]);
		break;
	case 'D':
		put(tracer, (int)arg[0] == AT_FDCWD ? "AT_FDCWD" : "%d",
			(int)arg[0]);
		break;
	case 's':
		put_string(tracer, box, arg[0]);
		break;
	case 'i':
		put_bytes(tracer, box, arg[0], arg[1]);
		break;
	case 'v':
		put_strings(tracer, box, arg[0]);
		break;
	case 'n':
		put(tracer, "%" PRId64, (int64_t)arg[0]);
		break;
	case 'm':
		put(tracer, "0%" PRIo64, arg[0] & 07777);
		break;
	case 'f':
		put_open_flags(tracer, arg[0]);
		break;
	case 'g':
		put_signal(tracer, arg[0]);
		break;
	case 'p':
		put(tracer, arg[0] == 0 ? "NULL" : "0x%" PRIx64, arg[0]);
		break;
	default:
		put(tracer, "0x%" PRIx64, arg[0]);
		break;
	}
}

/* Arguments from the first one not shown on; bytes the call will fill wait for
 * its result. @param result  NULL before the call */
static void put_arguments(
	struct cbx_tracer *tracer, struct cbx_box *box, const int64_t *result)
{
	struct call call = call_of(tracer->call.number);
	unsigned int i = tracer->shown;

	for (; i < 6 && call.kinds[i] != '\0'; i++) {
		const uint64_t arg[2] = { tracer->call.arg[i],
			i < 5 ? tracer->call.arg[i + 1] : 0 };

		bool filled = call.kinds[i] == 'o';

		if (filled && result == NULL) {
			break;
		}
		put(tracer, i == 0 ? "" : ", ");
		if (filled && result != NULL) {
			put_bytes(tracer, box, arg[0],
				*result > 0 ? (uint64_t)*result : 0);
		} else {
			put_argument(tracer, box, call.kinds[i], arg);
		}
	}
	tracer->shown = i;
}

/* Calls that return an address. */
static bool gives_address(uint32_t number)
{
	return number == SYS_mmap || number == SYS_brk || number == SYS_mremap;
}

static void put_result(struct cbx_tracer *tracer, int64_t result)
{
	if (result < 0 && result >= -ERRNO_MOST) {
		const char *name = strerrorname_np((int)-result);

		put(tracer, ") = -1 %s (%s)", name != NULL ? name : "?",
			strerror((int)-result));
	} else if (!gives_address(tracer->call.number)) {
		put(tracer, ") = %" PRId64, result);
	} else {
		put(tracer, ") = 0x%" PRIx64, (uint64_t)result);
	}
}

static void write_line(struct cbx_tracer *tracer)
{
	(void)fprintf(stderr, "%s\n", tracer->line);
	tracer->open = 0;
	tracer->length = 0;
}

static void begin(struct cbx_tracer *tracer, struct cbx_box *box,
	const struct cbx_trace *event)
{
	struct call call = call_of(event->number);

	cbx_trace_finish(tracer);
	tracer->call = *event;
	tracer->shown = 0;
	tracer->open = 1;
	if (call.name != NULL) {
		put(tracer, "%s(", call.name);
	} else {
		put(tracer, "syscall_%" PRIu32 "(", event->number);
	}
	put_arguments(tracer, box, NULL);
}

void cbx_trace_event(
	void *arg, struct cbx_box *box, const struct cbx_trace *event)
{
	struct cbx_tracer *tracer = arg;

	if (event->is_result == 0) {
		begin(tracer, box, event);
	} else if (tracer->open) {
		put_arguments(tracer, box, &event->result);
		put_result(tracer, event->result);
		write_line(tracer);
	}
}

void cbx_trace_finish(struct cbx_tracer *tracer)
{
	if (tracer->open) {
		put(tracer, ") = ?");
		write_line(tracer);
	}
}
