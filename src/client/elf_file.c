/* SPDX-License-Identifier: Apache-2.0 */
#include <client/elf_file.h>

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <base/types.h>
#include <client/error.h>

static bool is_elf(const uint8_t *bytes, size_t size)
{
	return size >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

static const char *check_machine(const Elf64_Ehdr *header)
{
	if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
		header->e_ident[EI_DATA] != ELFDATA2LSB ||
		header->e_machine != EM_X86_64) {
		return "a program for another machine; boxes run x86-64";
	}
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
		return "an ELF file, but not a program";
	}
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0) {
		return "an ELF file without program headers";
	}
	return NULL;
}

/* The header, if all program headers are there. */
static const char *read_header(
	const uint8_t *bytes, size_t size, Elf64_Ehdr *header)
{
	const char *cause;

	if (!is_elf(bytes, size)) {
		return size == 0 ? "it is empty"
				 : "not an ELF program, nor a script that "
				   "names its interpreter (#!/...)";
	}
	if (size < sizeof(*header)) {
		return "truncated: its ELF header is not all there";
	}
	memcpy(header, bytes, sizeof(*header));
	cause = check_machine(header);
	if (cause == NULL &&
		!cbx_range_fits(header->e_phoff,
			(uint64_t)header->e_phnum * sizeof(Elf64_Phdr), size)) {
		return "truncated: its program headers are not all there";
	}
	return cause;
}

static Elf64_Phdr read_segment(
	const uint8_t *bytes, const Elf64_Ehdr *header, unsigned int index)
{
	Elf64_Phdr segment;

	memcpy(&segment, bytes + header->e_phoff + index * sizeof(segment),
		sizeof(segment));
	return segment;
}

static enum cbx_status check_segment(
	const char *name, const Elf64_Phdr *segment, size_t size)
{
	if (segment->p_type == PT_LOAD &&
		!cbx_range_fits(segment->p_offset, segment->p_filesz, size)) {
		return cbx_fail(CBX_E_INVALID,
			"%s: truncated: a segment reaches past the end of the "
			"file",
			name);
	}
	return CBX_OK;
}

enum cbx_status cbx_elf_check(
	const char *name, const uint8_t *bytes, size_t size)
{
	Elf64_Ehdr header;
	const char *cause = read_header(bytes, size, &header);
	bool loads = false;

	if (cause != NULL) {
		return cbx_fail(CBX_E_INVALID, "%s: %s", name, cause);
	}
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment = read_segment(bytes, &header, i);
		enum cbx_status status = check_segment(name, &segment, size);

		if (status != CBX_OK) {
			return status;
		}
		loads = loads || segment.p_type == PT_LOAD;
	}
	return loads ? CBX_OK
		     : cbx_fail(CBX_E_INVALID, "%s: nothing to load", name);
}

bool cbx_elf_text_apart(const uint8_t *bytes)
{
	Elf64_Ehdr header;
	bool apart = true;

	memcpy(&header, bytes, sizeof(header));
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment = read_segment(bytes, &header, i);

		if (segment.p_type == PT_LOAD &&
			(segment.p_flags & PF_X) != 0 &&
			header.e_phoff - segment.p_offset < segment.p_filesz) {
			apart = false;
		}
	}
	return apart;
}

static uint64_t to_rights(uint32_t flags)
{
	return ((flags & PF_R) != 0 ? CBX_RIGHT_R : 0u) |
	       ((flags & PF_W) != 0 ? CBX_RIGHT_W : 0u) |
	       ((flags & PF_X) != 0 ? CBX_RIGHT_X : 0u);
}

static bool segment_sane(const Elf64_Phdr *segment)
{
	return segment->p_memsz >= segment->p_filesz &&
	       cbx_va_bytes_valid(
		       (struct cbx_va){ segment->p_vaddr }, segment->p_memsz) &&
	       (segment->p_flags & (PF_W | PF_X)) != (PF_W | PF_X);
}

/* A segment that begins inside a page: zeros precede it. */
static enum cbx_status pad_front(struct cbx_segment *segment, uint64_t skip)
{
	uint8_t *copy = calloc(1, (size_t)(skip + segment->byte_count));

	if (copy == NULL) {
		return cbx_fail_memory("cannot load the runtime");
	}
	memcpy(copy + skip, segment->bytes, (size_t)segment->byte_count);
	segment->bytes = copy;
	segment->owned = copy;
	segment->byte_count += skip;
	segment->va -= skip;
	return CBX_OK;
}

static enum cbx_status append_segment(
	struct cbx_image *image, const uint8_t *bytes, const Elf64_Phdr *from)
{
	uint64_t skip = from->p_vaddr % CBX_PAGE_SIZE;
	struct cbx_segment segment = { .va = from->p_vaddr,
		.page_count = cbx_pages_of(skip + from->p_memsz),
		.rights = to_rights(from->p_flags),
		.byte_count = from->p_filesz,
		.bytes = bytes + from->p_offset };
	enum cbx_status status = CBX_OK;

	if (!segment_sane(from)) {
		return cbx_fail(
			CBX_E_INVALID, "the runtime has a malformed segment");
	}
	if (skip != 0 && from->p_filesz != 0) {
		status = pad_front(&segment, skip);
	} else {
		segment.va -= skip;
	}
	return status == CBX_OK ? cbx_image_append(image, &segment) : status;
}

enum cbx_status cbx_elf_append(struct cbx_image *image, const uint8_t *bytes,
	size_t size, uint64_t *entry)
{
	enum cbx_status status = cbx_elf_check("the runtime", bytes, size);
	Elf64_Ehdr header;

	if (status != CBX_OK) {
		return status;
	}
	memcpy(&header, bytes, sizeof(header));
	for (unsigned int i = 0; i < header.e_phnum && status == CBX_OK; i++) {
		Elf64_Phdr segment = read_segment(bytes, &header, i);

		if (segment.p_type == PT_LOAD && segment.p_memsz != 0) {
			status = append_segment(image, bytes, &segment);
		}
	}
	*entry = header.e_entry;
	return status;
}
