/* SPDX-License-Identifier: Apache-2.0 */
/* The real page tables: the monitor's half, and each CPU's window in it. */
#include <arch/x86_64/cet.h>
#include <core/gate.h>
#include <monitor/bare/bare.h>

#define PRESENT	   0x001ull
#define WRITE	   0x002ull
#define USER	   0x004ull
#define DIRTY	   0x040ull
#define NO_EXECUTE 0x8000000000000000ull
#define KEY(key)   ((uint64_t)(key) << 59)
#define ADDRESS	   0x000ffffffffff000ull

#define LINK	 (PRESENT | WRITE)
#define CODE	 (PRESENT)
#define CONSTANT (PRESENT | NO_EXECUTE | KEY(CBX_KEY_MONITOR))
#define DATA	 (PRESENT | WRITE | NO_EXECUTE | KEY(CBX_KEY_MONITOR))
#define OPEN	 (PRESENT | WRITE | NO_EXECUTE | KEY(CBX_KEY_OPEN))
#define SHADOW	 (PRESENT | DIRTY | NO_EXECUTE)
#define LENT	 (PRESENT | USER | NO_EXECUTE)

/* The table an entry leads to, made if there is none. */
static uint64_t *follow(uint64_t *entry, uint64_t flags)
{
	if (*entry == 0) {
		*entry = cbx_bare_carve(1) | flags | CBX_X86_PRIVATE;
	}
	return (uint64_t *)(*entry & ADDRESS & ~CBX_X86_PRIVATE);
}

/* The entry for an address in a PDPT. */
static uint64_t *reach(uint64_t *pdpt, uint64_t va, uint64_t flags)
{
	uint64_t *pd = follow(&pdpt[va >> 30 & 511], flags);
	uint64_t *pt = follow(&pd[va >> 21 & 511], flags);

	return &pt[va >> 12 & 511];
}

static void map(uint64_t *pdpt, uint64_t va, uint64_t at, uint64_t pages,
	uint64_t flags)
{
	for (uint64_t i = 0; i < pages; i++) {
		*reach(pdpt, va + (i << CBX_PAGE_SHIFT), LINK) =
			(at + (i << CBX_PAGE_SHIFT)) | flags | CBX_X86_PRIVATE;
	}
}

static void map_section(
	uint64_t *pdpt, const uint8_t *from, const uint8_t *to, uint64_t flags)
{
	uint64_t offset = (uint64_t)from - CBX_IMAGE_VA;

	map(pdpt, (uint64_t)from, CBX_IMAGE_PA + offset,
		(uint64_t)(to - from) >> CBX_PAGE_SHIFT, flags);
}

/* What every CPU sees: the image and the two tables of pages. */
static void build_shared(uint64_t *pdpt, uint64_t page_count)
{
	uint64_t pages = cbx_pages_of(cbx_core_table_bytes(page_count));
	uint64_t frames = cbx_pages_of(page_count * CBX_X86_FRAME_BYTES);

	if (pages > (uint64_t)(CBX_FRAMES_VA - CBX_PAGES_VA) >>
			CBX_PAGE_SHIFT ||
		frames > (uint64_t)(CBX_MONITOR_END - CBX_FRAMES_VA) >>
			CBX_PAGE_SHIFT) {
		cbx_bare_fail("more memory than the monitor can keep track of");
	}
	map_section(pdpt, cbx_image, cbx_image_text_end, CODE);
	map_section(pdpt, cbx_image_text_end, cbx_image_rodata_end, CONSTANT);
	map_section(pdpt, cbx_image_rodata_end, cbx_image_end, DATA);
	map(pdpt, CBX_PAGES_VA, cbx_bare_carve(pages), pages, DATA);
	map(pdpt, CBX_FRAMES_VA, cbx_bare_carve(frames), frames, DATA);
}

static uint64_t map_new(
	uint64_t *pdpt, uint32_t page, uint32_t count, uint64_t flags)
{
	uint64_t at = cbx_bare_carve(count);

	map(pdpt, CBX_CPU_AT((uint64_t)page), at, count, flags);
	return at;
}

/* A shadow stack with its token, and its alias. */
static void map_shadow(uint64_t *pdpt, uint32_t page, uint64_t flags)
{
	uint64_t at = map_new(pdpt, page + 1, 1, DATA);

	*(uint64_t *)(at + CBX_PAGE_SIZE - 8) = CBX_CPU_TOP((uint64_t)page) - 8;
	map(pdpt, CBX_CPU_AT((uint64_t)page), at, 1, flags);
}

/* The page of a box root through which its reply is read. */
static void lend_reply(uint64_t *root, uint64_t reply)
{
	uint64_t *pdpt = follow(&root[CBX_REPLY_SLOT], LINK | USER);

	*reach(pdpt, CBX_REPLY_VA, LINK | USER) =
		reply | LENT | CBX_X86_PRIVATE;
}

static struct cbx_x86_cpu *build_window(uint64_t *pdpt)
{
	static const uint8_t open[] = { CBX_CPU_SCRATCH_PAGE, CBX_CPU_GDT_PAGE,
		CBX_CPU_IDT_PAGE };
	uint64_t table;

	for (uint32_t i = 0; i < sizeof(open); i++) {
		map_new(pdpt, open[i], 1, OPEN);
	}
	for (uint32_t i = CBX_IST_TRAP; i <= CBX_IST_DOUBLE; i++) {
		map_new(pdpt, CBX_CPU_IST_PAGE(i), 1, OPEN);
		map_shadow(pdpt, CBX_CPU_SHADOW_PAGE + 2 * (i - 1), SHADOW);
	}
	map_shadow(pdpt, CBX_CPU_SHADOW_MAIN, SHADOW | KEY(CBX_KEY_MONITOR));
	map_shadow(pdpt, CBX_CPU_SHADOW_EXIT, SHADOW);
	map_shadow(pdpt, CBX_CPU_SHADOW_HOST, SHADOW);
	map_new(pdpt, CBX_CPU_STACK_PAGE, CBX_CPU_STACK_PAGES, DATA);
	map_new(pdpt, CBX_CPU_PANIC_PAGE, CBX_CPU_PANIC_PAGES, DATA);
	map_new(pdpt, CBX_CPU_HAL_PAGE, CBX_CPU_HAL_PAGES, DATA);
	table = (uint64_t)reach(pdpt, CBX_CPU_VA, LINK) & ADDRESS;
	map(pdpt, CBX_CPU_AT(CBX_CPU_TABLE_PAGE), table, 1, DATA);
	return (struct cbx_x86_cpu *)map_new(pdpt, CBX_CPU_STATE_PAGE, 1, DATA);
}

/* One CPU: a PDPT with the shared entries and its window, two roots. */
static uint64_t build_cpu(const uint64_t *shared, uint32_t number)
{
	uint64_t *pdpt = (uint64_t *)cbx_bare_carve(1);
	uint64_t *home = (uint64_t *)cbx_bare_carve(1);
	struct cbx_x86_cpu *cpu;
	uint64_t *root;

	for (uint32_t i = 0; i < 512; i++) {
		pdpt[i] = shared[i];
	}
	cpu = build_window(pdpt);
	root = (uint64_t *)map_new(pdpt, CBX_CPU_ROOT_PAGE, 1, DATA);
	home[CBX_MONITOR_SLOT] = (uint64_t)pdpt | LINK | CBX_X86_PRIVATE;
	root[CBX_MONITOR_SLOT] = home[CBX_MONITOR_SLOT];
	lend_reply(root, map_new(pdpt, CBX_CPU_REPLY_PAGE, 1, DATA));
	cpu->number = number;
	cpu->root = (uint64_t)root | CBX_X86_PRIVATE;
	cpu->home = (uint64_t)home | CBX_X86_PRIVATE;
	return cpu->home;
}

void cbx_bare_build(struct cbx_x86_boot *boot)
{
	uint64_t *shared = (uint64_t *)cbx_bare_carve(1);

	build_shared(shared, boot->page_count);
	for (uint32_t i = 0; i < boot->cpu_count; i++) {
		boot->homes[i] = build_cpu(shared, i);
	}
	boot->home = boot->homes[0];
}
