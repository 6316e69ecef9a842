/* SPDX-License-Identifier: Apache-2.0 */
/* From the monitor's start-up to the program's main. */
#include <stdatomic.h>
#include <string.h>

#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#include "support/bare/bare.h"
#include "support/bare/side.h"

#define STACK_BYTES 0x40000u
#define WORDS_MAX   64u

#define PTE_LARGE 0x83ull /* present, writable, 1 GiB */
#define PTE_NX	  0x8000000000000000ull
#define KEY	  ((uint64_t)CBX_KEY_MONITOR << 59)

static uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));
static char words[BARE_WORDS_BYTES];
static char name[] = "test";
static char *argv[WORDS_MAX + 2] = { name };
char *bare_words[WORDS_MAX + 1];
static atomic_bool go;

uint64_t bare_first_page(void)
{
	struct cbx_hal_region region;
	uint64_t first = 0;
	uint64_t most = 0;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		if (region.kind == CBX_HAL_RAM && region.count > most) {
			most = region.count;
			first = region.first.n;
		}
	}
	return first;
}

static uint64_t next_table(uint64_t table, uint64_t va, uint32_t shift)
{
	const uint64_t *entries =
		cbx_hal_page_map((struct cbx_pfn){ table >> CBX_PAGE_SHIFT });
	uint64_t entry = entries[va >> shift & 511];

	cbx_hal_page_unmap(entries);
	return entry & 0x000ffffffffff000ull & ~CBX_X86_PRIVATE;
}

/* Two entries of the CPU's own table of the monitor's half. */
static void map_memory(uint64_t home)
{
	uint64_t table =
		next_table(home & ~CBX_X86_PRIVATE, CBX_MONITOR_VA, 39);
	uint64_t *entries =
		cbx_hal_page_map((struct cbx_pfn){ table >> CBX_PAGE_SHIFT });

	entries[BARE_MEMORY_VA >> 30 & 511] =
		PTE_LARGE | PTE_NX | KEY | CBX_X86_PRIVATE;
	entries[BARE_SHARED_VA >> 30 & 511] = PTE_LARGE | PTE_NX | KEY;
	cbx_hal_page_unmap(entries);
}

static bool is_assignment(const char *word)
{
	while (*word != '=' && *word != '\0') {
		word++;
	}
	return *word == '=';
}

/* @return how many are arguments */
static int split_words(void)
{
	uint32_t set = 0;
	int argc = 1;

	for (char *at = words; *at != '\0';) {
		char *word = at;

		while (*at != ' ' && *at != '\0') {
			at++;
		}
		if (*at == ' ') {
			*at++ = '\0';
		}
		if (is_assignment(word) && set < WORDS_MAX) {
			bare_words[set++] = word;
		} else if (*word != '\0' && argc <= (int)WORDS_MAX) {
			argv[argc++] = word;
		}
	}
	return argc;
}

static __attribute__((noreturn, used)) void run(void)
{
	side_exit(main(split_words(), argv) == 0);
}

void bare_others_go(void)
{
	atomic_store(&go, true);
}

_Noreturn void cbx_x86_main_other(uint32_t cpu)
{
	while (!atomic_load(&go)) {
		cbx_hal_cpu_relax();
	}
	/* What the first CPU changed in the tables since. */
	cbx_x86_root_load(cbx_x86_cpu()->home);
	bare_other(cpu);
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	for (uint32_t i = 0; i < boot->cpu_count; i++) {
		map_memory(i == 0 ? boot->home : boot->homes[i]);
	}
	memcpy(words, bare_page(BARE_WORDS_PA >> CBX_PAGE_SHIFT),
		sizeof(words) - 1);
	__asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1"
			 :
			 : "r"(stack + sizeof(stack)), "r"(run)
			 : "memory");
	__builtin_unreachable();
}
