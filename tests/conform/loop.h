/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's loop: what the host does, and what it is answered. */
#ifndef CBX_TESTS_CONFORM_LOOP_H
#define CBX_TESTS_CONFORM_LOOP_H

#include "support/ask.h"
#include "support/machine.h"

#define LOOP_EVENTS_MAX 16u

/** What the host does on a CPU of its own, one after the other. */
struct loop_play {
	struct cbx_event event[LOOP_EVENTS_MAX];
	uint32_t count;
	struct cbx_reply reply[LOOP_EVENTS_MAX]; /* to each */
	bool answered[LOOP_EVENTS_MAX];
	bool crashed; /* what the loop said in the end (mock) */
};

/** Let the host do it, and then nothing more: the loop ends. */
void loop_run(struct loop_play *play);

/** Whether a host here asks for pages shared or private. */
bool loop_has_page_states(void);

/** A CALL event. */
#define loop_call(play, NAME, ...)             \
	loop_add_call((play), CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })
void loop_add_call(
	struct loop_play *play, uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);
void loop_add_page_state(
	struct loop_play *play, uint64_t pfn, uint64_t count, bool shared);

/** What only this backend has. */
extern const struct CMUnitTest loop_more[];
extern const size_t loop_more_count;

#endif
