/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that wait: of a standard one, one at most; of a real-time one all,
 * in the order they were sent.  Pure.
 */
#ifndef CBX_RUNTIME_SIGQUEUE_H
#define CBX_RUNTIME_SIGQUEUE_H

#include <base/types.h>

#include "linux_signal.h"

static inline uint64_t cbx_signal_bit(int signal)
{
	return 1ull << (signal - 1);
}

/** A signal that waits. */
struct cbx_signal_entry {
	struct cbx_signal_entry *next;
	struct lx_siginfo info;
	uint32_t sender; /* task that sent it, or 0 */
	/** Called instead of giving the entry to the heap, when it is taken
	 * (@p info can still be changed) or thrown away (@p info NULL). */
	void (*done)(struct cbx_signal_entry *entry, struct lx_siginfo *info);
};

/** All zero: empty. */
struct cbx_sigqueue {
	uint64_t pending; /* also those that found no memory for an entry */
	struct cbx_signal_entry *first;
	uint64_t count;
};

/** Append; what is there of a standard signal stays the only one.
 * @return false when it was that, and the entry was not queued */
CBX_MUST_CHECK bool cbx_sigqueue_add(
	struct cbx_sigqueue *queue, struct cbx_signal_entry *entry);

/** Make a signal pending of which nothing else is known. */
void cbx_sigqueue_mark(struct cbx_sigqueue *queue, int signal);

/** Take the oldest of a signal that is pending; NULL when nothing else is known
 * of it. */
struct cbx_signal_entry *cbx_sigqueue_take(
	struct cbx_sigqueue *queue, int signal);

/** Take any of a set, as long as there are: NULL when none has an entry; then
 * none of the set is pending. */
struct cbx_signal_entry *cbx_sigqueue_drop(
	struct cbx_sigqueue *queue, uint64_t set);

/** Take this one. @return false when it is not queued */
bool cbx_sigqueue_remove(
	struct cbx_sigqueue *queue, struct cbx_signal_entry *entry);

/** Which of a set, not empty, is delivered first: what an instruction did
 * wrong, then the lowest. */
int cbx_signal_first(uint64_t set);

#endif
