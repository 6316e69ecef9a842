/* SPDX-License-Identifier: Apache-2.0 */
#include <client/elf_needs.h>

#include <elf.h>
#include <string.h>

#include <base/types.h>

/* A file being read. */
struct file {
	const uint8_t *bytes;
	size_t size;
	Elf64_Ehdr header;
};

static bool read_header(struct file *file)
{
	const Elf64_Ehdr *h = &file->header;

	if (file->size < sizeof(*h)) {
		return false;
	}
	memcpy(&file->header, file->bytes, sizeof(file->header));
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
	       h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB &&
	       h->e_machine == EM_X86_64 &&
	       (h->e_type == ET_EXEC || h->e_type == ET_DYN) &&
	       h->e_phentsize == sizeof(Elf64_Phdr) &&
	       cbx_range_fits(h->e_phoff,
		       (uint64_t)h->e_phnum * sizeof(Elf64_Phdr), file->size);
}

static Elf64_Phdr segment_of(const struct file *file, unsigned int index)
{
	Elf64_Phdr segment;

	memcpy(&segment,
		file->bytes + file->header.e_phoff + index * sizeof(segment),
		sizeof(segment));
	return segment;
}

/* The first segment of a kind, if its bytes are in the file. */
static bool find_segment(
	const struct file *file, uint32_t type, Elf64_Phdr *segment)
{
	for (unsigned int i = 0; i < file->header.e_phnum; i++) {
		*segment = segment_of(file, i);
		if (segment->p_type == type) {
			return cbx_range_fits(segment->p_offset,
				segment->p_filesz, file->size);
		}
	}
	return false;
}

/* Where an address lies in the file; SIZE_MAX: nowhere. */
static size_t offset_of(const struct file *file, uint64_t va)
{
	for (unsigned int i = 0; i < file->header.e_phnum; i++) {
		Elf64_Phdr s = segment_of(file, i);

		if (s.p_type == PT_LOAD && va >= s.p_vaddr &&
			va - s.p_vaddr < s.p_filesz &&
			cbx_range_fits(s.p_offset, s.p_filesz, file->size)) {
			return (size_t)(s.p_offset + (va - s.p_vaddr));
		}
	}
	return SIZE_MAX;
}

/* The string at [offset, limit) of the file; NULL when it is empty or does not
 * end. */
static const char *string_at(
	const struct file *file, uint64_t offset, uint64_t limit)
{
	const char *at = (const char *)file->bytes + offset;

	if (offset >= limit || at[0] == '\0' ||
		memchr(at, '\0', (size_t)(limit - offset)) == NULL) {
		return NULL;
	}
	return at;
}

/* The dynamic section, and the strings its entries name. */
struct dynamic {
	Elf64_Phdr segment;
	uint64_t strings; /* offset in the file */
	uint64_t limit;	  /* their end */
};

static Elf64_Dyn entry_of(
	const struct file *file, const struct dynamic *dynamic, uint64_t index)
{
	Elf64_Dyn entry;

	memcpy(&entry,
		file->bytes + dynamic->segment.p_offset + index * sizeof(entry),
		sizeof(entry));
	return entry;
}

static uint64_t entries_of(const struct dynamic *dynamic)
{
	return dynamic->segment.p_filesz / sizeof(Elf64_Dyn);
}

static bool find_strings(const struct file *file, struct dynamic *dynamic)
{
	uint64_t va = 0;
	uint64_t bytes = 0;

	for (uint64_t i = 0; i < entries_of(dynamic); i++) {
		Elf64_Dyn entry = entry_of(file, dynamic, i);

		if (entry.d_tag == DT_NULL) {
			break;
		}
		va = entry.d_tag == DT_STRTAB ? entry.d_un.d_ptr : va;
		bytes = entry.d_tag == DT_STRSZ ? entry.d_un.d_val : bytes;
	}
	dynamic->strings = offset_of(file, va);
	if (!cbx_range_fits(dynamic->strings, bytes, file->size)) {
		return false;
	}
	dynamic->limit = dynamic->strings + bytes;
	return true;
}

static const char *name_of(const struct file *file,
	const struct dynamic *dynamic, const Elf64_Dyn *entry)
{
	return entry->d_un.d_val >= dynamic->limit - dynamic->strings
		       ? NULL
		       : string_at(file, dynamic->strings + entry->d_un.d_val,
				 dynamic->limit);
}

static void read_entry(
	struct cbx_elf_needs *needs, int64_t tag, const char *name)
{
	if (tag == DT_NEEDED && name != NULL &&
		needs->library_count < CBX_ELF_LIBRARIES_MAX) {
		needs->library[needs->library_count++] = name;
	} else if (tag == DT_RPATH) {
		needs->rpath = name;
	} else if (tag == DT_RUNPATH) {
		needs->runpath = name;
	}
}

static void read_dynamic(const struct file *file, struct cbx_elf_needs *needs)
{
	struct dynamic dynamic;

	if (!find_segment(file, PT_DYNAMIC, &dynamic.segment) ||
		!find_strings(file, &dynamic)) {
		return;
	}
	for (uint64_t i = 0; i < entries_of(&dynamic); i++) {
		Elf64_Dyn entry = entry_of(file, &dynamic, i);

		if (entry.d_tag == DT_NULL) {
			break;
		}
		read_entry(needs, entry.d_tag, name_of(file, &dynamic, &entry));
	}
}

bool cbx_elf_needs_read(
	const uint8_t *bytes, size_t size, struct cbx_elf_needs *needs)
{
	struct file file = { .bytes = bytes, .size = size };
	Elf64_Phdr interp;

	*needs = (struct cbx_elf_needs){ 0 };
	if (!read_header(&file)) {
		return false;
	}
	if (find_segment(&file, PT_INTERP, &interp)) {
		needs->interpreter = string_at(&file, interp.p_offset,
			interp.p_offset + interp.p_filesz);
	}
	read_dynamic(&file, needs);
	return true;
}
