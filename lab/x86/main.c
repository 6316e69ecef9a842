/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with SEV-SNP, on one without (lab/README.md). */
#include "asm.h"
#include "chip.h"
#include "cpu.h"
#include "device.h"
#include "host.h"
#include "intercept.h"
#include "launch.h"
#include "machine.h"
#include "npt.h"
#include "rows.h"
#include "say.h"
#include "trap.h"

#define LEAF_FEATURES 0x80000001u
#define LEAF_SVM      0x8000000au
#define SVM	      (1u << 2)
#define NESTED	      1u
#define LEAF_ADDRESS  0x80000008u

_Noreturn void lab_main(uint64_t info);

void lab_trap(struct lab_trap *trap)
{
	if (trap->vector == LAB_NMI) {
		return; /* lab_doorbell_nmi() lets it come */
	}
	lab_say("lab: vector %u error %x rip %x cr2 %x\n", trap->vector,
		trap->error, trap->rip, lab_cr2());
	lab_end(LAB_END_BAD);
}

static void check_processor(void)
{
	if ((lab_cpuid(LEAF_FEATURES, 0).ecx & SVM) == 0 ||
		(lab_cpuid(LEAF_SVM, 0).edx & NESTED) == 0) {
		lab_stop("no SVM with nested paging:", LEAF_SVM);
	}
	if ((lab_cpuid(LEAF_ADDRESS, 0).eax & 0xff) <= LAB_C_BIT) {
		lab_stop("addresses have no room for the C bit:", LAB_C_BIT);
	}
}

_Noreturn void lab_main(uint64_t info)
{
	lab_trap_start();
	check_processor();
	lab_machine_start(info);
	lab_npt_start();
	lab_device_start();
	for (uint32_t i = 0; i < LAB_CPUS; i++) {
		lab_cpus[i].id = i;
	}
	lab_intercept_start();
	lab_rows_start();
	lab_host_start();
	lab_cpu_start(&lab_cpus[0]);
	lab_chip_start();
	lab_launch_module(&lab_cpus[0]);
	lab_cpu_run(&lab_cpus[0]);
}
