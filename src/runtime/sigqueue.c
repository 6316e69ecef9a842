/* SPDX-License-Identifier: Apache-2.0 */
#include "sigqueue.h"

static bool is_realtime(int signal)
{
	return signal >= LX_SIGRTMIN;
}

bool cbx_sigqueue_add(
	struct cbx_sigqueue *queue, struct cbx_signal_entry *entry)
{
	uint64_t bit = cbx_signal_bit(entry->info.signo);
	struct cbx_signal_entry **end = &queue->first;

	if (!is_realtime(entry->info.signo) && (queue->pending & bit) != 0) {
		return false;
	}
	while (*end != NULL) {
		end = &(*end)->next;
	}
	entry->next = NULL;
	*end = entry;
	queue->pending |= bit;
	queue->count++;
	return true;
}

void cbx_sigqueue_mark(struct cbx_sigqueue *queue, int signal)
{
	queue->pending |= cbx_signal_bit(signal);
}

static struct cbx_signal_entry *unlink(
	struct cbx_sigqueue *queue, struct cbx_signal_entry **at)
{
	struct cbx_signal_entry *entry = *at;

	*at = entry->next;
	entry->next = NULL;
	queue->count--;
	return entry;
}

static struct cbx_signal_entry **find(
	struct cbx_signal_entry **from, uint64_t set)
{
	while (*from != NULL &&
		(cbx_signal_bit((*from)->info.signo) & set) == 0) {
		from = &(*from)->next;
	}
	return from;
}

struct cbx_signal_entry *cbx_sigqueue_take(
	struct cbx_sigqueue *queue, int signal)
{
	uint64_t bit = cbx_signal_bit(signal);
	struct cbx_signal_entry **at = find(&queue->first, bit);
	struct cbx_signal_entry *entry = NULL;

	if (*at != NULL) {
		entry = unlink(queue, at);
		at = find(at, bit);
	}
	if (*at == NULL) {
		queue->pending &= ~bit;
	}
	return entry;
}

struct cbx_signal_entry *cbx_sigqueue_drop(
	struct cbx_sigqueue *queue, uint64_t set)
{
	struct cbx_signal_entry **at = find(&queue->first, set);

	if (*at == NULL) {
		queue->pending &= ~set;
		return NULL;
	}
	return unlink(queue, at);
}

bool cbx_sigqueue_remove(
	struct cbx_sigqueue *queue, struct cbx_signal_entry *entry)
{
	struct cbx_signal_entry **at = &queue->first;
	uint64_t bit = cbx_signal_bit(entry->info.signo);

	while (*at != NULL && *at != entry) {
		at = &(*at)->next;
	}
	if (*at == NULL) {
		return false;
	}
	unlink(queue, at);
	if (*find(&queue->first, bit) == NULL) {
		queue->pending &= ~bit;
	}
	return true;
}

int cbx_signal_first(uint64_t set)
{
	uint64_t faults =
		cbx_signal_bit(LX_SIGILL) | cbx_signal_bit(LX_SIGTRAP) |
		cbx_signal_bit(LX_SIGBUS) | cbx_signal_bit(LX_SIGFPE) |
		cbx_signal_bit(LX_SIGSEGV) | cbx_signal_bit(LX_SIGSYS);

	if ((set & faults) != 0) {
		set &= faults;
	}
	return __builtin_ctzll(set) + 1;
}
