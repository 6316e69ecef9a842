/* SPDX-License-Identifier: Apache-2.0 */
#include "elf.h"

#include "machine.h"
#include "put.h"
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
	struct lab_elf *found;
};

static const void *part(
	const struct file *file, uint64_t offset, uint64_t bytes)
{
	if (offset > file->bytes || bytes > file->bytes - offset) {
		lab_stop("the guest's file is malformed at", offset);
	}
	return file->at + offset;
}

/* A page that is launched as what it is, and not as data. */
static bool is_special(const struct lab_elf *elf, uint64_t page)
{
	return page == elf->vmsa || page == elf->secrets ||
	       page == elf->cpuid || page == elf->param;
}

static void put(const struct file *file, uint64_t page, const uint8_t *from,
	uint64_t bytes)
{
	if (lab_machine_type(page) != LAB_E820_RAM) {
		lab_stop("the guest cannot have the page", page);
	}
	if (file->is_launched && !is_special(file->found, page)) {
		lab_put_data(page, from, bytes);
	} else {
		lab_put_bytes(page, from, bytes);
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

static void look(const struct file *file, const struct header *h)
{
	struct lab_elf *elf = file->found;

	switch (h->type) {
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

static void take(const struct file *file, const struct header *h)
{
	if (h->type == PT_LOAD) {
		load(file, h);
	}
	if (h->type == PT_LOAD || h->type == LAB_PT_ASKED) {
		mark(file, h);
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
	struct lab_elf found = { 0 };
	const struct file file = { at, bytes, is_launched, &found };
	const struct elf *elf = part(&file, 0, sizeof(*elf));
	const struct header *h;

	if (!lab_elf_is(at, bytes) || elf->header_bytes != sizeof(*h)) {
		lab_stop("the guest's file is no ELF64 file", elf->ident[0]);
	}
	h = part(&file, elf->headers, (uint64_t)elf->header_count * sizeof(*h));
	for (int i = 0; i < elf->header_count; i++) {
		look(&file, &h[i]);
	}
	for (int i = 0; i < elf->header_count; i++) {
		take(&file, &h[i]);
	}
	return found;
}
