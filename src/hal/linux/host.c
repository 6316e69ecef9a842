/* SPDX-License-Identifier: Apache-2.0 */
/* The host, as a CPU meets it: packets on the CPU's socket (base/wire.h). */
#include <hal/hal.h>

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include <base/wire.h>
#include <hal/linux/check.h>
#include <hal/linux/cpu.h>
#include <hal/linux/start.h>

/* Whatever the library may send; longer packets do not fit on purpose. */
union message {
	struct cbx_wire_head head;
	struct cbx_wire_call call;
	struct cbx_wire_page_state page_state;
};

static cbx_linux_before_evidence *before_evidence;
static pthread_once_t before = PTHREAD_ONCE_INIT;

void cbx_linux_do_before_evidence(cbx_linux_before_evidence *work)
{
	before_evidence = work;
}

/* The first question for evidence comes: others of that kind wait. */
static void prepare(uint64_t id)
{
	bool evidence =
		id == CBX_CALL_MONITOR_EVIDENCE || id == CBX_CALL_BOX_EVIDENCE;

	if (evidence && before_evidence != NULL) {
		CBX_CHECK(pthread_once(&before, before_evidence) == 0);
	}
}

/* A reply nobody takes is noticed when the next request is read. */
static void send_reply(int socket, const struct cbx_reply *reply)
{
	const struct cbx_wire_reply message = {
		.head = { CBX_WIRE_REPLY, sizeof(message) },
		.reply = *reply,
	};
	ssize_t n;

	do {
		n = send(socket, &message, sizeof(message), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
}

static size_t receive(int socket, union message *message)
{
	ssize_t n;

	do {
		n = recv(socket, message, sizeof(*message), MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? 0 : (size_t)n;
}

static bool is(const union message *message, size_t bytes,
	enum cbx_wire_kind kind, size_t expected)
{
	return bytes == expected && message->head.kind == kind &&
	       message->head.bytes == expected;
}

void cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event)
{
	int socket = cbx_linux_cpu_socket(cpu);
	union message message = { 0 };
	size_t bytes;

	if (reply != NULL) {
		send_reply(socket, reply);
	}
	bytes = receive(socket, &message);
	*event = (struct cbx_event){ .kind = CBX_EVENT_CPU_STOP };
	if (is(&message, bytes, CBX_WIRE_CALL, sizeof(message.call))) {
		event->kind = CBX_EVENT_CALL;
		event->call = message.call.call;
		prepare(event->call.id);
	} else if (is(&message, bytes, CBX_WIRE_PAGE_STATE,
			   sizeof(message.page_state)) &&
		   message.page_state.shared <= 1) {
		event->kind = CBX_EVENT_PAGE_STATE;
		event->pfn.n = message.page_state.pfn;
		event->count = message.page_state.count;
		event->shared = message.page_state.shared == 1;
	}
}

/* This host never has a FAULT: what it may not touch reads as zeros. */
void cbx_hal_host_fault(uint32_t cpu)
{
	CBX_CHECK(cpu == cbx_hal_cpu());
	cbx_hal_panic("host fault without a FAULT event", __FILE__, __LINE__);
}
