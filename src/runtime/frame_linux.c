/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "lib.h"

#define STATE_AT    224u /* struct ucontext: uc_mcontext.fpstate */
#define REGS_AT	    40u	 /* uc_mcontext */
#define CONTEXT	    304u
#define STATE_ALIGN 64u
#define LEGACY	    512u
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
