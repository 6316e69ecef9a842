/* SPDX-License-Identifier: Apache-2.0 */
#include "elf.h"

#include "lib.h"

struct file_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
CBX_SIZE(64, file_header);

struct program_header {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
CBX_SIZE(56, program_header);

enum {
	ET_EXEC = 2,
	ET_DYN = 3,
	EM_X86_64 = 62
};
enum {
	PT_LOAD = 1,
	PT_INTERP = 3
};
enum {
	PF_X = 1,
	PF_W = 2,
	PF_R = 4
};

/* What is being read. */
struct source {
	const uint8_t *head;
	uint64_t head_bytes;
	uint64_t file_bytes;
	uint64_t limit;
};

static enum cbx_elf_status read_file_header(
	const struct source *source, struct file_header *header)
{
	static const uint8_t ident[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	if (source->head_bytes < 4 || memcmp(source->head, ident, 4) != 0) {
		return CBX_ELF_NOT;
	}
	if (source->head_bytes < sizeof(*header)) {
		return CBX_ELF_TRUNCATED;
	}
	memcpy(header, source->head, sizeof(*header));
	if (memcmp(header->ident, ident, sizeof(ident)) != 0 ||
		header->machine != EM_X86_64 ||
		(header->type != ET_EXEC && header->type != ET_DYN)) {
		return CBX_ELF_FOREIGN;
	}
	if (header->phentsize != sizeof(struct program_header) ||
		header->phnum == 0) {
		return CBX_ELF_MALFORMED;
	}
	if (!cbx_range_fits(header->phoff,
		    header->phnum * sizeof(struct program_header),
		    source->head_bytes)) {
		return source->head_bytes < source->file_bytes
			       ? CBX_ELF_MALFORMED
			       : CBX_ELF_TRUNCATED;
	}
	return CBX_ELF_OK;
}

static uint32_t prot_of(uint32_t flags)
{
	return ((flags & PF_R) != 0 ? CBX_RIGHT_R : 0) |
	       ((flags & PF_W) != 0 ? CBX_RIGHT_W : 0) |
	       ((flags & PF_X) != 0 ? CBX_RIGHT_X : 0);
}

static enum cbx_elf_status add_segment(const struct source *source,
	const struct program_header *load, struct cbx_elf *elf)
{
	const struct cbx_elf_segment *last =
		elf->count == 0 ? NULL : &elf->segment[elf->count - 1];

	if (load->memsz == 0) {
		return CBX_ELF_OK;
	}
	if (elf->count == CBX_ELF_SEGMENTS_MAX || load->filesz > load->memsz ||
		!cbx_range_fits(load->vaddr, load->memsz, source->limit) ||
		(load->vaddr - load->offset) % CBX_PAGE_SIZE != 0 ||
		(last != NULL && load->vaddr < last->va + last->memory_bytes)) {
		return CBX_ELF_MALFORMED;
	}
	if (!cbx_range_fits(load->offset, load->filesz, source->file_bytes)) {
		return CBX_ELF_TRUNCATED;
	}
	elf->segment[elf->count++] = (struct cbx_elf_segment){
		.va = load->vaddr,
		.memory_bytes = load->memsz,
		.offset = load->offset,
		.file_bytes = load->filesz,
		.prot = prot_of(load->flags),
	};
	return CBX_ELF_OK;
}

/* The first one counts.  Its name ends with a zero, as the kernel wants. */
static enum cbx_elf_status name_interpreter(const struct source *source,
	const struct program_header *interp, struct cbx_elf *elf)
{
	uint64_t bytes = interp->filesz;

	if (elf->interpreter[0] != '\0') {
		return CBX_ELF_OK;
	}
	if (!cbx_range_fits(interp->offset, bytes, source->file_bytes)) {
		return CBX_ELF_TRUNCATED;
	}
	if (bytes < 2 || bytes > sizeof(elf->interpreter) ||
		!cbx_range_fits(interp->offset, bytes, source->head_bytes) ||
		source->head[interp->offset] == '\0' ||
		source->head[interp->offset + bytes - 1] != '\0') {
		return CBX_ELF_MALFORMED;
	}
	memcpy(elf->interpreter, source->head + interp->offset, bytes);
	return CBX_ELF_OK;
}

static enum cbx_elf_status read_segments(const struct source *source,
	const struct file_header *header, struct cbx_elf *elf)
{
	for (uint64_t i = 0; i < header->phnum; i++) {
		struct program_header ph;
		enum cbx_elf_status status = CBX_ELF_OK;

		memcpy(&ph, source->head + header->phoff + i * sizeof(ph),
			sizeof(ph));
		if (ph.type == PT_INTERP) {
			status = name_interpreter(source, &ph, elf);
		}
		if (ph.type == PT_LOAD) {
			status = add_segment(source, &ph, elf);
		}
		if (status != CBX_ELF_OK) {
			return status;
		}
	}
	return elf->count == 0 ? CBX_ELF_MALFORMED : CBX_ELF_OK;
}

/* Where the program headers are in memory, if a segment holds them. */
static uint64_t find_headers(
	const struct cbx_elf *elf, uint64_t offset, uint64_t bytes)
{
	for (uint64_t i = 0; i < elf->count; i++) {
		const struct cbx_elf_segment *s = &elf->segment[i];

		if (offset >= s->offset && cbx_range_fits(offset - s->offset,
						   bytes, s->file_bytes)) {
			return s->va + (offset - s->offset);
		}
	}
	return 0;
}

static bool entry_in_text(const struct cbx_elf *elf)
{
	for (uint64_t i = 0; i < elf->count; i++) {
		const struct cbx_elf_segment *s = &elf->segment[i];

		if ((s->prot & CBX_RIGHT_X) != 0 && elf->entry >= s->va &&
			elf->entry - s->va < s->memory_bytes) {
			return true;
		}
	}
	return false;
}

enum cbx_elf_status cbx_elf_read(const uint8_t *head, uint64_t head_bytes,
	uint64_t file_bytes, uint64_t limit, struct cbx_elf *elf)
{
	const struct source source = { head, head_bytes, file_bytes, limit };
	struct file_header header;
	enum cbx_elf_status status = read_file_header(&source, &header);
	const struct cbx_elf_segment *last;

	*elf = (struct cbx_elf){ 0 };
	if (status == CBX_ELF_OK) {
		status = read_segments(&source, &header, elf);
	}
	if (status != CBX_ELF_OK) {
		return status;
	}
	elf->independent = header.type == ET_DYN;
	elf->entry = header.entry;
	elf->headers = header.phnum;
	elf->headers_va = find_headers(elf, header.phoff,
		header.phnum * sizeof(struct program_header));
	last = &elf->segment[elf->count - 1];
	elf->low = cbx_page_floor(elf->segment[0].va);
	elf->high = cbx_page_ceil(last->va + last->memory_bytes);
	return entry_in_text(elf) ? CBX_ELF_OK : CBX_ELF_MALFORMED;
}

const char *cbx_elf_text(enum cbx_elf_status status)
{
	switch (status) {
	case CBX_ELF_OK:
		return "fine";
	case CBX_ELF_NOT:
		return "not an ELF file";
	case CBX_ELF_TRUNCATED:
		return "a truncated ELF file";
	case CBX_ELF_FOREIGN:
		return "not an x86-64 ELF executable";
	case CBX_ELF_MALFORMED:
		return "a malformed ELF file";
	}
	return "unknown";
}
