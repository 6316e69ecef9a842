/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "lib.h"
#include "user.h"

#define STATE_AT    224u /* struct ucontext: uc_mcontext.fpstate */
#define REGS_AT	    40u	 /* uc_mcontext */
#define CONTEXT	    304u
#define STATE_ALIGN 64u
#define LEGACY	    512u
#define TRAP_AT	    192u /* uc_mcontext.err and what follows */
#define MXCSR_AT    24u
#define MXCSR_BITS  0xffffu
#define EXCEPTIONS  0x3fu
#define HEADER	    64u	 /* of the extended state, after the legacy area */
#define WORDS_AT    464u /* in the legacy area: the kernel's words */
#define WORDS_MAGIC 0x46505853u

struct words {
	uint32_t magic;
	uint32_t extended_bytes; /* of the state and its trailer */
	uint64_t features;
	uint32_t state_bytes;
	uint32_t pad[7];
};

void *cbx_frame_state(void *frame, uint64_t *bytes)
{
	uint8_t *state;
	struct words words;

	memcpy(&state, (uint8_t *)frame + STATE_AT, sizeof(state));
	memcpy(&words, state + WORDS_AT, sizeof(words));
	*bytes = words.magic == WORDS_MAGIC ? words.extended_bytes : LEGACY;
	return state;
}

struct cbx_regs *cbx_frame_regs(void *frame)
{
	return (struct cbx_regs *)(void *)((uint8_t *)frame + REGS_AT);
}

uint64_t cbx_frame_bytes(void *frame)
{
	uint64_t bytes;

	cbx_frame_state(frame, &bytes);
	return CONTEXT + bytes + 2 * STATE_ALIGN;
}

void *cbx_frame_copy(void *frame, uint64_t top)
{
	uint64_t bytes;
	const void *state = cbx_frame_state(frame, &bytes);
	uint64_t state_at = (top - bytes) & ~(uint64_t)(STATE_ALIGN - 1);
	uint8_t *copy = (uint8_t *)((state_at - CONTEXT) & ~15ull);

	memcpy(copy, frame, CONTEXT);
	memcpy(copy + STATE_AT, &state_at, sizeof(state_at));
	memcpy((void *)state_at, state, bytes);
	return copy;
}

void cbx_frame_reset(void *frame)
{
	uint64_t bytes;
	uint8_t *state = cbx_frame_state(frame, &bytes);
	const uint16_t control = 0x37f; /* x87: every exception masked */
	const uint32_t mxcsr = 0x1f80;	/* the same of SSE */

	if (bytes > LEGACY) {
		/* no component is in the state: each begins anew */
		memset(state + LEGACY, 0, 8);
	}
	memset(state + 32, 0, 128 + 256);
	memset(state, 0, 24);
	memcpy(state, &control, sizeof(control));
	memcpy(state + 24, &mxcsr, sizeof(mxcsr));
}

struct cbx_frame_trap cbx_frame_trap(const void *frame)
{
	struct cbx_frame_trap trap;

	memcpy(&trap, (const uint8_t *)frame + TRAP_AT, sizeof(trap));
	return trap;
}

/* Of what a program wrote, only what can be loaded; the words say what. */
static void mend(uint8_t *state, uint64_t bytes, const struct words *words)
{
	uint64_t features;
	uint32_t mxcsr;

	memcpy(&mxcsr, state + MXCSR_AT, sizeof(mxcsr));
	mxcsr &= MXCSR_BITS;
	memcpy(state + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	memcpy(state + WORDS_AT, words, sizeof(*words));
	if (bytes > LEGACY) {
		memcpy(&features, state + LEGACY, sizeof(features));
		features &= words->features;
		memset(state + LEGACY, 0, HEADER);
		memcpy(state + LEGACY, &features, sizeof(features));
	}
}

bool cbx_frame_load(void *frame, uint64_t va)
{
	uint64_t bytes;
	uint8_t *state = cbx_frame_state(frame, &bytes);
	struct words words;

	memcpy(&words, state + WORDS_AT, sizeof(words));
	if (cbx_user_get(state, va, bytes) == 0) {
		mend(state, bytes, &words);
		return true;
	}
	memcpy(state + WORDS_AT, &words, sizeof(words));
	if (bytes > LEGACY) {
		memset(state + LEGACY, 0, HEADER);
	}
	cbx_frame_reset(frame);
	return false;
}

uint32_t cbx_frame_exceptions(void *frame)
{
	uint64_t bytes;
	const uint8_t *state = cbx_frame_state(frame, &bytes);
	uint32_t mxcsr;
	uint16_t control;
	uint16_t status;

	memcpy(&mxcsr, state + MXCSR_AT, sizeof(mxcsr));
	memcpy(&control, state, sizeof(control));
	memcpy(&status, state + 2, sizeof(status));
	mxcsr = mxcsr & ~(mxcsr >> 7) & EXCEPTIONS;
	return mxcsr != 0 ? mxcsr : status & ~(uint32_t)control & EXCEPTIONS;
}
