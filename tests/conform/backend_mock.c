/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's backend: mock.  Its code is a function that reads the same
 * mail as boxcode_x86_64.S. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "conform/contract.h"

#define PAGES 2048u

/* What the program does next; reg[0] is the order it took last. */
enum {
	READY,
	ASKED,	/* a gate of an order */
	RESTED, /* a gate of its own */
	CALLED, /* a system call of an order */
	SPINS,	/* until there is another order */
};

static bool get(struct mock_box_cpu *box, struct boxcode_slot *slot)
{
	return mock_box_read(box, BOXCODE_MAIL + box->start.arg * BOXCODE_SLOT,
		slot, sizeof(*slot));
}

static void put(struct mock_box_cpu *box, const struct boxcode_slot *slot)
{
	(void)mock_box_write(box, BOXCODE_MAIL + box->start.arg * BOXCODE_SLOT,
		slot, sizeof(*slot));
}

static void finish(struct mock_box_cpu *box, struct boxcode_slot *slot)
{
	slot->status = (uint64_t)CBX_OK;
	slot->done = slot->seen;
	put(box, slot);
}

/* @return false when that was refused */
static bool touch(struct mock_box_cpu *box, struct boxcode_slot *slot)
{
	switch (slot->op) {
	case BOXCODE_READ:
		return mock_box_read(box, slot->address, &slot->word, 8);
	case BOXCODE_WRITE:
		return mock_box_write(box, slot->address, &slot->word, 8);
	default:
		return mock_box_execute(box, slot->address);
	}
}

static struct cbx_call call_of(const struct boxcode_slot *slot)
{
	struct cbx_call call = { .id = slot->id };

	memcpy(call.arg, slot->arg, sizeof(call.arg));
	return call;
}

static void spin(struct mock_box_cpu *box)
{
	box->step = SPINS;
	while (!mock_box_kicked(box)) {
		cbx_hal_cpu_relax();
	}
	mock_box_interrupted(box);
}

/* Take an order. @return whether there may be another at once */
static bool take(struct mock_box_cpu *box, struct boxcode_slot *slot)
{
	const struct cbx_call call = call_of(slot);

	box->step = READY;
	slot->seen = slot->seq;
	slot->status = (uint64_t)CBX_E_FAULT;
	box->reg[0] = slot->seq;
	put(box, slot);
	switch (slot->op) {
	case BOXCODE_GATE:
		box->step = ASKED;
		mock_box_gate(box, &call);
		return false;
	case BOXCODE_SYSCALL:
		box->step = CALLED;
		mock_box_syscall(box, &call);
		return false;
	case BOXCODE_SPIN:
		finish(box, slot);
		spin(box);
		return false;
	default:
		if (!touch(box, slot)) {
			return false;
		}
		finish(box, slot);
		return true;
	}
}

static void go_on(struct mock_box_cpu *box)
{
	const struct cbx_call park = { .id = CBX_CALL_THREAD_PARK,
		.arg = { 1 } };
	struct boxcode_slot slot;

	do {
		if (!get(box, &slot)) {
			return;
		}
		if (slot.seq == box->reg[0] && box->step == SPINS) {
			spin(box);
			return;
		}
		if (slot.seq == box->reg[0]) {
			box->step = RESTED;
			mock_box_gate(box, &park);
			return;
		}
	} while (take(box, &slot));
}

static void take_upcall(struct mock_box_cpu *box)
{
	struct boxcode_slot slot;

	if (!get(box, &slot)) {
		return;
	}
	slot.upcalls++;
	slot.upcall = *box->upcall;
	if (slot.upcall.kind == CBX_UPCALL_FAULT) {
		slot.done = slot.seen;
	}
	put(box, &slot);
	mock_box_return(box);
}

/* A gate that has no reply yet was interrupted before it was made. */
static bool answered(struct mock_box_cpu *box)
{
	struct boxcode_slot slot;

	if ((box->step == ASKED || box->step == RESTED) && box->reply == NULL &&
		box->upcall == NULL) {
		mock_box_interrupted(box);
		return false;
	}
	if (!get(box, &slot)) {
		return false;
	}
	if (box->step == ASKED && box->reply != NULL) {
		slot.reply = *box->reply;
		finish(box, &slot);
	} else if (box->step == CALLED) {
		slot.word = slot.id;
		finish(box, &slot);
	}
	return true;
}

static bool lost;

static void agent(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	if (lost) {
		mock_box_lost(box);
		return;
	}
	if (box->upcall != NULL) {
		take_upcall(box);
		mock_box_interrupted(box);
		return;
	}
	if (box->step != SPINS) {
		if (box->step != READY && !answered(box)) {
			return;
		}
		box->step = READY;
	}
	go_on(box);
}

int contract_up(void **state)
{
	const struct mock_options options = { .pages = PAGES };

	(void)state;
	check_boot(&options);
	mock_program(CONTRACT_CODE, agent, NULL);
	mock_program(CONTRACT_CODE + CBX_PAGE_SIZE, agent, NULL);
	contract_pages_from(1);
	lost = false;
	return 0;
}

int contract_down(void **state)
{
	(void)state;
	assert_int_equal(mock_maps(), 0);
	assert_int_equal(mock_spaces(), 0);
	assert_int_equal(mock_vcpus(), 0);
	mock_down();
	return 0;
}

void *contract_page(uint64_t pfn)
{
	return mock_page((struct cbx_pfn){ pfn });
}

void contract_code(uint64_t pfn)
{
	(void)pfn;
}

bool contract_host_names_shared(void)
{
	return true;
}

bool contract_has_registers(void)
{
	return false;
}

static pthread_t kicker;
static atomic_bool kicking;

static void *kick(void *arg)
{
	(void)arg;
	mock_cpu_set(1);
	while (atomic_load(&kicking)) {
		const struct timespec pause = { .tv_nsec = 200000 };

		(void)nanosleep(&pause, NULL);
		cbx_hal_cpu_kick(0);
	}
	return NULL;
}

void contract_kick(void)
{
	cbx_hal_cpu_kick(0);
}

void contract_kicks(void)
{
	atomic_store(&kicking, true);
	assert_int_equal(pthread_create(&kicker, NULL, kick, NULL), 0);
}

void contract_kicks_end(void)
{
	atomic_store(&kicking, false);
	assert_int_equal(pthread_join(kicker, NULL), 0);
}

bool contract_lose(struct cbx_arch_space *space)
{
	(void)space;
	lost = true;
	return true;
}
