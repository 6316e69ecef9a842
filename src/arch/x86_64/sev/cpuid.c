/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/sev/cpuid.h>

#define LEAF_FEATURES	  0x1u
#define LEAF_MORE	  0x7u
#define LEAF_TOPOLOGY	  0xbu
#define LEAF_TOPOLOGY_AMD 0x8000001eu
#define APIC		  0xff000000u
#define APIC_SHIFT	  24
#define OSXSAVE		  (1u << 27)
#define OSPKE		  (1u << 4)
#define CR4_OSXSAVE	  (1ull << 18)
#define CR4_PKE		  (1ull << 22)

#define BYTES 2u /* of the instruction */

#define LEAF_XSAVE  0xdu
#define LEGACY_SIZE 0x240u   /* with the header */
#define LARGEST	    0x10000u /* of a component; real ones have up to 8 KiB */
#define ALIGNED	    2u	     /* ECX of a component */

/* Leaves whose answers depend on ECX; the others ignore it. */
static bool has_subleaves(uint32_t leaf)
{
	switch (leaf) {
	case 0x4:
	case 0x7:
	case 0xb:
	case 0xd:
	case 0xf:
	case 0x10:
	case 0x12:
	case 0x14:
	case 0x17:
	case 0x18:
	case 0x1d:
	case 0x1e:
	case 0x1f:
	case 0x24:
	case 0x8000001d:
	case 0x80000020:
	case 0x80000026:
		return true;
	default:
		return false;
	}
}

static bool is_of(const struct cbx_cpuid_entry *e, uint32_t leaf, uint32_t sub)
{
	return e->leaf == leaf && (!has_subleaves(leaf) || e->sub == sub);
}

/* The same leaf for other components is another answer. */
static bool is_twice(
	const struct cbx_cpuid_entry *a, const struct cbx_cpuid_entry *b)
{
	return is_of(a, b->leaf, b->sub) && a->xcr0 == b->xcr0 &&
	       a->xss == b->xss;
}

bool cbx_cpuid_sound(const struct cbx_cpuid_page *page)
{
	if (page->count > CBX_CPUID_MAX || page->reserved0 != 0 ||
		page->reserved1 != 0) {
		return false;
	}
	for (uint32_t i = 0; i < page->count; i++) {
		if (page->entry[i].reserved != 0) {
			return false;
		}
		for (uint32_t j = 0; j < i; j++) {
			if (is_twice(&page->entry[i], &page->entry[j])) {
				return false;
			}
		}
	}
	return true;
}

static const struct cbx_cpuid_entry *find(
	const struct cbx_cpuid_page *page, uint32_t leaf, uint32_t sub)
{
	for (uint32_t i = 0; i < page->count; i++) {
		if (is_of(&page->entry[i], leaf, sub)) {
			return &page->entry[i];
		}
	}
	return NULL;
}

static uint32_t after(
	const struct cbx_cpuid_entry *component, uint32_t size, bool compact)
{
	uint32_t end = component->eax + component->ebx;

	if (!compact) {
		return end > size ? end : size;
	}
	if ((component->ecx & ALIGNED) != 0) {
		size = (size + 63) & ~63u;
	}
	return size + component->eax;
}

/* Bytes of an area that has @p components; 0 when one of them is unknown. */
static uint32_t area(
	const struct cbx_cpuid_page *page, uint64_t components, bool compact)
{
	uint32_t size = LEGACY_SIZE;

	for (uint32_t i = 2; i < 64; i++) {
		const struct cbx_cpuid_entry *component;

		if ((components >> i & 1) == 0) {
			continue;
		}
		component = find(page, LEAF_XSAVE, i);
		if (component == NULL || component->eax > LARGEST ||
			component->ebx > LARGEST) {
			return 0;
		}
		size = after(component, size, compact);
	}
	return size;
}

static void set(uint32_t *word, uint32_t bit, bool on)
{
	*word = (*word & ~bit) | (on ? bit : 0);
}

/* What the page cannot know. */
static void fill(const struct cbx_cpuid_question *q, struct cbx_cpuid_entry *e)
{
	switch (q->leaf) {
	case LEAF_FEATURES:
		e->ebx = (e->ebx & ~APIC) | q->apic << APIC_SHIFT;
		set(&e->ecx, OSXSAVE, (q->cr4 & CR4_OSXSAVE) != 0);
		break;
	case LEAF_MORE:
		if (q->sub == 0) {
			set(&e->ecx, OSPKE, (q->cr4 & CR4_PKE) != 0);
		}
		break;
	case LEAF_TOPOLOGY:
		e->edx = q->apic;
		break;
	case LEAF_TOPOLOGY_AMD:
		e->eax = q->apic;
		break;
	default:
		break;
	}
}

bool cbx_cpuid_answer(const struct cbx_cpuid_page *page,
	struct cbx_cpuid_question q, struct cbx_cpuid_entry *answer)
{
	const struct cbx_cpuid_entry *found = find(page, q.leaf, q.sub);
	bool compact = q.sub == 1;

	*answer = (struct cbx_cpuid_entry){ .leaf = q.leaf, .sub = q.sub };
	if (found == NULL) {
		return true;
	}
	*answer = *found;
	fill(&q, answer);
	if (q.leaf != LEAF_XSAVE || q.sub > 1) {
		return true;
	}
	answer->ebx = area(page, q.xcr0 | (compact ? q.xss : 0), compact);
	return answer->ebx != 0;
}

bool cbx_cpuid_execute(const struct cbx_cpuid_page *page, const uint8_t code[2],
	struct cbx_cpuid_question how, struct cbx_cpuid_registers *r)
{
	struct cbx_cpuid_entry answer;

	how.leaf = (uint32_t)r->rax;
	how.sub = (uint32_t)r->rcx;
	if (code[0] != 0x0f || code[1] != 0xa2 ||
		!cbx_cpuid_answer(page, how, &answer)) {
		return false;
	}
	*r = (struct cbx_cpuid_registers){ answer.eax, answer.ebx, answer.ecx,
		answer.edx, r->rip + BYTES };
	return true;
}
