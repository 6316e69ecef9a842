/* SPDX-License-Identifier: Apache-2.0 */
/* Linux by its 64-bit boot protocol. */
#include "linux.h"

#include "asm.h"
#include "clock.h"
#include "npt.h"
#include "real.h"
#include "say.h"
#include "snp/cpuid.h"

/* Where the kernel finds what it is given; it copies all of it. */
#define PARAMETERS   0x10000ull
#define COMMAND_LINE 0x11000ull
#define TABLES	     0x12000ull /* two */
#define GDT	     0x14000ull
#define SETUP	     0x14100ull
#define STACK	     0x16000ull

/* What a confidential kernel finds where it does not write. */
#define RSDP (LAB_LOW_TOLD + 2 * LAB_PAGE)
#define BLOB (RSDP + 0x100)

#define RSDP_BYTES	 36
#define SETUP_HEADER	 0x1f1
#define SETUP_HEADER_END 0x280
#define MAGIC		 0x53726448u /* HdrS */
#define LOADER_OTHER	 0xff
#define ENTRY_64	 0x200
#define SECTOR		 512
#define HUGE		 0x83ull
#define LINK		 0x03ull
#define CR0_PAGED	 0x80010033ull
#define CR4_PAE		 0x20ull
#define CODE		 0xa9bu
#define DATA		 0xc93u
#define TASK		 0x8bu

/* Fields of the zero page that matter here. */
#define AT_RSDP	       0x070
#define AT_E820_COUNT  0x1e8
#define AT_SECTORS     0x1f1
#define AT_MAGIC       0x202
#define AT_LOADER      0x210
#define AT_FILES       0x218
#define AT_FILES_BYTES 0x21c
#define AT_COMMAND     0x228
#define AT_SETUP_DATA  0x250
#define AT_PREFERRED   0x258
#define AT_INIT_BYTES  0x260
#define AT_E820	       0x2d0
#define E820_BYTES     20

static uint64_t get(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, from, bytes);
	return value;
}

static void put(uint64_t at, uint64_t value, size_t bytes)
{
	memcpy((void *)(PARAMETERS + at), &value, bytes);
}

static void put_map(void)
{
	for (uint32_t i = 0; i < lab_machine.map_count; i++) {
		const struct lab_range *r = &lab_machine.map[i];
		uint64_t at = AT_E820 + (uint64_t)i * E820_BYTES;

		put(at, r->start, 8);
		put(at + 8, r->bytes, 8);
		put(at + 16,
			r->type < LAB_E820_MONITOR ? r->type : LAB_E820_KEPT,
			4);
	}
	put(AT_E820_COUNT, lab_machine.map_count, 1);
}

/* Behind what is there, as far as there is room. */
static void append(const char *from)
{
	uint8_t *to = (uint8_t *)COMMAND_LINE;
	uint64_t used = 0;

	while (to[used] != '\0') {
		used++;
	}
	for (; used < LAB_PAGE - 1 && *from != '\0'; used++) {
		to[used] = (uint8_t)*from++;
	}
}

static void append_number(uint64_t value, uint64_t base)
{
	char digits[20 + 1] = { 0 };
	size_t at = sizeof(digits) - 1;

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	append(digits + at);
}

/* A confidential kernel is too slow at devices to find out by them how fast its
 * counter runs. */
static void put_command_line(const struct lab_linux *guest)
{
	memset((void *)COMMAND_LINE, 0, LAB_PAGE);
	append(lab_machine.command_line);
	if (!guest->is_blind) {
		append(" tsc=reliable tsc_early_khz=");
		append_number(lab_clock_khz(), 10);
	}
	if (guest->areas != 0) {
		append(" confbox.area=0x");
		append_number(guest->areas, 16);
	}
	put(AT_COMMAND, COMMAND_LINE, 4);
}

/* The kernel where it wants to be; its entry. */
static uint64_t load_kernel(const uint8_t *kernel, uint64_t bytes)
{
	uint64_t sectors = kernel[AT_SECTORS] == 0 ? 4 : kernel[AT_SECTORS];
	uint64_t setup = (sectors + 1) * SECTOR;
	uint64_t to = get(kernel + AT_PREFERRED, 8);
	uint64_t need = get(kernel + AT_INIT_BYTES, 4);
	uint64_t end = (uint64_t)lab_image;

	if (bytes < SETUP_HEADER_END || get(kernel + AT_MAGIC, 4) != MAGIC ||
		setup >= bytes || to < STACK || to > end || need > end - to ||
		bytes - setup > need) {
		lab_stop("not a kernel that fits, at", to);
	}
	for (uint64_t at = to; at < to + need; at += LAB_PAGE) {
		if (lab_machine_type(at) != LAB_E820_RAM) {
			lab_stop("the kernel's memory is somebody's at", at);
		}
	}
	if ((uint64_t)kernel < to + need) {
		lab_stop("the pack lies where the kernel goes:",
			(uint64_t)kernel);
	}
	memset((void *)PARAMETERS, 0, LAB_PAGE);
	memcpy((void *)(PARAMETERS + SETUP_HEADER), kernel + SETUP_HEADER,
		SETUP_HEADER_END - SETUP_HEADER);
	memcpy((void *)to, kernel + setup, bytes - setup);
	return to + ENTRY_64;
}

/* Where the firmware's pages are, and a copy of the one of its tables that is not
 * with the others. */
static void put_told(void)
{
	memset((void *)RSDP, 0, LAB_PAGE);
	memcpy((void *)RSDP, (const void *)lab_machine.rsdp, RSDP_BYTES);
	snp_blob(LAB_LINUX_SECRETS, LAB_LINUX_CPUID, (uint8_t *)BLOB);
	snp_blob_setup(0, BLOB, (uint8_t *)SETUP);
	put(AT_RSDP, RSDP, 8);
	put(AT_SETUP_DATA, SETUP, 8);
}

/* @param c  the C bit, or nothing */
static void put_tables(uint64_t c)
{
	uint64_t *table = (uint64_t *)TABLES;
	uint64_t *huge = table + LAB_PAGE / 8;
	const uint64_t gdt[] = { 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

	memset(table, 0, 2 * LAB_PAGE);
	table[0] = (TABLES + LAB_PAGE) | LINK | c;
	for (uint64_t i = 0; i < 4; i++) {
		huge[i] = i << 30 | HUGE | c;
	}
	memcpy((void *)GDT, gdt, sizeof(gdt));
}

static void set_registers(struct lab_save *save, uint64_t entry, uint64_t c)
{
	const struct lab_segment data = { 0x18, DATA, 0xffffffff, 0 };

	lab_real_state(save, 0, 0);
	save->cs = (struct lab_segment){ 0x10, CODE, 0xffffffff, 0 };
	save->ds = save->es = save->ss = data;
	save->gdtr = (struct lab_segment){ .limit = 31, .base = GDT };
	save->tr = (struct lab_segment){ .attributes = TASK, .limit = 0x67 };
	save->efer = LAB_EFER_SVME | LAB_EFER_LME | LAB_EFER_LMA | LAB_EFER_NXE;
	save->cr0 = CR0_PAGED;
	save->cr3 = TABLES | c;
	save->cr4 = CR4_PAE;
	save->rip = entry;
	save->rsi = PARAMETERS;
	save->rsp = STACK;
}

void lab_linux_put(const struct lab_linux *guest, struct lab_save *save)
{
	uint64_t entry = load_kernel(guest->kernel, guest->kernel_bytes);
	uint64_t c = guest->is_blind ? 0 : LAB_C;

	put(AT_LOADER, LOADER_OTHER, 1);
	put(AT_FILES, (uint64_t)guest->files, 4);
	put(AT_FILES_BYTES, guest->files_bytes, 4);
	put(AT_RSDP, lab_machine.rsdp, 8);
	put_map();
	put_command_line(guest);
	put_tables(c);
	set_registers(save, entry, c);
	if (!guest->is_blind) {
		put_told();
	}
}
