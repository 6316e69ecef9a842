/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "lib.h"

#define STATE_AT    224u /* struct ucontext: uc_mcontext.fpstate */
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
