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
uint64_t cbx_x86_xstate_bytes;

/* Linux's words in the reserved bytes of the legacy area. */
#define WORDS_AT 464u
#define MAGIC1	 0x46505853u

struct words {
	uint32_t magic;
	uint32_t extended_bytes;
	uint64_t features;
	uint32_t state_bytes;
	uint32_t pad[7];
};
CBX_SIZE(48, words);

/* No component in it: each gets its initial value; MXCSR is always loaded. */
const struct cbx_x86_initial cbx_x86_initial
	__attribute__((aligned(CBX_XSTATE_ALIGN))) = {
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
	cbx_x86_xstate_bytes = enable(wanted);
	if (cbx_x86_xstate_bytes > CBX_XSTATE_BYTES_MAX) {
		cbx_hal_panic("extended state too wide", __FILE__, __LINE__);
	}
}

void cbx_x86_xstate_reset(struct cbx_x86_vcpu *v)
{
	uint8_t *state = cbx_x86_xstate(v);
	const struct words words = {
		.magic = MAGIC1,
		.extended_bytes = (uint32_t)cbx_x86_xstate_bytes +
				  (uint32_t)sizeof(uint32_t),
		.features = features,
		.state_bytes = (uint32_t)cbx_x86_xstate_bytes,
	};

	memset(v->xstate, 0, sizeof(v->xstate));
	memcpy(state, &cbx_x86_initial, sizeof(cbx_x86_initial));
	memcpy(state + WORDS_AT, &words, sizeof(words));
}
