/* SPDX-License-Identifier: Apache-2.0 */
/* confbox scan: what the pks-vm monitor would refuse a host kernel for. */
#include <tools/commands.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hal/pks-vm/pure/scan.h>
#include <tools/say.h>
#include <tools/whole.h>

#define PAGE	 4096u
#define FILE_MAX ((size_t)1 << 30)

struct image {
	const char *path;
	uint8_t *bytes;
	size_t size;
};

/* Executable bytes of the file. */
struct part {
	uint64_t address;
	uint64_t offset;
	uint64_t size;
};

struct parts {
	struct part *part;
	size_t count;
};

static int refuse(const struct image *image, const char *what)
{
	cbx_say("%s: %s; give a kernel, a module or a program for x86-64",
		image->path, what);
	return CBX_CODE_NO_PROGRAM;
}

static bool inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return cbx_range_fits(offset, size, image->size);
}

static int read_file(const char *path, struct image *image)
{
	FILE *file = fopen(path, "rb");
	bool read;

	*image = (struct image){ .path = path };
	if (file == NULL) {
		cbx_say("%s: %s; check the path", path, strerror(errno));
		return errno == ENOENT ? CBX_CODE_NOT_FOUND : CBX_CODE_FAILED;
	}
	image->bytes = cbx_whole_read(file, FILE_MAX - 1, &image->size);
	read = image->bytes != NULL && image->size < FILE_MAX && !ferror(file);
	(void)fclose(file);
	if (!read) {
		cbx_say("%s: cannot be read, or is above 1 GiB; check the "
			"file",
			path);
		return CBX_CODE_FAILED;
	}
	return 0;
}

static bool add_part(struct parts *parts, struct part part)
{
	if (part.size == 0) {
		return true;
	}
	/* what an address means must not be left to wrapping around */
	if (part.address + part.size < part.address ||
		part.address + part.size > UINT64_MAX - PAGE) {
		return false;
	}
	parts->part[parts->count++] = part;
	return true;
}

static bool read_segments(
	const struct image *image, const Elf64_Ehdr *head, struct parts *parts)
{
	for (size_t i = 0; i < head->e_phnum; i++) {
		Elf64_Phdr row;

		memcpy(&row, image->bytes + head->e_phoff + i * sizeof(row),
			sizeof(row));
		if (row.p_type != PT_LOAD || (row.p_flags & PF_X) == 0) {
			continue;
		}
		if (!inside(image, row.p_offset, row.p_filesz) ||
			!add_part(
				parts, (struct part){ row.p_vaddr, row.p_offset,
					       row.p_filesz })) {
			return false;
		}
	}
	return true;
}

/* A module's addresses are not known yet: its sections' places in the file
 * stand in, and keep them apart. */
static bool read_sections(
	const struct image *image, const Elf64_Ehdr *head, struct parts *parts)
{
	for (size_t i = 0; i < head->e_shnum; i++) {
		Elf64_Shdr row;

		memcpy(&row, image->bytes + head->e_shoff + i * sizeof(row),
			sizeof(row));
		if (row.sh_type != SHT_PROGBITS ||
			(row.sh_flags & SHF_EXECINSTR) == 0) {
			continue;
		}
		if (!inside(image, row.sh_offset, row.sh_size) ||
			!add_part(
				parts, (struct part){ row.sh_offset,
					       row.sh_offset, row.sh_size })) {
			return false;
		}
	}
	return true;
}

static int read_parts(const struct image *image, struct parts *parts)
{
	Elf64_Ehdr head;
	bool good;

	if (image->size < sizeof(head)) {
		return refuse(image, "not an ELF file");
	}
	memcpy(&head, image->bytes, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
		head.e_ident[EI_CLASS] != ELFCLASS64 ||
		head.e_machine != EM_X86_64) {
		return refuse(image, "not an ELF file for x86-64");
	}
	if ((head.e_phnum > 0 && head.e_phentsize != sizeof(Elf64_Phdr)) ||
		(head.e_shnum > 0 && head.e_shentsize != sizeof(Elf64_Shdr)) ||
		!inside(image, head.e_phoff,
			head.e_phnum * sizeof(Elf64_Phdr)) ||
		!inside(image, head.e_shoff,
			head.e_shnum * sizeof(Elf64_Shdr))) {
		return refuse(image, "truncated");
	}
	parts->part = calloc(
		(size_t)head.e_phnum + head.e_shnum + 1, sizeof(*parts->part));
	if (parts->part == NULL) {
		cbx_say("%s: out of memory; free memory", image->path);
		return CBX_CODE_FAILED;
	}
	good = head.e_phnum > 0 ? read_segments(image, &head, parts)
				: read_sections(image, &head, parts);
	if (!good) {
		return refuse(image, "truncated");
	}
	return parts->count > 0 ? 0 : refuse(image, "nothing in it is code");
}

static void print(const struct image *image, const struct parts *parts,
	const struct cbx_scan_finding *finding)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->part[i];
		uint64_t within = finding->offset - part->address;
		unsigned long long offset = part->offset + within;

		if (within < part->size) {
			(void)printf("%s: offset %#llx, address %#llx: %s\n",
				image->path, offset,
				(unsigned long long)finding->offset,
				finding->name);
			return;
		}
	}
}

/* One part, and the zeros a loader puts behind it. */
static size_t scan_part(const struct image *image, const struct parts *parts,
	const struct part *part, struct cbx_scan *scan)
{
	static const uint8_t zeros[PAGE];
	uint64_t end = part->address + part->size;
	const uint8_t *piece[] = { image->bytes + part->offset, zeros };
	size_t size[] = { part->size, (size_t)(-end % PAGE) };
	struct cbx_scan_finding finding;
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		while (cbx_scan_feed(scan, &piece[i], &size[i], &finding)) {
			print(image, parts, &finding);
			count++;
		}
	}
	return count;
}

static size_t scan_end(const struct image *image, const struct parts *parts,
	struct cbx_scan *scan)
{
	struct cbx_scan_finding finding;
	size_t count = 0;

	while (cbx_scan_end(scan, &finding)) {
		print(image, parts, &finding);
		count++;
	}
	return count;
}

static size_t scan_parts(const struct image *image, const struct parts *parts)
{
	struct cbx_scan scan = { 0 };
	uint64_t next = 0;
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->part[i];

		if (i == 0 || part->address != next) {
			count += scan_end(image, parts, &scan);
			cbx_scan_start(&scan, part->address);
		}
		count += scan_part(image, parts, part, &scan);
		next = part->address + part->size;
		next += -next % PAGE;
	}
	return count + scan_end(image, parts, &scan);
}

int cbx_command_scan(struct cbx_command_line *line)
{
	struct parts parts = { 0 };
	struct image image;
	int code = read_file(line->image, &image);
	bool clean = false;

	if (code == 0) {
		code = read_parts(&image, &parts);
	}
	if (code == 0) {
		clean = scan_parts(&image, &parts) == 0;
		code = cbx_say_flush();
	}
	free(parts.part);
	free(image.bytes);
	return code == 0 && !clean ? CBX_CODE_FINDINGS : code;
}
