/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's backend: pks-vm, with a host beside it. */
#include <stdatomic.h>
#include <string.h>

#include <hal/pks-vm/host.h>

#include "conform/contract.h"
#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"

#define FIRST_PAGE 256u /* of the host's: the puppet's mail is before */

/* There is no core: a fault is the host's own. */
void puppet_serve(const struct cbx_event *event, struct cbx_reply *reply)
{
	*reply = (struct cbx_reply){ .status = (uint64_t)CBX_E_UNKNOWN_CALL };
	if (event->kind == CBX_EVENT_FAULT) {
		cbx_hal_host_fault(cbx_hal_cpu());
	}
}

int contract_up(void **state)
{
	static bool started;

	(void)state;
	if (!started) {
		puppet_start();
		bare_others_go();
		contract_pages_from(bare_first_page() + FIRST_PAGE);
		started = true;
	}
	return 0;
}

int contract_down(void **state)
{
	(void)state;
	assert_int_equal(cbx_x86_cpu()->slots, 0);
	return 0;
}

void *contract_page(uint64_t pfn)
{
	return ask_place(pfn);
}

void contract_code(uint64_t pfn)
{
	for (uint64_t i = 0; i < BOXCODE_PAGES; i++) {
		ask_put(pfn + i, 0, boxcode_begin + i * CBX_PAGE_SIZE,
			CBX_PAGE_SIZE);
	}
}

bool contract_host_names_shared(void)
{
	return side_has_shared();
}

bool contract_has_registers(void)
{
	return true;
}

static atomic_bool kicking;

_Noreturn void bare_other(uint32_t cpu)
{
	for (;;) {
		uint64_t until = cbx_hal_ticks() + 200000;

		while (cbx_hal_ticks() < until) {
			cbx_hal_cpu_relax();
		}
		if (cpu == 1 && atomic_load(&kicking)) {
			cbx_hal_cpu_kick(0);
		}
	}
}

void contract_kicks(void)
{
	assert_true(cbx_hal_cpu_count() > 1);
	atomic_store(&kicking, true);
}

void contract_kicks_end(void)
{
	atomic_store(&kicking, false);
}

/* It is an NMI, which was counted when it was taken. */
void contract_kick(void)
{
	const volatile uint64_t *nmis = &cbx_x86_cpu()->nmis;
	const uint64_t before = *nmis;

	contract_kicks();
	while (*nmis == before) {
		cbx_hal_cpu_relax();
	}
	contract_kicks_end();
}

bool contract_lose(struct cbx_arch_space *space)
{
	(void)space;
	return false;
}
