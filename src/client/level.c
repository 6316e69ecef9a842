/* SPDX-License-Identifier: Apache-2.0 */
#include <client/level.h>

#include <cpuid.h>
#include <string.h>

#include <base/cpuid.h>
#include <base/start.h>
#include <client/error.h>

#define OSXSAVE	    (1u << 27)
#define XCR0_AVX    0x06u
#define XCR0_AVX512 0xe6u /* and AVX-512's three */

struct leaf {
	uint32_t a, b, c, d;
};

static struct leaf ask(uint32_t leaf, uint32_t sub)
{
	struct leaf r = { 0 };

	(void)__get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d);
	return r;
}

/* What the kernel has switched on of extended state. */
static uint32_t switched_on(void)
{
	uint32_t low = 0;
	uint32_t high;

	if ((ask(1, 0).c & OSXSAVE) != 0) {
		__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	}
	return low;
}

/* Whether XSAVE stores as a box is told. */
static bool has_state(uint32_t level)
{
	uint32_t wanted = level < 4 ? XCR0_AVX : XCR0_AVX512;
	struct leaf avx = ask(0xd, 2);

	return level < 3 || ((switched_on() & wanted) == wanted &&
				    avx.a == CBX_CPUID_AVX_BYTES &&
				    avx.b == CBX_CPUID_AVX_AT);
}

static bool has(uint32_t level)
{
	const struct cbx_cpuid_features f = cbx_cpuid_features(level);
	struct leaf one = ask(1, 0);
	struct leaf more = ask(0x80000001u, 0);

	return (f.one_c & ~one.c) == 0 && (f.one_d & ~one.d) == 0 &&
	       (f.seven_b & ~ask(7, 0).b) == 0 && (f.more_c & ~more.c) == 0 &&
	       (f.more_d & ~more.d) == 0 &&
	       ask(0xd, 0).b <= CBX_CPUID_STATE_BYTES && has_state(level);
}

uint32_t cbx_level_here(void)
{
	uint32_t level = 0;

	while (level < CBX_CPUID_LEVELS && has(level + 1)) {
		level++;
	}
	return level;
}

uint32_t cbx_level_of(const struct cbx_image *image)
{
	struct cbx_start start = { 0 };

	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct cbx_segment *segment = &image->segment[i];

		if (segment->va == CBX_START_VA &&
			segment->byte_count >= sizeof(start)) {
			memcpy(&start, segment->bytes, sizeof(start));
		}
	}
	return start.magic == CBX_START_MAGIC &&
			       start.version == CBX_START_VERSION &&
			       start.cpuid <= CBX_CPUID_LEVELS
		       ? (uint32_t)start.cpuid
		       : 0;
}

enum cbx_status cbx_level_check(const struct cbx_image *image)
{
	uint32_t told = cbx_level_of(image);
	/* in a VM the question takes 0.3 ms */
	uint32_t here = told == 0 ? 0 : cbx_level_here();

	if (told <= here) {
		return CBX_OK;
	}
	return cbx_fail(CBX_E_UNSUPPORTED,
		"CPUID: the box is to be told of x86-64-v%u, and this machine "
		"has v%u; tell it that or less (--cpuid), or use another "
		"machine",
		told, here);
}
