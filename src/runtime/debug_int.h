/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of debug.h: who runs, what was asked, packets. */
#ifndef CBX_RUNTIME_DEBUG_INT_H
#define CBX_RUNTIME_DEBUG_INT_H

#include "debug.h"

/** Bytes of a packet's content, without a zero at its end. */
#define CBX_DEBUG_PACKET 4000u

/** What the debugger wants after a packet. */
enum cbx_debug_go {
	CBX_DEBUG_STAY,
	CBX_DEBUG_RUN,	  /* go on */
	CBX_DEBUG_DETACH, /* go on for good */
	CBX_DEBUG_KILL,
};

/** How the box goes on. */
struct cbx_debug_run {
	struct cbx_task *only; /* NULL: every task */
	struct cbx_task *step; /* it stops after one instruction; or NULL */
	int32_t signal;	       /* the stopped task gets; 0: none */
};

/** A packet that is being made. */
struct cbx_debug_text {
	uint64_t bytes;
	char at[CBX_DEBUG_PACKET];
};

void cbx_debug_put(struct cbx_debug_text *text, const char *what);
void cbx_debug_put_hex(struct cbx_debug_text *text, uint64_t number);
/** Bytes as pairs of digits, in their order; what does not fit is left. */
void cbx_debug_put_bytes(
	struct cbx_debug_text *text, const void *from, uint64_t bytes);

/** A number at *at, which moves past it. */
uint64_t cbx_debug_number(const char **at);
/** Pairs of digits. @return how many bytes there were, at most @p most */
uint64_t cbx_debug_bytes(const char **at, void *to, uint64_t most);
/** Whether @p text begins with @p word; then *text moves past it. */
bool cbx_debug_word(const char **text, const char *word);

/** Serve a packet.
 * @param[out] answer  what to answer, if the box does not go on
 * @param[out] run     if it does */
enum cbx_debug_go cbx_debug_command(const char *packet,
	struct cbx_debug_text *answer, struct cbx_debug_run *run);

/** Say why @p task stopped. */
void cbx_debug_reason(struct cbx_debug_text *text, const struct cbx_task *task,
	int32_t signal);

/** Forget what the last answer showed. */
void cbx_debug_stopped(struct cbx_task *task, int32_t signal);

/** Registers of a task, in gdb's order, and memory: debug_state.c. */
void cbx_debug_put_registers(
	struct cbx_debug_text *text, const struct cbx_task *task);
bool cbx_debug_set_registers(const struct cbx_task *task, const char *hex);
bool cbx_debug_set_register(
	const struct cbx_task *task, uint64_t number, const char *hex);
void cbx_debug_put_memory(
	struct cbx_debug_text *text, uint64_t va, uint64_t bytes);
bool cbx_debug_set_memory(uint64_t va, uint64_t bytes, const char *hex);

/** Send a packet and wait for the next one, as a string; NULL when there is
 * no debugger any more: debug_packet.c. */
const char *cbx_debug_exchange(const struct cbx_debug_text *text);
/** Send one that has no answer, and wait until it is acknowledged: the box may be
 * gone soon. */
void cbx_debug_send(const struct cbx_debug_text *text);
/** Whether the debugger wants the box to stop, or (*gone) is gone. */
bool cbx_debug_interrupted(bool *gone);

#endif
