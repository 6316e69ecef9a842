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

#define CR4_COUNTER_OFF 0x4ull

/* Rights by user key as a program on Linux has them: what lies behind any key
 * but 0, such as text nobody reads, is out of reach. */
#define PKRU_START 0x55555554u

#define MXCSR_AT    24u
#define MXCSR_RESET 0x1f80u

static uint64_t features;
bool cbx_x86_user_keys;
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
	if (features != 0 &&
		(features != wanted ||
			cbx_x86_user_keys != cbx_x86_has_user_keys())) {
		cbx_hal_panic("CPUs that differ", __FILE__, __LINE__);
	}
	features = wanted;
	cbx_x86_user_keys = cbx_x86_has_user_keys();
	cbx_x86_xstate_bytes = enable(wanted);
	if (cbx_x86_xstate_bytes > CBX_XSTATE_BYTES_MAX) {
		cbx_hal_panic("extended state too wide", __FILE__, __LINE__);
	}
}

uint64_t cbx_x86_caps(void)
{
	return CBX_CAP_FEATURES |
	       (cbx_x86_user_keys ? CBX_CAP_BOX_EXECUTE_ONLY : 0);
}

static bool may_use(const struct cbx_x86_vcpu *v, uint32_t feature)
{
	return !cbx_x86_lists_features(v) ||
	       (v->flags >> CBX_SPACE_FEATURES_SHIFT & feature) != 0;
}

/* The components of extended state the context may use. */
static uint64_t allowed(const struct cbx_x86_vcpu *v)
{
	if (!may_use(v, CBX_FEATURE_AVX)) {
		return X87_SSE;
	}
	return may_use(v, CBX_FEATURE_AVX512) ? features : features & ~AVX512;
}

uint64_t cbx_x86_features_begin(const struct cbx_x86_vcpu *v)
{
	uint64_t cr4 = cbx_x86_cr4();

	cbx_x86_xcr0_write(allowed(v));
	if (!may_use(v, CBX_FEATURE_COUNTER)) {
		cbx_x86_cr4_write(cr4 | CR4_COUNTER_OFF);
	}
	return cr4;
}

void cbx_x86_features_end(uint64_t before)
{
	cbx_x86_xcr0_write(features);
	cbx_x86_cr4_write(before);
}

void cbx_x86_xstate_reset(struct cbx_x86_vcpu *v)
{
	uint8_t *state = cbx_x86_xstate(v);
	const struct words words = {
		.magic = MAGIC1,
		.extended_bytes = (uint32_t)cbx_x86_xstate_bytes +
				  (uint32_t)sizeof(uint32_t),
		.features = allowed(v),
		.state_bytes = (uint32_t)cbx_x86_xstate_bytes,
	};

	memset(v->xstate, 0, sizeof(v->xstate));
	memcpy(state, &cbx_x86_initial, sizeof(cbx_x86_initial));
	memcpy(state + WORDS_AT, &words, sizeof(words));
	v->pkru = PKRU_START;
}
