/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up at VMPL0: what the loader told, memory carved, the real tables. */
#include <arch/x86_64/machine.h>
#include <arch/x86_64/sev/vc.h>
#include <base/string.h>
#include <hal/hal.h>
#include <hal/snp/insn.h>
#include <hal/snp/use.h>
#include <monitor/bare/bare.h>
#include <monitor/snp/snp.h>

/** Addresses (image.lds, boot.S): the end of what start-up uses; memory that was
 * asked for beside the image. */
extern const struct {
	uint64_t boot_end, asked, asked_end;
} cbx_snp_places;

#define PAGES_MAX (1ull << 32)
#define MS_NS	  1000000ull
#define CPUS_MAX  63u /* that have a gate area */

static struct cbx_x86_boot boot;

_Noreturn void cbx_bare_fail(const char *why)
{
	cbx_snp_refuse(why);
}

/* It was never validated, or is another page's double. */
void cbx_bare_clear(uint64_t address, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++) {
		void *page = (void *)(address + (i << CBX_PAGE_SHIFT));

		if (cbx_rmp_status(cbx_snp_pvalidate(page, true)) != CBX_OK) {
			cbx_bare_fail("Memory the monitor asked for is not "
				      "new.");
		}
		memset(page, 0, CBX_PAGE_SIZE);
	}
}

static bool is_own(uint64_t from, uint64_t to)
{
	const struct cbx_pfn first = { from >> CBX_PAGE_SHIFT };

	return cbx_boot_kind(&cbx_snp_told, first,
		       (to - from) >> CBX_PAGE_SHIFT) == CBX_BOOT_MONITOR;
}

/* The loader's word is the hypervisor's: what is taken of it is a map that is
 * none of what the image already has. */
static void check_told(void)
{
	uint64_t image = (uint64_t)(cbx_image_end - cbx_image);

	if (!cbx_boot_sound(&cbx_snp_told, PAGES_MAX)) {
		cbx_bare_fail("What the loader says is malformed.");
	}
	if (!is_own(CBX_BOOT_PA, cbx_snp_places.boot_end) ||
		!is_own(CBX_AREAS_PA, CBX_IMAGE_PA) ||
		!is_own(CBX_IMAGE_PA, CBX_IMAGE_PA + image) ||
		!is_own(cbx_snp_places.asked, cbx_snp_places.asked_end)) {
		cbx_bare_fail("The loader gives away the monitor's memory.");
	}
}

static void add(uint64_t from, uint64_t to, enum cbx_x86_kind kind)
{
	cbx_bare_region(&boot, from, to - from, kind);
}

/* What was asked for comes last: the keeper is built at its end. */
static void add_regions(void)
{
	for (uint32_t i = 0; i < cbx_snp_told.ranges; i++) {
		const struct cbx_boot_range *r = &cbx_snp_told.range[i];
		uint64_t from = r->first << CBX_PAGE_SHIFT;

		if (r->kind == CBX_BOOT_RAM || r->kind == CBX_BOOT_BARE) {
			add(from, from + ((uint64_t)r->count << CBX_PAGE_SHIFT),
				CBX_X86_RAM);
		}
	}
	add(CBX_BOOT_PA, cbx_snp_places.boot_end, CBX_X86_MONITOR);
	add(CBX_IMAGE_PA, CBX_IMAGE_PA + (uint64_t)(cbx_image_end - cbx_image),
		CBX_X86_MONITOR);
	add(cbx_snp_places.asked, cbx_snp_places.asked_end, CBX_X86_RAM);
}

static void carve(void)
{
	uint64_t from = cbx_snp_places.asked;

	cbx_bare_carve_start(&boot, from);
	cbx_bare_build(&boot);
	cbx_snp_others_carve(boot.cpu_count);
	cbx_bare_region_split(&boot, from >> CBX_PAGE_SHIFT,
		(cbx_bare_carve_end() - from) >> CBX_PAGE_SHIFT,
		CBX_X86_MONITOR);
}

_Noreturn void cbx_bare_start(uint32_t magic, uint64_t info)
{
	(void)magic;
	(void)info;
	cbx_x86_private = 1ull << cbx_x86_c_bit();
	cbx_snp_talk_start();
	check_told();
	boot.page_count = cbx_boot_pages(&cbx_snp_told);
	boot.cpu_count =
		cbx_snp_told.cpus < CPUS_MAX ? cbx_snp_told.cpus : CPUS_MAX;
	add_regions();
	carve();
	cbx_bare_switch(boot.home, CBX_CPU_STACK_TOP);
}

/* Memory the loader left validated is; other is accepted. */
static void give(struct cbx_pfn first, uint64_t count)
{
	const struct cbx_view all = { CBX_VIEW_ALL };
	uint64_t done;

	if (cbx_boot_kind(&cbx_snp_told, first, count) != CBX_BOOT_RAM &&
		cbx_hal_page_accept(first, count, &done) != CBX_OK) {
		cbx_bare_fail("The hypervisor does not give the memory.");
	}
	if (cbx_hal_view_set(first, count, all, &done) != CBX_OK) {
		cbx_bare_fail("The hypervisor has memory in larger pages.");
	}
}

void cbx_x86_hal_start(const struct cbx_x86_boot *found)
{
	cbx_x86_found = *found;
	cbx_x86_clock_start(cbx_snp_told.tsc_khz, MS_NS);
	cbx_snp_use_start((bool *)CBX_FRAMES_VA);
	for (uint32_t i = 0; i < found->region_count; i++) {
		const struct cbx_x86_region *r = &found->region[i];

		if (r->kind == CBX_X86_RAM) {
			give((struct cbx_pfn){ r->first }, r->count);
		}
	}
	/* nobody's to the core (hal.h), and the host's */
	if (cbx_boot_kind(&cbx_snp_told, (struct cbx_pfn){ 0 }, 1) ==
		CBX_BOOT_RAM) {
		give((struct cbx_pfn){ 0 }, 1);
	}
	cbx_snp_bell_start_here();
	cbx_snp_mail_begin();
	cbx_snp_gates_start();
	cbx_snp_others_start(found);
	cbx_snp_host_start(cbx_snp_told.registers);
}

_Noreturn void cbx_bare_run(void)
{
	cbx_snp_talk_start();
	cbx_x86_cpu_init();
	cbx_x86_hal_start(&boot);
	cbx_x86_main(&boot);
}
