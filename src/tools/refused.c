/* SPDX-License-Identifier: Apache-2.0 */
/* Saying which call a box's policy did not allow. */
#include <tools/trace.h>

#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <tools/say.h>

static const char *name_of(uint32_t number)
{
	switch (number) {
#define X(id, NAME, name) \
	case (id):        \
		return #name;
#include <confbox/forward.def>
#undef X
	default:
		return "call";
	}
}

/* The box chose these bytes: nothing of them reaches a terminal as it is. */
static void put_name(char *to, size_t room, const uint8_t *from, size_t bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes && used + 5 < room; i++) {
		bool plain = from[i] > ' ' && from[i] < 0x7f && from[i] != '\\';

		used += (size_t)snprintf(to + used, room - used,
			plain ? "%c" : "\\x%02x", from[i]);
	}
	to[used] = '\0';
}

static void put_peer(char *to, size_t room, const uint64_t *arg)
{
	const uint64_t half[2] = { htobe64(arg[1]), htobe64(arg[2]) };
	struct in_addr v4 = { htonl((uint32_t)arg[2]) };
	bool mapped = arg[1] == 0 && arg[2] >> 32 == 0xffff;
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(mapped ? AF_INET : AF_INET6,
		mapped ? (const void *)&v4 : (const void *)half, text,
		sizeof(text));
	(void)snprintf(to, room, mapped ? "%s:%" PRIu64 : "[%s]:%" PRIu64, text,
		arg[0]);
}

void cbx_trace_refused(void *arg, const struct cbx_forward_call *call,
	const void *data, size_t bytes)
{
	const uint64_t *args = call->args.arg;
	char what[640];

	(void)arg;
	switch (call->number) {
	case CBX_FORWARD_OPEN:
	case CBX_FORWARD_STAT:
		put_name(what, sizeof(what), data, bytes);
		break;
	case CBX_FORWARD_CONNECT:
	case CBX_FORWARD_LISTEN:
		put_peer(what, sizeof(what), args);
		break;
	default:
		(void)snprintf(what, sizeof(what), "%" PRIu32, call->number);
		break;
	}
	cbx_say("policy: %s %s (0x%" PRIx64 ") was refused; allow it in the "
		"policy file, if the program is to",
		name_of(call->number), what, args[0]);
}
