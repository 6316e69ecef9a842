/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include "chip.h"
#include "machine.h"
#include "say.h"
#include "told.h"

#define PT_LOAD 1u

struct elf {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, headers, sections;
	uint32_t flags;
	uint16_t bytes, header_bytes, header_count;
};

struct header {
	uint32_t type, flags;
	uint64_t offset, va, pa, file_bytes, bytes, align;
};

/* Bytes of the module; the machine stops when they are not there. */
static const void *module(uint64_t offset, uint64_t bytes)
{
	if (offset > lab_machine.module_bytes ||
		bytes > lab_machine.module_bytes - offset) {
		lab_stop("the guest's file is malformed at", offset);
	}
	return lab_machine.module + offset;
}

static void put(uint64_t page, const uint8_t *from, uint64_t bytes)
{
	if (!lab_launch(page, 0, false)) {
		lab_stop("the guest cannot have the page", page);
	}
	memset((void *)page, 0, LAB_PAGE);
	memcpy((void *)page, from, bytes);
	lab_chip_measure(page, LAB_LAUNCHED_DATA, 0);
}

static void load(const struct header *h)
{
	const uint8_t *from = module(h->offset, h->file_bytes);

	if (h->pa % LAB_PAGE != 0 || h->file_bytes > h->bytes ||
		h->pa > LAB_GPA_END || h->bytes > LAB_GPA_END) {
		lab_stop("a segment is malformed at", h->pa);
	}
	for (uint64_t at = 0; at < h->bytes; at += LAB_PAGE) {
		uint64_t left = at < h->file_bytes ? h->file_bytes - at : 0;

		put(h->pa + at, from + at, left < LAB_PAGE ? left : LAB_PAGE);
	}
}

/* The firmware takes the page back and puts it there as what it is. */
static void make_vmsa(struct lab_cpu *cpu, uint64_t page)
{
	lab_chip_measure(page, LAB_LAUNCHED_VMSA, 0);
	if (!lab_assign(page) || !lab_launch(page, 0, true) ||
		!lab_cpu_set_vmsa(cpu, 0, page)) {
		lab_stop("no registers to start with at", page);
	}
}

/* A page of a segment that the firmware fills; none when @p page is 0. */
static void make_told(uint64_t page, enum lab_launched what)
{
	if (page == 0) {
		return;
	}
	if (page % LAB_PAGE != 0 || !lab_assign(page) ||
		!lab_launch(page, 0, false)) {
		lab_stop("no page for the firmware to fill at", page);
	}
	if (what == LAB_LAUNCHED_SECRETS) {
		lab_chip_secrets(page);
	} else {
		lab_told_cpuid(page);
	}
	lab_chip_measure(page, what, 0);
}

/* The module lies in memory that is given away: no page of it before it was
 * read. */
static void give_rest(void)
{
	for (uint64_t page = 0; page < lab_machine.ram_end; page += LAB_PAGE) {
		const struct snp_rmp_entry *entry =
			snp_rmp_find(&lab_machine.rmp, page);

		if ((entry->flags & SNP_RMP_ASSIGNED) == 0 &&
			lab_is_ram(page)) {
			LAB_ASSERT(lab_assign(page));
		}
	}
}

void lab_launch_guest(struct lab_cpu *cpu)
{
	const struct elf *elf = module(0, sizeof(*elf));
	const struct header *h =
		module(elf->headers, (uint64_t)elf->header_count * sizeof(*h));
	uint64_t vmsa = 0;
	uint64_t secrets = 0;
	uint64_t cpuid = 0;

	if (elf->header_bytes != sizeof(*h)) {
		lab_stop("the guest's file is no ELF64 file", elf->ident[0]);
	}
	for (int i = 0; i < elf->header_count; i++) {
		if (h[i].type == PT_LOAD) {
			load(&h[i]);
		} else if (h[i].type == LAB_PT_VMSA) {
			vmsa = h[i].pa;
		} else if (h[i].type == LAB_PT_SECRETS) {
			secrets = h[i].pa;
		} else if (h[i].type == LAB_PT_CPUID) {
			cpuid = h[i].pa;
		}
	}
	make_told(secrets, LAB_LAUNCHED_SECRETS);
	make_told(cpuid, LAB_LAUNCHED_CPUID);
	make_vmsa(cpu, vmsa);
	give_rest();
}
