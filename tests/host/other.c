/* SPDX-License-Identifier: Apache-2.0 */
#include "other.h"

#define PATIENCE 10000000u

static void (*jobs[OTHER_CPUS])(void);
static uint64_t begun[OTHER_CPUS];
static uint8_t trap_stacks[OTHER_CPUS][0x4000];

void other_main(uint64_t cpu);

bool other_fix(struct cbx_pks_trap *trap)
{
	uint64_t rip = trap->regs.rip;

	if (trap->vector != 14) {
		return false;
	}
	if (rip == trap->cr2) {
		trap->regs.rip = (uint64_t)other_call_failed;
		return true;
	}
	if (rip < (uint64_t)other_read || rip >= (uint64_t)other_call) {
		return false;
	}
	trap->regs.rip = (uint64_t)other_failed;
	return true;
}

void other_take_traps(uint32_t cpu)
{
	(void)CALL(CBX_PKS_TRAP_ENTRY, (uint64_t)other_trap,
		(uint64_t)trap_stacks[cpu] + sizeof(trap_stacks[cpu]));
}

void other_main(uint64_t cpu)
{
	other_take_traps((uint32_t)cpu);
	__atomic_fetch_add(&begun[cpu], 1, __ATOMIC_SEQ_CST);
	for (;;) {
		void (*job)(void) =
			__atomic_load_n(&jobs[cpu], __ATOMIC_SEQ_CST);

		if (job != NULL) {
			job();
			__atomic_store_n(&jobs[cpu], NULL, __ATOMIC_SEQ_CST);
		}
		other_relax();
	}
}

const char *other_start_all(uint32_t count)
{
	for (uint64_t cpu = 1; cpu < count; cpu++) {
		enum cbx_status status;

		do {
			status = STATUS(CBX_PKS_CPU_START, cpu,
				(uint64_t)other_start, cpu);
		} while (status == CBX_E_BUSY);
		WANT(status == CBX_OK);
		WANT(other_changes(&begun[cpu], 0));
		WANT(STATUS(CBX_PKS_CPU_START, cpu, (uint64_t)other_start, 0) ==
			CBX_OK);
	}
	WANT(STATUS(CBX_PKS_CPU_START, count, (uint64_t)other_start, 0) ==
		CBX_E_INVALID);
	for (uint32_t cpu = 1; cpu < count; cpu++) {
		WANT(begun[cpu] == 1);
	}
	return NULL;
}

void other_run(uint32_t cpu, void (*job)(void))
{
	__atomic_store_n(&jobs[cpu], job, __ATOMIC_SEQ_CST);
}

void other_wait(uint32_t cpu)
{
	while (__atomic_load_n(&jobs[cpu], __ATOMIC_SEQ_CST) != NULL) {
		other_relax();
	}
}

bool other_changes(const volatile uint64_t *word, uint64_t value)
{
	for (uint32_t i = 0; i < PATIENCE && *word == value; i++) {
		other_relax();
	}
	return *word != value;
}
