/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restricted injection: a level whose SEV_FEATURES say so takes nothing that a
 * host injects but #HV; what it is about, the host leaves in a page they share.
 */
#ifndef LAB_DOORBELL_H
#define LAB_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "snp/ghcb.h"

static inline bool lab_is_restricted(const struct lab_save *save)
{
	return (save->features & LAB_FEATURE_RESTRICTED) != 0;
}

/** SNP_EVENT_DOORBELL. */
struct snp_nae_answer lab_doorbell(
	struct lab_cpu *cpu, const struct snp_nae *nae);

/**
 * Leave a vector for a level, and signal it at its next entry unless one before
 * was not looked at yet.
 *
 * @param vector  31 to 255; 2 is the NMI
 *
 * @retval false  no page, no such vector, or another one is there
 */
bool lab_doorbell_post(struct lab_cpu *cpu, uint8_t vmpl, uint8_t vector);

/** The level runs next, its registers and intercepts are set. */
void lab_doorbell_enters(struct lab_cpu *cpu);

/**
 * SNP_EVENT_IPI: a vector for the same level of a processor, which leaves whatever
 * level below runs there for it.
 */
struct snp_nae_answer lab_doorbell_ipi(
	struct lab_cpu *cpu, const struct snp_nae *nae);

/** An NMI came: another processor's word of such a vector, or the level's own. */
void lab_doorbell_nmi(struct lab_cpu *cpu);

/** A device's interrupt came while it ran (LAB_EXIT_INTR). */
void lab_doorbell_interrupt(struct lab_cpu *cpu);

#endif
