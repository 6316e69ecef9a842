/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/trace_shape.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

enum shape {
	NONE,
	timespec,
	timespec_out,
	timeval,
	sockaddr,
	stat_, /* the call of that name keeps its own */
	pair,
	status,
};
#define stat stat_

/* A name of a number; the first line of a set has no name and says whether one
 * of them is chosen. */
struct flag {
	uint64_t number;
	const char *name;
};

#define SET(name, choice) \
	{                 \
		0, NULL   \
	}                 \
	}                 \
	;                 \
	static const struct flag set_##name[] = { { choice, NULL },
#define FLAG(number, name) { number, name },
#define END             \
	{               \
		0, NULL \
	}               \
	}               \
	;
#define USE(call, argument, set)
#define SHAPE(call, argument, shape)
static const struct flag set_none[] = { { 0, NULL },
#include <tools/trace_flags.def>

	static const struct flag *flags_of(uint32_t number, unsigned int index){
#define SET(name, choice)
#define FLAG(number, name)
#define END
#define SHAPE(call, argument, shape)
#define USE(call, argument, set)                           \
	if (number == SYS_##call && index == (argument)) { \
		return set_##set;                          \
	}
#include <tools/trace_flags.def>
		return set_none;
}

static enum shape shape_of(uint32_t number, unsigned int index)
{
#define SET(name, choice)
#define FLAG(number, name)
#define END
#define USE(call, argument, set)
#define SHAPE(call, argument, shape)                       \
	if (number == SYS_##call && index == (argument)) { \
		return shape;                              \
	}
#include <tools/trace_flags.def>
	return NONE;
}
#undef stat

static void put_flags(
	struct cbx_trace_text *text, const struct flag *flags, uint64_t n)
{
	bool choice = flags[0].number != 0;
	const char *between = "";

	for (const struct flag *flag = flags + 1; flag->name != NULL; flag++) {
		if (choice ? n == flag->number
			   : flag->number != 0 &&
					(n & flag->number) == flag->number) {
			cbx_trace_put(text, "%s%s", between, flag->name);
			between = "|";
			n = choice ? 0 : n & ~flag->number;
			if (choice) {
				return;
			}
		}
	}
	if (n != 0 || between[0] == '\0') {
		cbx_trace_put(text, "%s0x%" PRIx64, between, n);
	}
}

static void put_sockaddr(
	struct cbx_trace_text *text, const void *at, size_t size)
{
	union {
		struct sockaddr_in in;
		struct sockaddr_un un;
	} a = { 0 };
	char name[INET_ADDRSTRLEN] = "";

	memcpy(&a, at, size);
	if (a.in.sin_family == AF_INET) {
		(void)inet_ntop(AF_INET, &a.in.sin_addr, name, sizeof(name));
		cbx_trace_put(text, "{AF_INET, %s:%u}", name,
			(unsigned int)ntohs(a.in.sin_port));
	} else if (a.in.sin_family == AF_UNIX) {
		bool abstract = a.un.sun_path[0] == '\0';

		cbx_trace_put(text, "{AF_UNIX, %s%.100s}", abstract ? "@" : "",
			a.un.sun_path + (abstract ? 1 : 0));
	} else {
		cbx_trace_put(
			text, "{family %u}", (unsigned int)a.in.sin_family);
	}
}

static void put_bytes_as(
	struct cbx_trace_text *text, enum shape shape, const void *at)
{
	int64_t word[2];
	int32_t half[2];
	struct stat st;

	memcpy(word, at, sizeof(word));
	memcpy(half, at, sizeof(half));
	switch (shape) {
	case timespec:
	case timespec_out:
		cbx_trace_put(
			text, "{%" PRId64 ".%09" PRId64 "}", word[0], word[1]);
		break;
	case timeval:
		cbx_trace_put(
			text, "{%" PRId64 ".%06" PRId64 "}", word[0], word[1]);
		break;
	case pair:
		cbx_trace_put(text, "[%d, %d]", half[0], half[1]);
		break;
	case status:
		cbx_trace_put(text, "[0x%x]", (unsigned int)half[0]);
		break;
	case stat_:
	case sockaddr:
	case NONE:
	default:
		memcpy(&st, at, sizeof(st));
		cbx_trace_put(text, "{mode=0%o, size=%lld}",
			(unsigned int)st.st_mode, (long long)st.st_size);
		break;
	}
}

static size_t size_of(enum shape shape, const struct cbx_trace_value *value)
{
	switch (shape) {
	case stat_:
		return sizeof(struct stat);
	case sockaddr: {
		uint64_t size = value->arg[value->index + 1];

		return size < 2 ? 2
		       : size > sizeof(struct sockaddr_un)
			       ? sizeof(struct sockaddr_un)
			       : (size_t)size;
	}
	case pair:
		return 8;
	case status:
		return 4;
	case timespec:
	case timespec_out:
	case timeval:
	case NONE:
	default:
		return 16;
	}
}

static bool put_shape(struct cbx_trace_text *text, enum shape shape,
	const struct cbx_trace_value *value)
{
	uint8_t bytes[sizeof(struct stat)] = { 0 };
	uint64_t va = value->arg[value->index];
	size_t size = size_of(shape, value);

	if (va == 0 || cbx_trace_peek(value->box, va, bytes, size) != size ||
		(value->result != NULL && *value->result < 0)) {
		return false;
	}
	if (shape == sockaddr) {
		put_sockaddr(text, bytes, size);
	} else {
		put_bytes_as(text, shape, bytes);
	}
	return true;
}

bool cbx_trace_shape(
	struct cbx_trace_text *text, const struct cbx_trace_value *value)
{
	const struct flag *flags = flags_of(value->number, value->index);
	enum shape shape = shape_of(value->number, value->index);

	if (flags[0].name == NULL && flags[1].name != NULL) {
		put_flags(text, flags, value->arg[value->index]);
		return true;
	}
	return shape != NONE && put_shape(text, shape, value);
}

bool cbx_trace_shape_waits(uint32_t number, unsigned int index)
{
	enum shape shape = shape_of(number, index);

	return shape == stat_ || shape == pair || shape == status ||
	       shape == timespec_out;
}
