/* SPDX-License-Identifier: Apache-2.0 */
#include "cpuid.h"

#include <base/cpuid.h>

#define BASIC_LAST 0xdu
#define MORE_LAST  0x80000008u

#define SIGNATURE  0x00050657u /* family 6, model 85, stepping 7 */
#define ONE_CPU	   0x00010800u /* and lines of 64 bytes */
#define SEE_LEAF_4 0x0000ff01u
#define ADDRESSES  0x00003030u /* 48 bits of each kind */

/* The counter runs at one speed: of every processor that has level 2, though not
 * every hypervisor says so.  Without it each look at a clock is a gate. */
#define STEADY (1u << 8)

#define XCR0_SSE 3u
#define XCR0_AVX 4u

struct cache {
	uint32_t type, level, ways, sets;
};

/* Of data, of instructions, of both. */
static const struct cache caches[] = {
	{ 1, 1, 8, 64 },     /* 32 KiB */
	{ 2, 1, 8, 64 },     /* 32 KiB */
	{ 3, 2, 16, 1024 },  /* 1 MiB */
	{ 3, 3, 16, 16384 }, /* 16 MiB */
};

static struct cbx_cpuid cache_of(uint32_t index)
{
	const struct cache *cache = caches;

	if (index >= sizeof(caches) / sizeof(caches[0])) {
		return (struct cbx_cpuid){ 0 };
	}
	cache += index;
	return (struct cbx_cpuid){
		.a = cache->type | cache->level << 5 | 1u << 8,
		.b = (cache->ways - 1) << 22 | 63,
		.c = cache->sets - 1,
	};
}

/* Nothing keeps XGETBV from saying what the machine has switched on, nor XSAVE from
 * storing it: all of it, where AVX-512 or tiles are on that nobody here is told of.
 * Who makes room for XSAVE by EBX, as the C library does for the registers of a
 * call it resolves, so has room on every machine.  XSAVEC and XSAVEOPT are not
 * told, because machines of level 3 lack them; where the parts of AVX-512 lie is
 * not, because vendors differ. */
static struct cbx_cpuid state(uint32_t level, uint32_t sub)
{
	if (level < 3) {
		return (struct cbx_cpuid){ 0 };
	}
	if (sub == 0) {
		return (struct cbx_cpuid){ XCR0_SSE | XCR0_AVX,
			CBX_CPUID_STATE_BYTES, CBX_CPUID_STATE_BYTES, 0 };
	}
	return sub == 2 ? (struct cbx_cpuid){ CBX_CPUID_AVX_BYTES,
		CBX_CPUID_AVX_AT, 0, 0 }
			: (struct cbx_cpuid){ 0 };
}

static uint32_t word(const char text[4])
{
	uint32_t w = 0;

	for (uint32_t i = 4; i-- > 0;) {
		w = w << 8 | (uint8_t)text[i];
	}
	return w;
}

/* "x86-64-v3", and zeros. */
static struct cbx_cpuid name(uint32_t level)
{
	return (struct cbx_cpuid){ word("x86-"), word("64-v"), '0' + level, 0 };
}

struct cbx_cpuid cbx_cpuid_told(uint32_t level, uint32_t leaf, uint32_t sub)
{
	const struct cbx_cpuid_features f = cbx_cpuid_features(level);

	switch (leaf) {
	case 0:
		return (struct cbx_cpuid){ BASIC_LAST, word("Genu"),
			word("ntel"), word("ineI") };
	case 1:
		return (struct cbx_cpuid){ SIGNATURE, ONE_CPU, f.one_c,
			f.one_d };
	case 2:
		return (struct cbx_cpuid){ SEE_LEAF_4, 0, 0, 0 };
	case 4:
		return cache_of(sub);
	case 7:
		return (struct cbx_cpuid){ 0, sub == 0 ? f.seven_b : 0, 0, 0 };
	case 0xd:
		return state(level, sub);
	case 0x80000000u:
		return (struct cbx_cpuid){ MORE_LAST, 0, 0, 0 };
	case 0x80000001u:
		return (struct cbx_cpuid){ 0, 0, f.more_c, f.more_d };
	case 0x80000002u:
		return name(level);
	case 0x80000007u:
		return (struct cbx_cpuid){ 0, 0, 0, level < 2 ? 0 : STEADY };
	case MORE_LAST:
		return (struct cbx_cpuid){ ADDRESSES, 0, 0, 0 };
	default:
		return (struct cbx_cpuid){ 0 };
	}
}
