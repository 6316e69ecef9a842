/* SPDX-License-Identifier: Apache-2.0 */
#include "doorbell.h"

#include "host.h"
#include "lapic.h"
#include "machine.h"
#include "snp/ghcb_psc.h"

#define VECTOR_HV      28
#define VECTOR_NMI     2
#define VECTOR_FIRST   31
#define V_INTR_MASKING (1ull << 24)
#define EVENT_NMI      0x200u

/* The interrupt command, as the local APIC has it. */
#define MODE(icr)   ((icr) >> 8 & 7)
#define MODE_FIXED  0u
#define MODE_NMI    4u
#define NOT_ONE	    0xc0800ull /* shorthands, logical */
#define TARGET(icr) ((icr) >> 32)

static bool set(struct lab_world *world, uint64_t gpa)
{
	if (!lab_is_shared(gpa)) {
		return false;
	}
	world->doorbell = gpa;
	world->rings = false;
	return true;
}

struct snp_nae_answer lab_doorbell(
	struct lab_cpu *cpu, const struct snp_nae *nae)
{
	struct lab_world *world = lab_world(cpu);

	if (!lab_is_restricted(lab_state(cpu))) {
		return snp_nae_refused(SNP_GHCB_INVALID_EVENT);
	}
	switch ((enum snp_doorbell_op)nae->info1) {
	case SNP_DOORBELL_SET:
		return set(world, nae->info2)
			       ? snp_nae_done(nae->info2)
			       : snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	case SNP_DOORBELL_QUERY:
		return snp_nae_done(
			world->doorbell == LAB_NO_GHCB ? 0 : world->doorbell);
	case SNP_DOORBELL_CLEAR:
		world->doorbell = LAB_NO_GHCB;
		world->rings = false;
		return snp_nae_done(0);
	case SNP_DOORBELL_PREFERRED:
	default:
		return snp_nae_done(LAB_NO_GHCB); /* any will do */
	}
}

bool lab_doorbell_post(struct lab_cpu *cpu, uint8_t vmpl, uint8_t vector)
{
	struct lab_world *world = &cpu->world[vmpl];
	enum snp_hv how;

	if (world->save == NULL || !lab_is_shared(world->doorbell) ||
		(vector < VECTOR_FIRST && vector != VECTOR_NMI)) {
		return false;
	}
	how = snp_hv_post((uint8_t *)world->doorbell, vector);
	world->rings |= how == SNP_HV_RING;
	return how != SNP_HV_FULL;
}

/* An NMI, which the other processor leaves its guest for; one at a time. */
static void kick(struct lab_cpu *cpu, uint8_t vmpl)
{
	if (!cpu->is_kicked) {
		cpu->kick = vmpl;
		lab_lapic_nmi(cpu->id);
	}
	cpu->kick = vmpl < cpu->kick ? vmpl : cpu->kick;
	cpu->is_kicked = true;
}

struct snp_nae_answer lab_doorbell_ipi(
	struct lab_cpu *cpu, const struct snp_nae *nae)
{
	uint64_t icr = nae->info1;
	struct lab_cpu *target = &lab_cpus[TARGET(icr) % LAB_CPUS];
	uint8_t vector = MODE(icr) == MODE_NMI ? VECTOR_NMI : (uint8_t)icr;

	if (!lab_is_restricted(lab_state(cpu))) {
		return snp_nae_refused(SNP_GHCB_INVALID_EVENT);
	}
	if (TARGET(icr) >= LAB_CPUS || (icr & NOT_ONE) != 0 ||
		(MODE(icr) != MODE_NMI &&
			(MODE(icr) != MODE_FIXED || vector < VECTOR_FIRST)) ||
		!target->started) {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	if (lab_host_does(LAB_ACT_LOSE)) {
		return snp_nae_done(0);
	}
	if (!lab_doorbell_post(target, cpu->vmpl, vector)) {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	if (target != cpu) {
		kick(target, cpu->vmpl);
	}
	return snp_nae_done(0);
}

/* Where VMPL0 asked for the level that runs, it goes on, and that level's VMSA says
 * why. */
static void leave_for(struct lab_cpu *cpu, uint8_t vmpl)
{
	struct lab_save *state = lab_state(cpu);

	if (vmpl < cpu->vmpl && lab_cpu_runnable(cpu, vmpl)) {
		state->exit_code = LAB_EXIT_INTR;
		state->exit_info1 = 0;
		state->exit_info2 = 0;
		lab_cpu_switch(cpu, vmpl);
	}
}

void lab_doorbell_nmi(struct lab_cpu *cpu)
{
	__asm__ volatile("stgi; nop; clgi"); /* lab_trap() has it */
	if (cpu->is_kicked) {
		cpu->is_kicked = false;
		leave_for(cpu, cpu->kick);
	} else if (lab_is_restricted(lab_state(cpu))) {
		lab_doorbell_post(cpu, cpu->vmpl, VECTOR_NMI);
	} else {
		lab_world(cpu)->has_nmi = true;
	}
}

/* What is for a level that is not restricted waits until one runs; of what comes
 * meanwhile, the level that runs is told once. */
void lab_doorbell_enters(struct lab_cpu *cpu)
{
	struct lab_control *control = &cpu->vmcb.control;
	struct lab_world *world = lab_world(cpu);
	bool is_restricted = lab_is_restricted(lab_state(cpu));

	cpu->is_told = cpu->is_told && is_restricted;
	cpu->is_open = is_restricted && !cpu->is_told &&
		       lab_is_shared(world->doorbell);
	control->virtual_interrupt = is_restricted ? V_INTR_MASKING : 0;
	control->intercept[0] |= cpu->is_open ? LAB_ON_INTR : 0;
	if (world->has_nmi && control->event == 0) {
		control->event = LAB_EVENT_VALID | EVENT_NMI | VECTOR_NMI;
		world->has_nmi = false;
	}
	if (world->rings && control->event == 0) {
		control->event =
			LAB_EVENT_VALID | LAB_EVENT_EXCEPTION | VECTOR_HV;
		world->rings = false;
	}
}

void lab_doorbell_interrupt(struct lab_cpu *cpu)
{
	uint8_t vector = lab_lapic_pending();

	cpu->is_told = true;
	lab_doorbell_post(
		cpu, cpu->vmpl, vector < VECTOR_FIRST ? VECTOR_FIRST : vector);
}
