/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up on a machine of its own, and its operator. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/console.h>
#include <arch/x86_64/machine.h>
#include <base/string.h>
#include <hal/pks-vm/cpus.h>
#include <hal/pks-vm/device.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/irq.h>
#include <hal/pks-vm/pci.h>
#include <hal/pks-vm/pure/table.h>

static const struct cbx_x86_boot *const machine = &cbx_x86_found;

/* From the end of the region of RAM with the most left; the core never hears
 * of these pages. */
uint64_t cbx_pks_carve(uint64_t count)
{
	struct cbx_x86_boot *boot = &cbx_x86_found;
	struct cbx_x86_region *best = NULL;
	struct cbx_pfn first;

	for (uint32_t i = 0; i < boot->region_count; i++) {
		struct cbx_x86_region *r = &boot->region[i];

		if (r->kind == CBX_X86_RAM && r->count > count &&
			(best == NULL || r->count > best->count)) {
			best = r;
		}
	}
	if (best == NULL) {
		cbx_hal_panic("no room for the host", __FILE__, __LINE__);
	}
	best->count -= count;
	first.n = best->first + best->count;
	cbx_hal_page_scrub(first, count);
	cbx_pks_write_back(first, count);
	return first.n;
}

static bool locked;

void cbx_pks_table_take(void)
{
	cbx_pks_lock_take(&locked);
}

void cbx_pks_table_drop(void)
{
	cbx_pks_lock_drop(&locked);
}

/* Whatever is RAM and not the monitor's is the host's, with every right. */
static void open_memory(void)
{
	struct cbx_hal_region region;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		if (region.kind == CBX_HAL_RAM) {
			cbx_table_open(region.first, region.count);
		}
	}
}

/* What the last page of the host's image holds behind it. */
static void scrub_rest(uint64_t end)
{
	uint64_t offset = end % CBX_PAGE_SIZE;
	uint8_t *page =
		cbx_hal_page_map((struct cbx_pfn){ end / CBX_PAGE_SIZE });

	memset(page + offset, 0, CBX_PAGE_SIZE - offset);
	cbx_hal_page_unmap(page);
}

/* A reset leaves memory as it is. */
static void scrub_memory(void)
{
	uint64_t end = machine->module_address + machine->module_bytes;

	if (end % CBX_PAGE_SIZE != 0) {
		scrub_rest(end);
	}
	for (uint32_t i = 0; i < machine->region_count; i++) {
		const struct cbx_x86_region *r = &machine->region[i];

		if (r->kind == CBX_X86_RAM) {
			cbx_hal_page_scrub(
				(struct cbx_pfn){ r->first }, r->count);
		}
	}
}

static void start_interrupts(void)
{
	cbx_pks_apic_start();
	cbx_pks_lines_map();
}

void cbx_x86_hal_start(const struct cbx_x86_boot *boot)
{
	cbx_x86_found = *boot;
	cbx_x86_clock_init();
	if (boot->used) {
		scrub_memory();
	}
	start_interrupts();
	cbx_pks_apic_timer_start();
	cbx_pks_lines_start();
	cbx_table_start((struct cbx_frame *)CBX_FRAMES_VA, boot->page_count);
	cbx_pks_direct_start(boot->home, boot->page_count);
	cbx_pks_lock();
	cbx_pks_load(boot);
	cbx_pks_roots_start(boot);
	cbx_pks_iommu_carve(&cbx_x86_found);
	open_memory();
	cbx_pks_iommu_start();
	cbx_pks_pci_start(boot);
	cbx_pks_pci_watch();
}

void cbx_x86_hal_start_other(void)
{
	start_interrupts();
	cbx_pks_pci_watch();
}

/* There is no hardware root. */
enum cbx_status cbx_hal_report_start(const uint8_t data[CBX_HAL_REPORT_DATA])
{
	(void)data;
	return CBX_E_UNSUPPORTED;
}

enum cbx_status cbx_hal_report_next(
	uint32_t index, uint8_t *page, struct cbx_hal_report *report)
{
	(void)index;
	(void)page;
	(void)report;
	return CBX_E_HARDWARE;
}

enum cbx_status cbx_hal_root_key(uint8_t key[CBX_SEAL_KEY_BYTES])
{
	(void)key;
	return CBX_E_UNSUPPORTED;
}

void cbx_hal_log(const char *text)
{
	cbx_x86_console_line(text);
}

_Noreturn void cbx_hal_panic(const char *what, const char *file, int line)
{
	char digits[12] = { 0 };
	uint32_t at = sizeof(digits) - 1;

	cbx_pks_stop_others();
	for (; line > 0 && at > 0; line /= 10) {
		digits[--at] = (char)('0' + line % 10);
	}
	cbx_x86_console_put("panic: ");
	cbx_x86_console_put(what);
	cbx_x86_console_put(" (");
	cbx_x86_console_put(file);
	cbx_x86_console_put(":");
	cbx_x86_console_put(digits + at);
	cbx_x86_console_line(")");
	cbx_x86_console_exit();
}
