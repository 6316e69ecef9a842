/* SPDX-License-Identifier: Apache-2.0 */
#include "doorbell.h"

#include "lapic.h"
#include "machine.h"
#include "snp/ghcb_psc.h"

#define VECTOR_HV      28
#define VECTOR_NMI     2
#define VECTOR_FIRST   31
#define V_INTR_MASKING (1ull << 24)

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
