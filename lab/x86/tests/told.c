/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware puts into pages at launch. */
#include "../asm.h"
#include "guest.h"

#define ENTRIES 64

extern const struct {
	uint32_t count, reserved[3];
	struct {
		uint32_t leaf, sub;
		uint64_t xcr0, xss;
		struct lab_cpuid is;
		uint64_t reserved;
	} entry[ENTRIES];
} guest_cpuids;

static bool says(uint32_t leaf)
{
	struct lab_cpuid host = lab_cpuid(leaf, 0);

	for (uint32_t i = 0; i < guest_cpuids.count && i < ENTRIES; i++) {
		const struct lab_cpuid *page = &guest_cpuids.entry[i].is;

		if (guest_cpuids.entry[i].leaf == leaf) {
			return page->eax == host.eax && page->ebx == host.ebx &&
			       page->ecx == host.ecx && page->edx == host.edx;
		}
	}
	return false;
}

/* Leaves that depend on nothing a processor has set; what runs guests of its own is
 * not there, nor is there more than the page has room for. */
bool guest_cpuid_page_says_what_the_host_says(void)
{
	const uint32_t plain[] = { 0x80000000, 0x80000001, 0x80000002,
		0x80000008, 0x8000001f };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!says(plain[i])) {
			return false;
		}
	}
	return guest_cpuids.count <= ENTRIES && !says(0x8000000a);
}
