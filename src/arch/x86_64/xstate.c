/* SPDX-License-Identifier: Apache-2.0 */
/* x87 and vector registers.  The monitor uses none of them. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <arch/x86_64/vcpu.h>
#include <base/string.h>
#include <hal/hal.h>

#define LEAF_XSTATE 13u

/* XCR0 and IA32 names: x87, SSE, AVX, and the three parts of AVX-512. */
#define X87_SSE 0x03ull
#define AVX	0x04ull
#define AVX512	0xe0ull

#define MXCSR_AT    24u
#define MXCSR_RESET 0x1f80u

static uint64_t features;
static uint64_t bytes;

/* No component in it: each gets its initial value; MXCSR is always loaded. */
static const struct {
	uint8_t byte[512 + 64];
} __attribute__((aligned(CBX_XSTATE_ALIGN))) initial = {
	.byte = {
		[MXCSR_AT] = MXCSR_RESET & 0xff,
		[MXCSR_AT + 1] = MXCSR_RESET >> 8,
	},
};

/* Bytes the components that are enabled take, as the CPU says. */
static uint64_t enable(uint64_t wanted)
{
	cbx_x86_xcr0_write(wanted);
	return cbx_x86_cpuid(LEAF_XSTATE, 0).ebx;
}

void cbx_x86_xstate_init(void)
{
	uint64_t there = cbx_x86_cpuid(LEAF_XSTATE, 0).eax;
	uint64_t wanted = X87_SSE;

	if ((there & AVX) != 0) {
		wanted |= AVX;
	}
	if ((there & AVX) != 0 && (there & AVX512) == AVX512) {
		wanted |= AVX512;
	}
	if (enable(wanted) > CBX_XSTATE_BYTES_MAX) {
		wanted &= ~AVX512;
	}
	features = wanted;
	bytes = enable(wanted);
	if (bytes > CBX_XSTATE_BYTES_MAX) {
		cbx_hal_panic("extended state too wide", __FILE__, __LINE__);
	}
}

uint64_t cbx_x86_xstate_bytes(void)
{
	return bytes;
}

uint64_t cbx_x86_xstate_features(void)
{
	return features;
}

void *cbx_x86_xstate(struct cbx_x86_vcpu *v)
{
	uintptr_t at = (uintptr_t)v->xstate;

	at = (at + CBX_XSTATE_ALIGN - 1) & ~(uintptr_t)(CBX_XSTATE_ALIGN - 1);
	return (void *)at;
}

void cbx_x86_xstate_reset(struct cbx_x86_vcpu *v)
{
	memset(v->xstate, 0, sizeof(v->xstate));
	memcpy(cbx_x86_xstate(v), &initial, sizeof(initial));
}

void cbx_x86_xstate_load(struct cbx_x86_vcpu *v)
{
	cbx_x86_xrstor(cbx_x86_xstate(v));
}

void cbx_x86_xstate_save(struct cbx_x86_vcpu *v)
{
	cbx_x86_xsave(cbx_x86_xstate(v));
	cbx_x86_xrstor(&initial);
}
