/* SPDX-License-Identifier: Apache-2.0 */
#include "elf.h"

#include "chip.h"
#include "machine.h"
#include "say.h"

#define PT_LOAD 1u
#define MAGIC	0x464c457fu

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

struct file {
	const uint8_t *at;
	uint64_t bytes;
	bool is_launched;
};

static const void *part(
	const struct file *file, uint64_t offset, uint64_t bytes)
{
	if (offset > file->bytes || bytes > file->bytes - offset) {
		lab_stop("the guest's file is malformed at", offset);
	}
	return file->at + offset;
}

/* It is read while pages are written. */
static bool is_module(uint64_t page)
{
	uint64_t module = (uint64_t)lab_machine.module;

	return page + LAB_PAGE > module &&
	       page < module + lab_machine.module_bytes;
}

static bool is_free(uint64_t page)
{
	const struct snp_rmp_entry *entry =
		snp_rmp_find(&lab_machine.rmp, page);

	return lab_machine_type(page) == LAB_E820_RAM &&
	       (entry->flags & SNP_RMP_ASSIGNED) == 0;
}

static void put(const struct file *file, uint64_t page, const uint8_t *from,
	uint64_t bytes)
{
	if (is_module(page) || !(file->is_launched ? lab_launch(page, 0, false)
						   : is_free(page))) {
		lab_stop("the guest cannot have the page", page);
	}
	memset((void *)page, 0, LAB_PAGE);
	memcpy((void *)page, from, bytes);
	if (file->is_launched) {
		lab_chip_measure(page, LAB_LAUNCHED_DATA, 0);
	}
}

static void check(const struct header *h)
{
	if (h->pa % LAB_PAGE != 0 || h->file_bytes > h->bytes ||
		h->pa > LAB_GPA_END || h->bytes > LAB_GPA_END) {
		lab_stop("a segment is malformed at", h->pa);
	}
}

static void load(const struct file *file, const struct header *h)
{
	const uint8_t *from = part(file, h->offset, h->file_bytes);

	check(h);
	for (uint64_t at = 0; at < h->bytes; at += LAB_PAGE) {
		uint64_t left = at < h->file_bytes ? h->file_bytes - at : 0;

		put(file, h->pa + at, from + at,
			left < LAB_PAGE ? left : LAB_PAGE);
	}
}

static void mark(const struct file *file, const struct header *h)
{
	if (file->is_launched && h->bytes != 0) {
		check(h);
		lab_machine_mark(h->pa, h->pa + h->bytes, LAB_E820_MONITOR);
	}
}

static void look(
	const struct file *file, const struct header *h, struct lab_elf *elf)
{
	switch (h->type) {
	case PT_LOAD:
		load(file, h);
		mark(file, h);
		break;
	case LAB_PT_ASKED:
		mark(file, h);
		break;
	case LAB_PT_VMSA:
		elf->vmsa = h->pa;
		break;
	case LAB_PT_SECRETS:
		elf->secrets = h->pa;
		break;
	case LAB_PT_CPUID:
		elf->cpuid = h->pa;
		break;
	case LAB_PT_PARAM:
		elf->param = h->pa;
		break;
	case LAB_PT_AREAS:
		elf->areas = h->pa;
		break;
	default:
		break;
	}
}

bool lab_elf_is(const uint8_t *file, uint64_t bytes)
{
	const uint32_t magic = MAGIC;

	return bytes >= sizeof(struct elf) &&
	       memcmp(file, &magic, sizeof(magic)) == 0;
}

struct lab_elf lab_elf_load(const uint8_t *at, uint64_t bytes, bool is_launched)
{
	const struct file file = { at, bytes, is_launched };
	const struct elf *elf = part(&file, 0, sizeof(*elf));
	const struct header *h = part(
		&file, elf->headers, (uint64_t)elf->header_count * sizeof(*h));
	struct lab_elf found = { 0 };

	if (!lab_elf_is(at, bytes) || elf->header_bytes != sizeof(*h)) {
		lab_stop("the guest's file is no ELF64 file", elf->ident[0]);
	}
	for (int i = 0; i < elf->header_count; i++) {
		look(&file, &h[i], &found);
	}
	return found;
}
