/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/cet.h>
#include <arch/x86_64/console.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <base/string.h>
#include <monitor/bare/bare.h>

#define LARGE_PAGE 0x200000ull
#define MARK	   0x6e6f6d786f626e63ull

static struct cbx_x86_boot boot;

_Noreturn void cbx_bare_fail(const char *why)
{
	cbx_x86_console_line(why);
	cbx_x86_console_exit();
}

void cbx_bare_clear(uint64_t address, uint64_t pages)
{
	memset((void *)address, 0, pages << CBX_PAGE_SHIFT);
}

static uint64_t large_end(uint64_t address)
{
	return (address + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
}

/* GRUB puts the module where there is room: before the image, or directly
 * after it.  What we carve begins behind it then. */
static uint64_t carve_from(uint64_t image_end)
{
	uint64_t end = boot.module_address + boot.module_bytes;

	if (boot.module_address >= CBX_BOOT_PA && end > image_end &&
		boot.module_address < large_end(image_end)) {
		image_end = end;
	}
	return large_end(image_end);
}

static void mark(uint64_t from, uint64_t to, enum cbx_x86_kind kind)
{
	uint64_t first = from >> CBX_PAGE_SHIFT;
	uint64_t count = cbx_pages_of(to) - first;

	if (to > from) {
		cbx_bare_region_split(&boot, first, count, kind);
	}
}

/* The image and what follows it, from the boot page on. */
static void carve(void)
{
	uint64_t image = (uint64_t)(cbx_image_end - cbx_image);
	uint64_t module = boot.module_address;
	uint64_t module_end = module + boot.module_bytes;
	uint64_t from = carve_from(CBX_IMAGE_PA + image);
	uint64_t end;

	cbx_bare_carve_start(&boot, from);
	cbx_bare_build(&boot);
	cbx_bare_smi_carve(boot.cpu_count);
	end = cbx_bare_carve_end();
	mark(module, module_end, CBX_X86_MODULE);
	if (module >= CBX_BOOT_PA && module < from) {
		mark(CBX_BOOT_PA, module, CBX_X86_MONITOR);
		mark(cbx_pages_of(module_end) << CBX_PAGE_SHIFT, end,
			CBX_X86_MONITOR);
	} else {
		mark(CBX_BOOT_PA, end, CBX_X86_MONITOR);
	}
}

/* A monitor before this one left its mark, and perhaps boxes' pages: the host
 * that could have taken the mark away would not have needed to. */
static bool was_used(void)
{
	volatile uint64_t *mark = (volatile uint64_t *)CBX_MARK_PA;
	bool covered = boot.module_address < CBX_MARK_PA + CBX_PAGE_SIZE &&
		       boot.module_address + boot.module_bytes > CBX_MARK_PA;
	bool used = covered || *mark == MARK;

	if (!covered) {
		*mark = MARK;
	}
	return used;
}

/* Before the lower half is gone: it is where the controllers are. */
static void start_others(const uint8_t *id)
{
	uint8_t own = (uint8_t)(cbx_x86_cpuid(1, 0).ebx >> 24);
	uint32_t running = 1;

	boot.smis = cbx_bare_smi_move(own, 0);
	while (running < boot.cpu_count &&
		cbx_bare_other_start(id[running - 1], boot.homes[running])) {
		boot.smis = boot.smis &&
			    cbx_bare_smi_move(id[running - 1], running);
		running++;
	}
	boot.cpu_count = running;
}

_Noreturn void cbx_bare_start(uint32_t magic, uint64_t info)
{
	uint8_t id[CBX_X86_CPUS_MAX - 1];

	cbx_x86_console_init();
	cbx_bare_info(magic, info, &boot);
	cbx_bare_log(&boot);
	boot.cpu_count = 1 + cbx_bare_others(boot.rsdp, id, sizeof(id));
	cbx_bare_iommu(&boot);
	boot.used = was_used();
	carve();
	start_others(id);
	cbx_bare_switch(boot.home, CBX_CPU_STACK_TOP);
}

_Noreturn void cbx_bare_run_other(void)
{
	cbx_x86_cpu_init();
	cbx_x86_shadow_start();
	cbx_x86_hal_start_other();
	cbx_x86_main_other(cbx_x86_cpu()->number);
}

_Noreturn void cbx_bare_run(void)
{
	cbx_x86_cpu_init();
	cbx_x86_shadow_start();
	cbx_x86_hal_start(&boot);
	cbx_x86_main(&boot);
}
