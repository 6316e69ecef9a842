/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting the host's kernel in: an ELF file, copied to pages of the monitor's,
 * scanned there, mapped W^X where it is linked.  Nobody writes the file
 * meanwhile: no host runs, and devices are as the firmware left them.
 */
#include <base/string.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/pure/scan.h>
#include <hal/pks-vm/pure/table.h>

#define SEGMENTS_MAX 16u
#define PAGES_MAX    16384u /* 64 MiB of kernel */

#define PT_LOAD 1u
#define PF_X	1u
#define PF_W	2u

struct head {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
CBX_SIZE(64, head);

struct segment {
	uint32_t type, flags;
	uint64_t offset, va, pa, bytes, memory, align;
};
CBX_SIZE(56, segment);

static _Noreturn void refuse(const char *why)
{
	cbx_hal_panic(why, __FILE__, __LINE__);
}

/* Bytes of the file; @p offset and @p size were checked. */
static void read_file(
	const struct cbx_x86_boot *boot, uint64_t offset, void *to, size_t size)
{
	uint8_t *out = to;

	while (size > 0) {
		uint64_t at = boot->module_address + offset;
		size_t n = CBX_PAGE_SIZE - at % CBX_PAGE_SIZE;
		const uint8_t *page = cbx_hal_page_map(
			(struct cbx_pfn){ at >> CBX_PAGE_SHIFT });

		n = n < size ? n : size;
		memcpy(out, page + at % CBX_PAGE_SIZE, n);
		cbx_hal_page_unmap(page);
		out += n;
		offset += n;
		size -= n;
	}
}

static uint64_t pages_of(const struct segment *s)
{
	return cbx_pages_of(s->memory);
}

static bool well_formed(
	const struct cbx_x86_boot *boot, const struct segment *s)
{
	/* A page stays between, so that nothing lies next to a module. */
	uint64_t room = ((CBX_MODULE_VA - CBX_KERNEL_VA) >> CBX_PAGE_SHIFT) - 1;

	return cbx_range_fits(s->offset, s->bytes, boot->module_bytes) &&
	       s->bytes <= s->memory &&
	       s->memory <= (uint64_t)PAGES_MAX << CBX_PAGE_SHIFT &&
	       s->va % CBX_PAGE_SIZE == 0 && s->va >= CBX_KERNEL_VA &&
	       cbx_range_fits((s->va - CBX_KERNEL_VA) >> CBX_PAGE_SHIFT,
		       pages_of(s), room) &&
	       (s->flags & (PF_W | PF_X)) != (PF_W | PF_X);
}

static uint64_t flags_of(const struct segment *s)
{
	uint64_t flags = CBX_PTE_P;

	flags |= (s->flags & PF_W) != 0 ? CBX_PTE_W : 0;
	return (s->flags & PF_X) != 0 ? flags : flags | CBX_PTE_NX;
}

static void scan_page(struct cbx_scan *scan, struct cbx_pfn pfn)
{
	const uint8_t *page = cbx_hal_page_map(pfn);
	const uint8_t *bytes = page;
	struct cbx_scan_finding finding;
	size_t size = CBX_PAGE_SIZE;

	if (cbx_scan_feed(scan, &bytes, &size, &finding)) {
		cbx_hal_log(finding.name);
		refuse("the host's image holds an instruction it must not");
	}
	cbx_hal_page_unmap(page);
}

/* Copy, scan, map. */
static void place(const struct cbx_x86_boot *boot, const struct segment *s,
	struct cbx_scan *scan)
{
	uint64_t first = cbx_pks_carve(pages_of(s));

	for (uint64_t i = 0; i < pages_of(s); i++) {
		uint64_t at = i << CBX_PAGE_SHIFT;
		struct cbx_pfn pfn = { first + i };
		uint8_t *page = cbx_hal_page_map(pfn);
		uint64_t left = s->bytes > at ? s->bytes - at : 0;

		read_file(boot, s->offset + at, page,
			left < CBX_PAGE_SIZE ? left : CBX_PAGE_SIZE);
		cbx_hal_page_unmap(page);
		if ((s->flags & PF_X) != 0) {
			scan_page(scan, pfn);
			cbx_table_code(pfn);
		}
		cbx_pks_kernel_map(s->va + at, pfn, flags_of(s));
	}
}

/* Ascending and apart, so that no page is mapped twice. */
static uint64_t place_next(const struct cbx_x86_boot *boot,
	const struct segment *s, struct cbx_scan *scan, uint64_t last)
{
	struct cbx_scan_finding finding;

	if (!well_formed(boot, s) || s->va < last) {
		refuse("the host's image is malformed");
	}
	if (s->va != last || (s->flags & PF_X) == 0) {
		if (cbx_scan_end(scan, &finding)) {
			refuse("the host's image holds an instruction it "
			       "must not");
		}
		cbx_scan_start(scan, s->va);
	}
	place(boot, s, scan);
	return s->va + (pages_of(s) << CBX_PAGE_SHIFT);
}

static void place_all(const struct cbx_x86_boot *boot, const struct head *head)
{
	struct cbx_scan_finding finding;
	struct cbx_scan scan;
	uint64_t last = 0;

	cbx_scan_start(&scan, 0);
	for (uint64_t i = 0; i < head->phnum; i++) {
		struct segment s;

		read_file(boot, head->phoff + i * sizeof(s), &s, sizeof(s));
		if (s.type == PT_LOAD && s.memory != 0) {
			last = place_next(boot, &s, &scan, last);
		}
	}
	if (last == 0 || cbx_scan_end(&scan, &finding)) {
		refuse("the host's image has no segment, or ends badly");
	}
}

void cbx_pks_load(const struct cbx_x86_boot *boot)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F', 2, 1 };
	struct cbx_pks_host *host = cbx_pks_host();
	struct head head;

	if (boot->module_bytes == 0) {
		return;
	}
	if (boot->module_bytes < sizeof(head)) {
		refuse("the host's image is no ELF file");
	}
	read_file(boot, 0, &head, sizeof(head));
	if (memcmp(head.ident, magic, sizeof(magic)) != 0 ||
		head.machine != 62 ||
		head.phentsize != sizeof(struct segment) ||
		head.phnum > SEGMENTS_MAX ||
		!cbx_range_fits(head.phoff, head.phnum * sizeof(struct segment),
			boot->module_bytes)) {
		refuse("the host's image is no ELF file for this machine");
	}
	place_all(boot, &head);
	host->regs = (struct cbx_regs){ .rip = head.entry, .rflags = 2 };
	host->root = cbx_pks_root();
	host->running = true;
}
