/* SPDX-License-Identifier: Apache-2.0 */
/* The program's side of the puppet: it is the loop that runs the host. */
#include <string.h>

#include <hal/hal.h>

#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"
#include "support/check.h"

static uint64_t mail_page[CBX_X86_CPUS_MAX];
static uint64_t other_entry;

struct puppet_mail *puppet_mail(void)
{
	return bare_page(mail_page[cbx_hal_cpu()]);
}

uint8_t *puppet_bytes(void)
{
	return bare_page(mail_page[cbx_hal_cpu()] + 1);
}

bool puppet_owns(uint64_t pfn)
{
	bool found = false;

	for (uint32_t i = 0; i < CBX_X86_CPUS_MAX; i++) {
		found |= mail_page[i] != 0 && pfn - mail_page[i] < 2;
	}
	return found;
}

static _Noreturn void lost(const struct cbx_call *call)
{
	print_error("the puppet: vector %lu error %lu cr2 %lx rip %lx\n",
		call->arg[0], call->arg[1], call->arg[2], call->arg[3]);
	cbx_hal_panic("the puppet is lost", __FILE__, __LINE__);
}

/* Until it reports. @return its argument; 0 when it stopped, or is lost */
static uint64_t run_host(void)
{
	struct cbx_reply reply;
	bool answered = false;

	for (;;) {
		struct cbx_event event;

		cbx_hal_host_run(
			cbx_hal_cpu(), answered ? &reply : NULL, &event);
		answered = false;
		switch (event.kind) {
		case CBX_EVENT_CALL:
			if (event.call.id == PUPPET_REPORT) {
				other_entry = event.call.arg[1];
				return event.call.arg[0];
			}
			if (event.call.id == PUPPET_LOST) {
				lost(&event.call);
			}
			if (!side_call(&event.call, &reply)) {
				puppet_serve(&event, &reply);
			}
			answered = true;
			break;
		case CBX_EVENT_FAULT:
		case CBX_EVENT_PAGE_STATE:
		case CBX_EVENT_LETTER:
			puppet_serve(&event, &reply);
			answered = event.kind == CBX_EVENT_PAGE_STATE;
			break;
		case CBX_EVENT_CPU_STOP:
		case CBX_EVENT_CRASH:
			return 0;
		case CBX_EVENT_CPU_START:
		case CBX_EVENT_TICK:
		default:
			break;
		}
	}
}

void puppet_start(void)
{
	uint64_t page;

	side_host_begin();
	page = run_host();
	if (page == 0) {
		cbx_hal_panic("there is no puppet", __FILE__, __LINE__);
	}
	mail_page[cbx_hal_cpu()] = page;
	memset(puppet_mail(), 0, sizeof(*puppet_mail()));
}

void puppet_start_other(uint32_t cpu)
{
	const uint64_t arg[CBX_CALL_ARGS] = { cpu, other_entry, cpu };
	struct cbx_reply reply;

	do {
		reply = puppet_gate(CBX_PKS_CPU_START, arg);
	} while (reply.status == CBX_E_BUSY);
	assert_int_equal(reply.status, CBX_OK);
}

bool puppet_do(enum puppet_op op)
{
	struct puppet_mail *mail = puppet_mail();

	mail->op = op;
	if (run_host() != mail_page[cbx_hal_cpu()]) {
		cbx_hal_panic("the puppet is lost", __FILE__, __LINE__);
	}
	assert_int_equal(mail->bared, 0); /* X01, X02: whatever exit it was */
	return mail->trapped == 0;
}

struct cbx_reply puppet_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct puppet_mail *mail = puppet_mail();

	mail->count = 1;
	mail->call[0] = (struct cbx_call){ .id = id };
	memcpy(mail->call[0].arg, arg, sizeof(mail->call[0].arg));
	memset(&mail->reply[0], 0x77, sizeof(mail->reply[0]));
	(void)puppet_do(PUPPET_GATES);
	return mail->reply[0];
}

bool puppet_read(uint64_t va, void *to, uint64_t size)
{
	struct puppet_mail *mail = puppet_mail();
	bool let;

	memset(puppet_bytes(), 0, CBX_PAGE_SIZE);
	mail->va = va;
	mail->size = size;
	let = puppet_do(PUPPET_READ);
	memcpy(to, puppet_bytes(), size);
	return let;
}

bool puppet_write(uint64_t va, const void *from, uint64_t size)
{
	struct puppet_mail *mail = puppet_mail();

	memcpy(puppet_bytes(), from, size);
	mail->va = va;
	mail->size = size;
	return puppet_do(PUPPET_WRITE);
}
