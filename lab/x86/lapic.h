/* SPDX-License-Identifier: Apache-2.0 */
/* This processor's local APIC, as the lab uses it. */
#ifndef LAB_LAPIC_H
#define LAB_LAPIC_H

#include <stdint.h>

#include "cpu.h"

/** Send INIT: the processor stops, wherever it is. */
void lab_lapic_init(uint32_t id);

/** Send INIT, then SIPI: it starts in real mode at a page. */
void lab_lapic_start(uint32_t id, uint64_t page);

/** What a level's store does, at a multiple of 4 below a page. */
void lab_lapic_store(struct lab_cpu *cpu, uint64_t offset, uint32_t value);

/** Send an NMI. */
void lab_lapic_nmi(uint32_t id);

/** The highest vector that waits there; 0: none, or it is the PIC's. */
uint8_t lab_lapic_pending(void);

#endif
