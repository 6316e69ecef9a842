/* SPDX-License-Identifier: Apache-2.0 */
/* The first program: a static ELF file, at its address or at one of ours, and
 * the stack it begins on. */
#include <host/os/os.h>

#include <asm/mman.h>
#include <linux/auxvec.h>
#include <linux/elf.h>

#define PIE_BASE    0x555555554000ull
#define STACK_END   0x7ffffffde000ull
#define STACK_BYTES (8ull << 20)
#define WORDS_MAX   128u
#define TEXT_MAX    (64u << 10)
#define AUX_WORDS   26u

char os_program_path[256];
uint64_t os_break_start;
static uint64_t headers; /* where the user finds the program headers */

static const char *next_text(
	const struct os_bytes *file, uint64_t *at, const char *none)
{
	const char *text = (const char *)file->at + *at;

	if (*at >= file->size) {
		return none;
	}
	while (*at < file->size && file->at[(*at)++] != 0) {
	}
	return text;
}

static uint32_t prot_of(const Elf64_Phdr *p)
{
	uint32_t prot = PROT_READ;

	prot |= (p->p_flags & PF_W) != 0 ? PROT_WRITE : 0;
	return (p->p_flags & PF_X) != 0 ? prot | PROT_EXEC : prot;
}

static void load_segment(
	const struct os_bytes *file, const Elf64_Phdr *p, uint64_t base)
{
	uint64_t skip = p->p_vaddr % CBX_PAGE_SIZE;
	uint64_t end = base + p->p_vaddr + p->p_memsz + CBX_PAGE_SIZE - 1;

	if (p->p_offset > file->size ||
		p->p_filesz > file->size - p->p_offset ||
		p->p_filesz > p->p_memsz || p->p_offset < skip) {
		os_panic("a segment is malformed ", p->p_offset, p->p_vaddr);
	}
	(void)os_map_add(&(struct os_map){
		.start = base + p->p_vaddr - skip,
		.end = end & ~(CBX_PAGE_SIZE - 1ull),
		.prot = prot_of(p),
		.bytes = file->at + p->p_offset - skip,
		.byte_count = p->p_filesz + skip,
	});
}

static uint64_t put_text(uint64_t *at, const char *text)
{
	uint64_t size = os_length(text) + 1;

	*at -= size;
	if (!os_put(*at, text, size)) {
		os_panic("no stack ", *at, size);
	}
	return *at;
}

/* All of a file's strings to the stack; their addresses. */
static uint64_t put_all(const char *path, uint64_t *at, uint64_t *words)
{
	struct os_bytes file;
	uint64_t count = 0;
	uint64_t offset = 0;

	if (!os_archive_find(path, &file)) {
		return 0;
	}
	while (offset < file.size && count < WORDS_MAX) {
		words[count++] = put_text(at, next_text(&file, &offset, ""));
	}
	return count;
}

static uint64_t put_random(uint64_t *at)
{
	uint64_t words[2] = { os_now() * 0x9e3779b97f4a7c15ull,
		os_now() * 0xbf58476d1ce4e5b9ull };

	*at = (*at - sizeof(words)) & ~15ull;
	(void)os_put(*at, words, sizeof(words));
	return *at;
}

static void put_aux(uint64_t *words, const Elf64_Ehdr *e, uint64_t base,
	uint64_t random, uint64_t path)
{
	const uint64_t aux[AUX_WORDS] = { AT_PHDR, headers, AT_PHENT,
		e->e_phentsize, AT_PHNUM, e->e_phnum, AT_PAGESZ, CBX_PAGE_SIZE,
		AT_BASE, 0, AT_ENTRY, base + e->e_entry, AT_UID, 0, AT_EUID, 0,
		AT_GID, 0, AT_EGID, 0, AT_RANDOM, random, AT_EXECFN, path,
		AT_NULL, 0 };

	memcpy(words, aux, sizeof(aux));
}

static uint64_t put_stack(const Elf64_Ehdr *e, uint64_t base)
{
	uint64_t at = STACK_END - 16;
	uint64_t words[2 * WORDS_MAX + 4 + AUX_WORDS] = { 0 };
	uint64_t path = put_text(&at, os_program_path);
	uint64_t argc = put_all("/init.argv", &at, &words[1]);
	uint64_t envc = put_all("/init.envp", &at, &words[argc + 2]);
	uint64_t count = argc + envc + 3 + AUX_WORDS;

	words[0] = argc;
	put_aux(&words[argc + envc + 3], e, base, put_random(&at), path);
	at = (at - count * 8) & ~15ull;
	if (!os_put(at, words, count * 8)) {
		os_panic("no stack ", at, count);
	}
	return at;
}

static uint64_t load_file(const struct os_bytes *file, const Elf64_Ehdr *e)
{
	const Elf64_Phdr *p = (const Elf64_Phdr *)(file->at + e->e_phoff);
	uint64_t base = e->e_type == ET_DYN ? PIE_BASE : 0;

	for (uint32_t i = 0; i < e->e_phnum; i++) {
		uint64_t end = base + p[i].p_vaddr + p[i].p_memsz;

		if (p[i].p_type == PT_INTERP) {
			os_panic("the program is not static ", i, 0);
		}
		if (p[i].p_type == PT_LOAD && p[i].p_memsz != 0) {
			load_segment(file, &p[i], base);
			if (e->e_phoff - p[i].p_offset < p[i].p_filesz) {
				headers = base + p[i].p_vaddr + e->e_phoff -
					  p[i].p_offset;
			}
			os_break_start = (end + 0xfff) & ~0xfffull;
		}
	}
	return base;
}

void os_load_program(void)
{
	struct os_thread *t = os_thread_new();
	struct os_bytes argv;
	struct os_bytes file;
	const Elf64_Ehdr *e;
	uint64_t at = 0;
	const char *path;

	if (!os_archive_find("/init.argv", &argv)) {
		os_panic("no /init.argv ", 0, 0);
	}
	path = next_text(&argv, &at, "");
	memcpy(os_program_path, path,
		os_length(path) < sizeof(os_program_path)
			? os_length(path)
			: sizeof(os_program_path) - 1);
	if (!os_archive_find(os_program_path, &file)) {
		os_panic("no program ", 0, 0);
	}
	e = (const Elf64_Ehdr *)file.at;
	if (file.size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, 4) != 0 ||
		e->e_machine != EM_X86_64 ||
		e->e_phoff + 56ull * e->e_phnum > file.size) {
		os_panic("no program for this machine ", file.size, 0);
	}
	(void)os_map_add(&(struct os_map){
		.start = STACK_END - STACK_BYTES,
		.end = STACK_END,
		.prot = PROT_READ | PROT_WRITE,
	});
	t->regs.rip = load_file(&file, e) + e->e_entry;
	t->regs.rsp = put_stack(e, t->regs.rip - e->e_entry);
}
