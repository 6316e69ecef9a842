/* SPDX-License-Identifier: Apache-2.0 */
/* A host that is the other end of a socket (base/wire.h). */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/wire.h>

#include "conform/loop.h"
#include "support/cpus_linux.h"

static bool send_event(int socket, const struct cbx_event *event)
{
	const struct cbx_wire_call call = {
		.head = { CBX_WIRE_CALL, sizeof(call) },
		.call = event->call,
	};
	const struct cbx_wire_page_state page_state = {
		.head = { CBX_WIRE_PAGE_STATE, sizeof(page_state) },
		.pfn = event->pfn.n,
		.count = event->count,
		.shared = event->shared,
	};
	bool is_call = event->kind == CBX_EVENT_CALL;
	size_t bytes = is_call ? sizeof(call) : sizeof(page_state);

	return send(socket, is_call ? (const void *)&call : &page_state, bytes,
		       MSG_NOSIGNAL) == (ssize_t)bytes;
}

bool loop_has_page_states(void)
{
	return true;
}

void loop_run(struct loop_play *play)
{
	uint32_t cpu;
	int socket = cpus_linux_open(&cpu);

	assert_true(socket >= 0);
	for (uint32_t i = 0; i < play->count; i++) {
		struct cbx_wire_reply reply;

		assert_true(send_event(socket, &play->event[i]));
		play->answered[i] = recv(socket, &reply, sizeof(reply), 0) ==
					    (ssize_t)sizeof(reply) &&
				    reply.head.kind == CBX_WIRE_REPLY;
		play->reply[i] = reply.reply;
	}
	(void)close(socket);
}

/* A packet that is not one ends its connection and nothing else. */
static void assert_dropped(const void *packet, size_t bytes)
{
	struct loop_play play = { 0 };
	uint8_t answer[256];
	uint32_t cpu;
	int socket = cpus_linux_open(&cpu);

	assert_true(socket >= 0);
	assert_int_equal(
		send(socket, packet, bytes, MSG_NOSIGNAL), (ssize_t)bytes);
	assert_int_equal(recv(socket, answer, sizeof(answer), 0), 0);
	(void)close(socket);
	loop_call(&play, VERSION);
	loop_run(&play);
	assert_true(play.answered[0]);
	assert_int_equal(play.reply[0].status, CBX_OK);
}

static void packets_that_are_none_end_their_connection(void **state)
{
	struct {
		struct cbx_wire_call call;
		uint64_t more;
	} packet = { .call.head = { CBX_WIRE_CALL, sizeof(packet.call) } };
	struct cbx_wire_page_state page_state = {
		.head = { CBX_WIRE_PAGE_STATE, sizeof(page_state) },
		.pfn = 1,
		.count = 1,
		.shared = 2,
	};

	(void)state;
	assert_dropped(&packet, 1);
	assert_dropped(&packet, sizeof(packet.call.head));
	assert_dropped(&packet, sizeof(packet.call) - 1);
	assert_dropped(&packet, sizeof(packet));
	packet.call.head.bytes++;
	assert_dropped(&packet, sizeof(packet.call));
	packet.call.head.bytes--;
	for (uint32_t kind = 0; kind < 10; kind++) {
		packet.call.head.kind = kind;
		if (kind != CBX_WIRE_CALL) {
			assert_dropped(&packet, sizeof(packet.call));
		}
	}
	assert_dropped(&page_state, sizeof(page_state));
	page_state.shared = UINT64_MAX;
	assert_dropped(&page_state, sizeof(page_state));
	machine_assert_sound();
}

static void a_host_that_leaves_in_a_call_frees_its_cpu(void **state)
{
	struct loop_play play = { 0 };
	struct cbx_event event = { .kind = CBX_EVENT_CALL };

	(void)state;
	event.call.id = CBX_CALL_CAPS;
	for (uint32_t i = 0; i < 40; i++) { /* more than there are CPUs */
		uint32_t cpu;
		int socket = cpus_linux_open(&cpu);

		while (socket < 0) { /* the last ones are on their way out */
			(void)usleep(1000);
			socket = cpus_linux_open(&cpu);
		}
		assert_true(send_event(socket, &event));
		(void)close(socket);
	}
	(void)usleep(10000);
	loop_call(&play, VERSION);
	loop_run(&play);
	assert_int_equal(play.reply[0].status, CBX_OK);
}

const struct CMUnitTest loop_more[] = {
	MACHINE(packets_that_are_none_end_their_connection),
	MACHINE(a_host_that_leaves_in_a_call_frees_its_cpu),
};
const size_t loop_more_count = sizeof(loop_more) / sizeof(loop_more[0]);
