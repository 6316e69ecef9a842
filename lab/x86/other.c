/* SPDX-License-Identifier: Apache-2.0 */
#include "other.h"

#include <stdatomic.h>

#include "asm.h"
#include "lapic.h"
#include "machine.h"
#include "npt.h"
#include "real.h"
#include "say.h"
#include "trap.h"

#define LEAF_FEATURES 1
#define PATIENCE      100000000

extern const uint8_t lab_other[];
extern const uint8_t lab_other_end[];
extern _Atomic uint64_t lab_other_stack; /* of the one that starts; 0 taken */

_Noreturn void lab_main_other(void)
{
	uint32_t id = lab_cpuid(LEAF_FEATURES, 0).ebx >> 24;

	LAB_ASSERT(id < LAB_CPUS);
	lab_trap_start();
	lab_cpu_start(&lab_cpus[id]);
	lab_cpu_run(&lab_cpus[id]);
}

void lab_other_start(struct lab_cpu *cpu)
{
	cpu->started = false;
	cpu->waits = false;
	memcpy((void *)LAB_LOW_PAGE, lab_other,
		(size_t)(lab_other_end - lab_other));
	atomic_store(
		&lab_other_stack, (uint64_t)(cpu->stack + sizeof(cpu->stack)));
	lab_lapic_start(cpu->id, LAB_LOW_PAGE / LAB_PAGE);
	for (int i = 0; atomic_load(&lab_other_stack) != 0; i++) {
		if (i == PATIENCE) {
			lab_stop("no processor starts:", cpu->id);
		}
		lab_pause();
	}
}

void lab_other_init(uint64_t id)
{
	if (id < LAB_CPUS) {
		lab_cpus[id].waits = true;
	}
}

/* It goes on at the level that asks; its registers are in a page of low memory
 * that is the lab's to fill. */
void lab_other_sipi(struct lab_cpu *by, uint64_t id, uint8_t vector)
{
	struct lab_cpu *cpu = &lab_cpus[id % LAB_CPUS];
	struct lab_save *save =
		(struct lab_save *)(LAB_LOW_VMSA + id * LAB_PAGE);

	if (id >= LAB_CPUS || cpu == by || !cpu->waits) {
		return;
	}
	lab_lapic_init(cpu->id);
	if (cpu->started && lab_world(cpu)->save != NULL) { /* it ran */
		snp_vmsa_stop(&lab_machine.rmp,
			(struct snp_at){ (uint64_t)lab_world(cpu)->save,
				(uint64_t)lab_world(cpu)->save });
	}
	lab_real_state(save, by->vmpl, vector);
	cpu->vmpl = by->vmpl;
	if (!lab_cpu_set_vmsa(cpu, by->vmpl, (uint64_t)save)) {
		lab_stop("no VMSA for processor", id);
	}
	lab_other_start(cpu);
}
