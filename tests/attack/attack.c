/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attack/attack.h"

const uint64_t attack_secret[ATTACK_SECRET_WORDS] = {
	0x5ec2e7b0a1f39d41ull,
	0x9be4176d02c8ff35ull,
	0x3f60d9c45a7be812ull,
	0xc7188e53f49a260dull,
};

void attack_hide(struct machine_box *box, uint64_t va)
{
	for (uint32_t i = 0; i < ATTACK_SECRET_WORDS; i++) {
		assert_true(machine_write(box, va + 8 * i, attack_secret[i]));
	}
}

void attack_victim(struct machine_box *box)
{
	machine_box(box);
	attack_hide(box, ATTACK_SECRET_VA);
}

bool attack_tells(const struct cbx_reply *reply)
{
	for (uint32_t i = 0; i < ATTACK_SECRET_WORDS; i++) {
		for (uint32_t j = 0; j < CBX_REPLY_RETS; j++) {
			if (reply->ret[j] == attack_secret[i]) {
				return true;
			}
		}
	}
	return false;
}

void attack_unseen(void)
{
	assert_false(ask_host_finds_any(attack_secret, ATTACK_SECRET_WORDS));
}

/* A mutated machine is not sound, and every test would say so: there each has
 * to see with its own eyes. */
void attack_sound(void)
{
	if (getenv("ATTACK_MUTANT") == NULL) {
		machine_assert_sound();
	}
}

void attack_unharmed(const struct machine_box *victim)
{
	uint64_t held[ATTACK_SECRET_WORDS];

	ask_page(victim->data, ATTACK_SECRET_OFFSET, held, sizeof(held));
	assert_memory_equal(held, attack_secret, sizeof(held));
	attack_unseen();
	assert_false(attack_tells(&victim->exit));
	assert_int_equal(gate(BOX_QUERY, victim->handle).status, CBX_OK);
	attack_sound();
}

uint64_t attack_policy(void)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t pfn = machine_pages(1);

	machine_put(pfn, &policy, sizeof(policy));
	return pfn;
}

struct cbx_reply attack_page_state(uint64_t pfn, uint64_t count, bool shared)
{
	const struct cbx_event event = {
		.kind = CBX_EVENT_PAGE_STATE,
		.pfn = { pfn },
		.count = count,
		.shared = shared,
	};
	struct cbx_reply reply = { 0 };

	assert_true(cbx_core_event(cbx_hal_cpu(), &event, &reply));
	return reply;
}

void attack_untouchable(uint64_t pfn)
{
	const uint64_t graffiti = 0x6666666666666666ull;
	uint8_t before[CBX_PAGE_SIZE];
	uint8_t after[CBX_PAGE_SIZE];
	uint64_t got[CBX_PAGE_SIZE / 8];

	ask_page(pfn, 0, before, sizeof(before));
	(void)ask_host_read(pfn, 0, got, sizeof(got));
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		/* Nothing, or what it wrote there in vain before. */
		assert_true(got[i] == 0 || got[i] == graffiti);
	}
	(void)ask_host_write(pfn, 0, &graffiti, sizeof(graffiti));
	(void)ask_host_write(
		pfn, ATTACK_SECRET_OFFSET, &graffiti, sizeof(graffiti));
	ask_page(pfn, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	assert_false(ask_host_may(pfn, CBX_VIEW_R));
	assert_false(ask_host_may(pfn, CBX_VIEW_W));
	assert_false(ask_hypervisor_may(pfn));
}

uint64_t attack_next_page(
	uint64_t handle, enum cbx_page_state state, uint64_t pfn)
{
	uint64_t count = cbx_hal_page_count();

	for (pfn = pfn == UINT64_MAX ? 0 : pfn + 1; pfn < count; pfn++) {
		const struct cbx_page *page = cbx_page_at(pfn);

		if (page->owner == handle && page->state == (uint8_t)state) {
			return pfn;
		}
	}
	return UINT64_MAX;
}

void attack_translates_own(uint64_t handle, uint64_t space)
{
	const struct cbx_arch_space *arch = machine_space(space);
	struct cbx_va va = { 0 };
	struct cbx_mapping mapping;

	while (cbx_arch_space_next(arch, &va, &mapping)) {
		const struct cbx_page *page = cbx_page_at(mapping.pfn.n);

		assert_non_null(page);
		assert_true(page->owner == handle ||
			    page->state == CBX_PAGE_COMMON);
		assert_true(page->state == CBX_PAGE_PRIVATE ||
			    page->state == CBX_PAGE_SHARED ||
			    page->state == CBX_PAGE_COMMON);
		va = cbx_va_add(va, 1);
	}
}

void attack_borrow(struct machine_box *lender, struct machine_box *borrower)
{
	machine_lender(lender);
	repeat(BOX_TEMPLATE, lender->handle, 0);
	machine_building(borrower, NULL);
	repeat(BOX_BORROW, borrower->handle, lender->handle);
}

void attack_lent_unchanged(const struct machine_box *lender)
{
	static const uint64_t words[2] = { MACHINE_WORD0, MACHINE_WORD1 };

	for (uint64_t i = 0; i < 2; i++) {
		uint64_t word;

		ask_page(lender->data + i, 0, &word, sizeof(word));
		assert_int_equal(word, words[i]);
	}
}

uint64_t attack_box_must(
	struct machine_box *box, uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply = machine_in_box(box, 0, id, arg);

	assert_int_equal(reply.status, CBX_OK);
	return reply.ret[0];
}

/* Until it spins: a kick that came late for somebody else may end the first
 * entry, and on linux the order may have to be waited for. */
static void enter_to_spin(void *arg)
{
	struct machine_box *box = arg;
	uint64_t reason;

	do {
		box->exit =
			gate(BOX_ENTER, box->handle, box->io, box->io_count);
		reason = box->exit.ret[0];
	} while ((reason == CBX_EXIT_IDLE || reason == CBX_EXIT_INTERRUPTED) &&
		 !cpus_ending() && !machine_finished(box, 0));
}

void attack_spin_on(uint32_t cpu, struct machine_box *box)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	struct timespec start;
	struct timespec now;

	box->script[0].access = MACHINE_SPIN;
	machine_begin(box, 0);
	cpus_run(cpu, enter_to_spin, box);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	while (!machine_finished(box, 0)) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec - start.tv_sec < 300);
		(void)nanosleep(&pause, NULL);
	}
}

static struct kicker {
	uint64_t handle;
	atomic_bool stop;
} kicker;

static void kick(void *arg)
{
	struct kicker *k = arg;

	while (!atomic_load(&k->stop) && !cpus_ending()) {
		const struct timespec pause = { .tv_nsec = 1000000 };

		(void)gate(BOX_KICK, k->handle);
		(void)nanosleep(&pause, NULL);
	}
}

void attack_kicks(uint32_t cpu, uint64_t handle)
{
	kicker.handle = handle;
	atomic_store(&kicker.stop, false);
	cpus_run(cpu, kick, &kicker);
}

void attack_kicks_end(uint32_t cpu)
{
	atomic_store(&kicker.stop, true);
	cpus_join(cpu);
}

bool attack_ended(struct machine_box *box)
{
	const struct cbx_reply ended = { .ret = { CBX_EXIT_ENDED } };
	bool told = machine_ended(box);
	struct cbx_reply query = gate(BOX_QUERY, box->handle);

	assert_int_equal(query.status, CBX_OK);
	if (query.ret[0] != CBX_DOMAIN_DYING) {
		return false;
	}
	if ((query.ret[1] & CBX_BOX_CONFINED) != 0) {
		assert_memory_equal(&box->exit, &ended, sizeof(ended));
	}
	return told;
}
