/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/pks-vm/pure/vtd.h>

#define CAP_BAD	  0x90ull /* write buffers; remembers what is absent */
#define CAP_39	  0x200ull
#define CAP_48	  0x400ull
#define ECAP_GOOD 0xaull /* a queue; remaps interrupts */

#define READ	1ull
#define WRITE	2ull
#define PRESENT 1ull

#define DOMAIN	   0x100ull
#define FROM_ONE   0x40000ull /* requester */
#define LEVEL	   0x8000ull
#define WITHOUT_TO 0xffffffull /* a CPU */
#define REMAPPED   (1ull << 48)

unsigned int cbx_vtd_levels(struct cbx_vtd_facts facts)
{
	if ((facts.cap & CAP_48) != 0) {
		return 4;
	}
	return (facts.cap & CAP_39) != 0 ? 3 : 0;
}

uint32_t cbx_vtd_record(struct cbx_vtd_facts facts)
{
	return (uint32_t)(facts.cap >> 24 & 0x3ff) * 16;
}

uint32_t cbx_vtd_records(struct cbx_vtd_facts facts)
{
	return (uint32_t)(facts.cap >> 40 & 0xff) + 1;
}

bool cbx_vtd_serves(struct cbx_vtd_facts facts, uint64_t pages)
{
	unsigned int levels = cbx_vtd_levels(facts);
	uint64_t bits = (facts.cap >> 16 & 0x3f) + 1;
	uint32_t end = cbx_vtd_record(facts) + 16 * cbx_vtd_records(facts);

	return levels != 0 && bits > CBX_PAGE_SHIFT &&
	       pages <= 1ull << 9 * levels &&
	       pages <= 1ull << (bits - CBX_PAGE_SHIFT) &&
	       (facts.cap & CAP_BAD) == 0 &&
	       (facts.ecap & ECAP_GOOD) == ECAP_GOOD && end <= CBX_PAGE_SIZE;
}

uint64_t cbx_vtd_link(struct cbx_pfn table)
{
	return table.n << CBX_PAGE_SHIFT | READ | WRITE;
}

struct cbx_vtd_wide cbx_vtd_bus(struct cbx_pfn devices)
{
	return (struct cbx_vtd_wide){ devices.n << CBX_PAGE_SHIFT | PRESENT,
		0 };
}

struct cbx_vtd_wide cbx_vtd_device(struct cbx_pfn table, unsigned int levels)
{
	return (struct cbx_vtd_wide){ table.n << CBX_PAGE_SHIFT | PRESENT,
		DOMAIN | (levels - 2) };
}

struct cbx_vtd_wide cbx_vtd_remap(uint64_t entry, uint16_t source)
{
	uint64_t level = (entry & LEVEL) != 0 ? 0x11 : 1;

	return (struct cbx_vtd_wide){ level | (entry & 0xff) << 16 |
					      entry >> 56 << 40,
		FROM_ONE | source };
}

uint64_t cbx_vtd_redirect(uint64_t entry, uint32_t line)
{
	return (entry & WITHOUT_TO) | REMAPPED | (uint64_t)line << 49;
}
