/* SPDX-License-Identifier: Apache-2.0 */
/* The machine the lab was started on, and whose its memory is. */
#ifndef LAB_MACHINE_H
#define LAB_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "snp/rmp.h"

/** Pages below 1 MiB the lab keeps: where other CPUs start, and a VMSA each
 * for a guest that brings none; what a confidential kernel is told. */
#define LAB_LOW_PAGE	0x6000ull
#define LAB_LOW_VMSA	0x7000ull
#define LAB_LOW_TOLD	0xb000ull
#define LAB_LOW_END	0xe000ull
#define LAB_RESERVED	0x2000000ull /* the lab's, from LAB_BASE */
#define LAB_CHIP_BYTES	0x10000ull   /* the last of those: a file (chip.h) */
#define LAB_CHIP	(LAB_BASE_ADDRESS + LAB_RESERVED - LAB_CHIP_BYTES)
#define LAB_ROM		0xc0000ull
#define LAB_ROM_END	0x100000ull
#define LAB_LAPIC	0xfee00000ull
#define LAB_GPA_END	0x8000000000ull /* guest addresses there are: 512 GiB */
#define LAB_ASID	1u
#define LAB_E820_MAX	64
#define LAB_E820_RAM	1u
#define LAB_E820_KEPT	2u
#define LAB_E820_TABLES 3u

/** Memory a guest's map has as kept: of a program that is launched; of what a host
 * below it is told. */
#define LAB_E820_MONITOR 0x100u
#define LAB_E820_TOLD	 0x101u

extern uint8_t lab_image[];
#define LAB_BASE_ADDRESS ((uint64_t)lab_image)

/** PVH's memory map and Linux's. */
struct lab_range {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
};

struct lab_machine {
	struct lab_range map[LAB_E820_MAX]; /* what a guest is told */
	uint32_t map_count;
	uint64_t ram_end; /* of memory below 4 GiB; page aligned */
	uint64_t rsdp;
	const char *command_line;
	const uint8_t *module; /* NULL when there is none */
	uint64_t module_bytes;
	struct snp_rmp rmp;
};
extern struct lab_machine lab_machine;

/**
 * Read what the loader says, and make the table of pages: the lab's own are
 * the firmware's, all others the host's.
 *
 * @param info  struct hvm_start_info of PVH
 */
void lab_machine_start(uint64_t info);

/** A zeroed page of the lab's own memory; the machine stops when there is none. */
void *lab_page(void);

/** What of the machine's map lies there is of another type from now on; the machine
 * stops when it is not of one. */
void lab_machine_mark(uint64_t start, uint64_t end, uint32_t type);

/** What its map has at an address; 0: nothing. */
uint32_t lab_machine_type(uint64_t gpa);

/** Whether a page is memory that the machine's map has as such, the lab's or not. */
bool lab_is_ram(uint64_t gpa);

/** Whether a page is memory that guest and host share. */
bool lab_is_shared(uint64_t gpa);

/** Whether the machine's firmware has its tables there. */
bool lab_is_tables(uint64_t gpa);

/** Whether the firmware's ROM, and that of cards, is there. */
static inline bool lab_is_rom(uint64_t gpa)
{
	return gpa >= LAB_ROM && gpa < LAB_ROM_END;
}

/**
 * A guest's memory as the lab reads and writes it.
 *
 * @return NULL unless all bytes lie in one page of the guest's, or shared
 */
void *lab_guest(uint64_t gpa, uint64_t bytes);

/**
 * The host gives a page to the guest, as private memory; not validated.
 *
 * @retval false  it is not the host's to give
 */
bool lab_assign(uint64_t gpa);

/**
 * The firmware puts a page into the guest at launch.
 *
 * @param rights  what VMPL1 and below may do (enum snp_right)
 *
 * @retval false  the page is not there to be had
 */
bool lab_launch(uint64_t gpa, uint8_t rights, bool vmsa);

#endif
