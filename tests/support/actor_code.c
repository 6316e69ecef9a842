/* SPDX-License-Identifier: Apache-2.0 */
/* What boxes of tests run where there are instructions: machine code with a page
 * of mail. */
#include <string.h>
#include <time.h>

#include "support/actor.h"
#include "support/ask.h"
#include "support/boxcode.h"
#include "support/mail.h"

/* Long against a gate call, short against a test. */
const uint64_t actor_wake_step = 500000;

void actor_code(struct machine_box *box)
{
	for (uint64_t i = 0; i < BOXCODE_PAGES; i++) {
		machine_put(box->io + i, boxcode_begin + i * CBX_PAGE_SIZE,
			CBX_PAGE_SIZE);
	}
}

void actor_join(struct machine_box *box)
{
	box->mail = machine_pool(1);
	must(BOX_ADD, box->handle, BOXCODE_MAIL, box->mail, 1,
		CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE);
}

volatile struct boxcode_slot *mail_of(
	const struct machine_box *box, uint32_t thread)
{
	const struct cbx_page *page = cbx_page_at(box->mail);

	if (page->owner != box->handle || page->state != CBX_PAGE_PRIVATE) {
		return NULL;
	}
	return (struct boxcode_slot *)(void *)((uint8_t *)ask_place(box->mail) +
					       thread * BOXCODE_SLOT);
}

static uint64_t op_of(unsigned int access)
{
	switch (access) {
	case 0:
		return BOXCODE_GATE;
	case MOCK_READ:
		return BOXCODE_READ;
	case MOCK_WRITE:
		return BOXCODE_WRITE;
	case MOCK_EXECUTE:
		return BOXCODE_EXECUTE;
	case MACHINE_SYSCALL:
		return BOXCODE_SYSCALL;
	case MACHINE_SPIN:
		return BOXCODE_SPIN;
	default:
		return access - MAIL_OP;
	}
}

void actor_order(struct machine_box *box, uint32_t thread)
{
	const struct machine_script *script = &box->script[thread];
	volatile struct boxcode_slot *slot = mail_of(box, thread);

	assert_non_null(slot);
	slot->op = op_of(script->access);
	slot->id = script->call.id;
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		slot->arg[i] = script->call.arg[i];
	}
	slot->address = script->address;
	slot->word = script->word;
	__atomic_store_n(&slot->seq, slot->seq + 1, __ATOMIC_RELEASE);
}

static void report(
	struct machine_script *script, const volatile struct boxcode_slot *slot)
{
	uint64_t done = __atomic_load_n(&slot->done, __ATOMIC_ACQUIRE);

	script->upcalls = slot->upcalls;
	script->upcall = slot->upcall;
	if (script->step == MACHINE_CALL && slot->seen == slot->seq) {
		script->step = MACHINE_WAIT;
	}
	if (script->step != MACHINE_WAIT || done != slot->seq) {
		return;
	}
	script->step = MACHINE_DONE;
	script->word = slot->word;
	script->reply = (struct cbx_reply){ .status = slot->status };
	if (script->access == 0) {
		script->reply = slot->reply;
	}
}

/* A box that is gone reports nothing more. */
void actor_report(struct machine_box *box)
{
	for (uint32_t i = 0; i < MACHINE_THREADS; i++) {
		volatile struct boxcode_slot *slot = mail_of(box, i);

		if (slot != NULL) {
			report(&box->script[i], slot);
		}
	}
}

void machine_wait(uint64_t ticks)
{
	(void)actor_wait(ticks);
}

bool actor_wait(uint64_t ticks)
{
	while (ticks != 0 && cbx_hal_ticks() < ticks) {
		const struct timespec pause = { .tv_nsec = 50000 };

		(void)nanosleep(&pause, NULL);
	}
	return ticks != 0;
}

bool mail_do(struct machine_box *box, uint32_t op)
{
	return machine_act(box, MAIL_OP + op);
}

bool mail_call(struct machine_box *box, uint32_t op, uint64_t address,
	uint64_t number, const uint64_t arg[CBX_CALL_ARGS])
{
	box->script[0].call = (struct cbx_call){ .id = number };
	memcpy(box->script[0].call.arg, arg, sizeof(box->script[0].call.arg));
	box->script[0].address = address;
	return mail_do(box, op);
}
