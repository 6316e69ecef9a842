/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the monitor would let a kernel in: a line for each finding. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>

#include <hal/pks-vm/pure/scan.h>

#define FILE_MOST (1u << 20)

static uint8_t file[FILE_MOST];

/* @return how many findings */
static unsigned int scan_part(const Elf64_Phdr *p)
{
	const uint8_t *bytes = file + p->p_offset;
	size_t size = p->p_filesz;
	struct cbx_scan_finding finding;
	struct cbx_scan scan;
	unsigned int count = 0;

	cbx_scan_start(&scan, p->p_vaddr);
	while (cbx_scan_feed(&scan, &bytes, &size, &finding)) {
		printf("%" PRIx64 " %s\n", finding.offset, finding.name);
		count++;
	}
	while (cbx_scan_end(&scan, &finding)) {
		printf("%" PRIx64 " %s\n", finding.offset, finding.name);
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)file;
	const Elf64_Phdr *p;
	unsigned int count = 0;
	size_t size = 0;
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (in != NULL) {
		size = fread(file, 1, sizeof(file), in);
		(void)fclose(in);
	}
	if (size < sizeof(*e) || size == sizeof(file) ||
		e->e_phoff + e->e_phnum * sizeof(*p) > size) {
		(void)fprintf(stderr, "scan_image: no kernel\n");
		return 2;
	}
	p = (const Elf64_Phdr *)(file + e->e_phoff);
	for (unsigned int i = 0; i < e->e_phnum; i++) {
		if (p[i].p_type == PT_LOAD && (p[i].p_flags & PF_X) != 0) {
			if (p[i].p_offset > size ||
				p[i].p_filesz > size - p[i].p_offset) {
				return 2;
			}
			count += scan_part(&p[i]);
		}
	}
	return count == 0 ? 0 : 1;
}
