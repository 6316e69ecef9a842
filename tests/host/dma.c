/* SPDX-License-Identifier: Apache-2.0 */
/*
 * M15: a device of the host's reaches what the host itself may reach, and
 * nothing else.  Without an IOMMU this fails, and says so.
 */
#include <arch/x86_64/keys/backend.h>

#include "box.h"
#include "nic.h"

#define WORD	      0x1122334455667788ull
#define IOMMU_PA      0xfed90000ull
#define CONTROLLER_PA 0xfec00000ull

#define GATE_NUMBER(number, ...)                                        \
	((enum cbx_status)box_gate(                                     \
		number, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ }) \
			.status)
#define AT(pfn) ((uint64_t)(pfn) << CBX_PAGE_SHIFT)

static uint64_t source; /* full of WORD */
static uint64_t target;

static volatile uint64_t *words(uint64_t pfn)
{
	return (volatile uint64_t *)DIRECT(pfn);
}

static void fill_with(uint64_t pfn, uint64_t word)
{
	for (uint32_t i = 0; i < 512; i++) {
		words(pfn)[i] = word;
	}
}

static void copy(uint64_t from, uint64_t to)
{
	nic_aim(from, to);
	nic_go();
}

static uint64_t refusals(void)
{
	return CALL(CBX_PKS_REFUSED, 0).ret[0];
}

/* One more than before, of this page. */
static bool was_refused(uint64_t before, uint64_t address)
{
	struct cbx_reply reply = CALL(CBX_PKS_REFUSED, 0);

	return reply.ret[0] == before + 1 &&
	       reply.ret[1] >> CBX_PAGE_SHIFT == address >> CBX_PAGE_SHIFT;
}

/* A word of the copy, which begins a word before the page's eight. */
static bool arrived(uint64_t pfn)
{
	return words(pfn)[1] == WORD && words(pfn)[7] == WORD;
}

static const char *refuse_write(uint64_t address)
{
	uint64_t before = refusals();

	copy(AT(source), address);
	WANT(was_refused(before, address));
	return NULL;
}

/* What is not read arrives as something else. */
static const char *refuse_read(uint64_t address)
{
	uint64_t before = refusals();

	fill_with(target, 0);
	copy(address, AT(target) + NIC_SHIFT);
	WANT(was_refused(before, address));
	for (uint32_t i = 1; i <= NIC_BYTES / 8; i++) {
		WANT(words(target)[i] == 0);
	}
	return NULL;
}

static const char *refuse(uint64_t address)
{
	const char *wrong = refuse_write(address);

	return wrong != NULL ? wrong : refuse_read(address);
}

static const char *a_card_copies_host_memory(void)
{
	source = host_page();
	target = host_page();
	WANT(nic_find());
	fill_with(source, WORD);
	fill_with(target, 0);
	copy(AT(source), AT(target) + NIC_SHIFT);
	WANT(words(target)[1] == 0);
	WANT(nic_start());
	copy(AT(source), AT(target) + NIC_SHIFT);
	WANT(arrived(target));
	WANT(refusals() == 0);
	return NULL;
}

static const char *not_the_monitor(void)
{
	const char *wrong = refuse(CBX_IMAGE_PA);
	struct cbx_reply last = { 0 };

	WANT(wrong == NULL);
	WANT(refuse(CBX_BOOT_PA) == NULL);
	for (uint64_t i = 0;; i++) {
		struct cbx_reply reply = CALL(CBX_PKS_MEMORY, i);

		if (reply.status != CBX_OK) {
			break;
		}
		if (reply.ret[2] == CBX_HAL_RAM && reply.ret[1] > 4096) {
			last = reply;
		}
		if (reply.ret[2] == CBX_HAL_MONITOR && reply.ret[0] >= 256) {
			WANT(refuse(AT(reply.ret[0] + reply.ret[1] - 1)) ==
				NULL);
		}
	}
	/* what the HAL carved: tables, those of the direct map at least, which
	 * the IOMMU walks */
	for (uint64_t i = 0; i < last.ret[3] / 512; i++) {
		WANT(refuse(AT(last.ret[0] + last.ret[1] + i)) == NULL);
	}
	fill_with(target, 0);
	copy(AT(source), AT(target) + NIC_SHIFT);
	WANT(arrived(target));
	return NULL;
}

static const char *not_a_donated_page(void)
{
	uint64_t page = host_page();

	copy(AT(source), AT(page) + NIC_SHIFT);
	WANT(arrived(page));
	nic_aim(AT(source), AT(page)); /* ready, and known to the IOMMU */
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_OK);
	uint64_t before = refusals();

	nic_go();
	WANT(was_refused(before, AT(page)));
	WANT(refuse(AT(page)) == NULL);
	WANT(STATUS(CBX_CALL_PAGE_RETURN, page, 1) == CBX_OK);
	WANT(words(page)[1] == 0);
	copy(AT(source), AT(page) + NIC_SHIFT);
	WANT(arrived(page));
	return NULL;
}

/* A table of the host's is read, but not written; then it is a page again. */
static const char *not_a_page_table(void)
{
	uint64_t page = host_page();
	uint64_t value;

	copy(AT(source), AT(page) + NIC_SHIFT);
	WANT(arrived(page));
	WANT(STATUS(CBX_PKS_TABLE_DECLARE, page, 1) == CBX_OK);
	WANT(refuse_write(AT(page)) == NULL);
	WANT(probe_read(DIRECT(page) + 8, &value) == 0 && value == 0);
	fill_with(target, 1);
	copy(AT(page), AT(target) + NIC_SHIFT);
	WANT(words(target)[1] == 0);
	WANT(STATUS(CBX_PKS_TABLE_REMOVE, page) == CBX_OK);
	copy(AT(source), AT(page) + NIC_SHIFT);
	WANT(arrived(page));
	return NULL;
}

/* Code is looked at once, so nothing may write it then. */
static const char *not_the_kernels_code(void)
{
	uint64_t page = host_page();
	uint64_t value;

	copy(AT(source), AT(page) + NIC_SHIFT);
	WANT(arrived(page));
	fill_with(page, 0);
	WANT(GATE_NUMBER(CBX_PKS_CODE_LOAD, CBX_MODULE_VA, page, 1) == CBX_OK);
	WANT(refuse_write(AT(page)) == NULL);
	WANT(probe_read(DIRECT(page) + 8, &value) == 0 && value == 0);
	WANT(GATE_NUMBER(CBX_PKS_CODE_UNLOAD, CBX_MODULE_VA, page, 1) ==
		CBX_OK);
	copy(AT(source), AT(page) + NIC_SHIFT);
	WANT(arrived(page));
	return NULL;
}

static const char *not_another_device(void)
{
	WANT(refuse_write(IOMMU_PA) == NULL);
	WANT(refuse_write(CONTROLLER_PA) == NULL);
	return not_a_donated_page();
}

/* Its code, its stack, its tables; and it runs to the same end. */
static const char *not_a_box(void)
{
	uint64_t box = box_pages();
	uint64_t page = host_page();
	struct cbx_reply reply;

	WANT(box_make(box, page, box_end, box_end_size) == NULL);
	for (uint64_t i = 0; i < BOX_PAGES; i++) {
		WANT(refuse(AT(box + i)) == NULL);
	}
	reply = GATE(BOX_ENTER, box, host_page(), 1);
	WANT(reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_ENDED);
	WANT(reply.ret[1] == BOX_END_STATUS && reply.ret[2] == CBX_END_EXIT);
	return box_unmake(box);
}

/* The same attack where nothing stops it: the host has the box's bytes. */
static const char *without_an_iommu(void)
{
	uint64_t box = box_pages();
	uint64_t page = host_page();

	WANT(box_make(box, page, box_end, box_end_size) == NULL);
	fill_with(target, 0);
	copy(AT(box + BOX_CODE), AT(target) + NIC_SHIFT);
	WANT(words(target)[1] == *(const uint64_t *)box_end);
	copy(AT(source), AT(box + BOX_CODE));
	host_say("M15 failed: no IOMMU on this machine");
	return NULL;
}

static const char *m15(void)
{
	static const char *(*const cases[])(void) = { not_the_monitor,
		not_a_donated_page, not_a_page_table, not_the_kernels_code,
		not_another_device, not_a_box };
	struct cbx_reply caps = CALL(CBX_CALL_CAPS, 0);

	if ((caps.ret[0] & CBX_CAP_DMA) == 0) {
		WANT((caps.ret[0] & CBX_CAP_HOST_KERNEL_OUT) == 0);
		return without_an_iommu();
	}
	WANT((caps.ret[0] & CBX_CAP_HOST_KERNEL_OUT) != 0);
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = cases[i]();

		if (wrong != NULL) {
			return wrong;
		}
	}
	host_say("M15 passed");
	return NULL;
}

const struct host_case host_cases[] = {
	{ "a card copies host memory", a_card_copies_host_memory },
	{ "M15", m15 },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
