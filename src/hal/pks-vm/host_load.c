/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting the host's kernel in: its pages, copied to pages of the monitor's,
 * scanned there, mapped W^X.  Nobody writes the image meanwhile: no host runs,
 * and devices are as the firmware left them.
 */
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/image.h>
#include <hal/pks-vm/pure/scan.h>
#include <hal/pks-vm/pure/table.h>

#define PAGES_MAX 16384u /* 64 MiB of kernel */

/* A page stays between, so that nothing lies next to a module. */
_Static_assert(((CBX_MODULE_VA - CBX_KERNEL_VA) >> CBX_PAGE_SHIFT) > PAGES_MAX,
	"apart");

static _Noreturn void refuse(const char *why)
{
	cbx_hal_panic(why, __FILE__, __LINE__);
}

static bool well_formed(
	const struct cbx_x86_boot *boot, const struct cbx_pks_image *image)
{
	return image->magic == CBX_PKS_IMAGE_MAGIC &&
	       boot->module_address % CBX_PAGE_SIZE == 0 &&
	       cbx_range_fits(
		       1, image->given, boot->module_bytes >> CBX_PAGE_SHIFT) &&
	       image->given <= image->pages && image->pages <= PAGES_MAX &&
	       image->text >= 1 &&
	       cbx_range_fits(image->text, image->constants, image->pages);
}

static void scan_text(const struct cbx_pks_image *image, struct cbx_pfn first)
{
	struct cbx_scan_finding finding;
	struct cbx_scan scan;
	bool found = false;

	cbx_scan_start(&scan, CBX_KERNEL_VA);
	for (uint64_t i = 0; i < image->text && !found; i++) {
		found = cbx_pks_scan(&scan, cbx_pfn_add(first, i), 0,
			CBX_PAGE_SIZE, &finding);
		cbx_table_code(cbx_pfn_add(first, i));
	}
	if (found || cbx_scan_end(&scan, &finding)) {
		cbx_hal_log(finding.name);
		refuse("the host's image holds an instruction it must not");
	}
}

static uint64_t flags_of(const struct cbx_pks_image *image, uint64_t i)
{
	if (i < image->text) {
		return CBX_PTE_P;
	}
	return i < image->text + image->constants
		       ? CBX_PTE_P | CBX_PTE_NX
		       : CBX_PTE_P | CBX_PTE_NX | CBX_PTE_W;
}

void cbx_pks_load(const struct cbx_x86_boot *boot)
{
	struct cbx_pfn from = { boot->module_address >> CBX_PAGE_SHIFT };
	struct cbx_pks_host *host = cbx_pks_host();
	const struct cbx_pks_image *image;
	struct cbx_pfn first;

	if (boot->module_bytes == 0) {
		return;
	}
	image = cbx_hal_page_map(from);
	if (!well_formed(boot, image)) {
		refuse("the host's image is malformed");
	}
	first.n = cbx_pks_carve(image->pages);
	cbx_hal_page_copy(first, cbx_pfn_add(from, 1), image->given);
	scan_text(image, first);
	for (uint64_t i = 0; i < image->pages; i++) {
		cbx_pks_kernel_map(CBX_KERNEL_VA + (i << CBX_PAGE_SHIFT),
			cbx_pfn_add(first, i), flags_of(image, i));
	}
	host->regs = (struct cbx_regs){ .rip = image->entry, .rflags = 2 };
	host->root = cbx_pks_root();
	host->running = true;
	cbx_hal_page_unmap(image);
}
