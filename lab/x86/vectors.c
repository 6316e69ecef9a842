/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "asm.h"
#include "say.h"

#define X87  0x1ull
#define SSE  0x2ull
#define AVX  0x4ull
#define PKRU 0x200ull
_Static_assert(LAB_VECTORS == (X87 | SSE | AVX | PKRU), "what is kept");

#define LEAF_XSAVE   0xd
#define PKRU_FEATURE 9

#define MSR_TSC_AUX  0xc0000103
#define MXCSR_MASK   0xffffu
#define XSAVE_TAGS   4
#define XSAVE_X87    32
#define XSAVE_HEADER 512

/* Where XSAVE's area has what a VMSA has elsewhere. */
static const struct {
	uint16_t area, save, bytes;
} fields[] = {
	{ 0, offsetof(struct lab_save, x87_fcw), 2 },
	{ 2, offsetof(struct lab_save, x87_fsw), 2 },
	{ 6, offsetof(struct lab_save, x87_fop), 2 },
	{ 8, offsetof(struct lab_save, x87_rip), 8 },
	{ 16, offsetof(struct lab_save, x87_dp), 8 },
	{ 24, offsetof(struct lab_save, mxcsr), 4 },
	{ 160, offsetof(struct lab_save, xmm), 256 },
	{ 576, offsetof(struct lab_save, ymm_high), 256 },
};

static uint8_t area[4096]
	__attribute__((aligned(64))); /* of who has the lock */

static uint64_t features(void)
{
	return lab_cpuid(LEAF_XSAVE, 0).eax & LAB_VECTORS;
}

bool lab_vectors_valid(const struct lab_save *save)
{
	uint64_t xcr0 = save->xcr0;

	return (xcr0 & X87) != 0 && (xcr0 & ~features()) == 0 &&
	       ((xcr0 & AVX) == 0 || (xcr0 & SSE) != 0) &&
	       (save->mxcsr & ~MXCSR_MASK) == 0;
}

/* A bit a register that is not empty, as XSAVE has it, of two bits. */
static uint8_t tags_short(uint16_t tags)
{
	uint8_t is_full = 0;

	for (int i = 0; i < 8; i++) {
		is_full |= (uint8_t)(((tags >> 2 * i & 3) != 3) << i);
	}
	return is_full;
}

static uint16_t tags_long(uint8_t is_full)
{
	uint16_t tags = 0;

	for (int i = 0; i < 8; i++) {
		tags |= (uint16_t)((is_full >> i & 1 ? 0 : 3) << 2 * i);
	}
	return tags;
}

void lab_vectors_load(const struct lab_save *save)
{
	const uint8_t *from = (const uint8_t *)save;
	uint64_t all = features();

	memset(area, 0, sizeof(area));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		memcpy(area + fields[i].area, from + fields[i].save,
			fields[i].bytes);
	}
	for (int i = 0; i < 8; i++) {
		memcpy(area + XSAVE_X87 + 16 * i, save->st[i], 10);
	}
	area[XSAVE_TAGS] = tags_short(save->x87_ftw);
	if ((all & PKRU) != 0) {
		memcpy(area + lab_cpuid(LEAF_XSAVE, PKRU_FEATURE).ebx,
			&save->pkru, sizeof(save->pkru));
	}
	memcpy(area + XSAVE_HEADER, &all, sizeof(all));
	lab_xcr0_write(all);
	lab_xrstor(area);
	lab_xcr0_write(save->xcr0);
	lab_wrmsr(MSR_TSC_AUX, save->tsc_aux);
}

void lab_vectors_store(struct lab_save *save)
{
	uint8_t *to = (uint8_t *)save;
	uint64_t all = features();

	save->xcr0 = lab_xcr0();
	save->tsc_aux = (uint32_t)lab_rdmsr(MSR_TSC_AUX);
	lab_xcr0_write(all);
	memset(area, 0, sizeof(area));
	lab_xsave(area);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		memcpy(to + fields[i].save, area + fields[i].area,
			fields[i].bytes);
	}
	for (int i = 0; i < 8; i++) {
		memcpy(save->st[i], area + XSAVE_X87 + 16 * i, 10);
	}
	save->x87_ftw = tags_long(area[XSAVE_TAGS]);
	if ((all & PKRU) != 0) {
		memcpy(&save->pkru,
			area + lab_cpuid(LEAF_XSAVE, PKRU_FEATURE).ebx,
			sizeof(save->pkru));
	}
}
