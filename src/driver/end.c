// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a file: whatever its service left is taken down.  A page is the
 * kernel's again when the monitor gives it back and it reads as zeros, or says that
 * it was the host's all the time; else it is lost, on purpose.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "confbox.h"
#include "monitor.h"

#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* What is busy is asked again: at once, then every few milliseconds, for about
 * a minute.  A template is busy while others borrow of it, so at first there is
 * less patience.
 */
#define TRIES_QUICK 200
#define TRIES_ALL   20000
#define PAUSE_US    2000

#define STATE_HOST  2u
#define CHECK_BYTES 256u

/* A kind of call that is made until it is done or fails. */
struct work {
	u64 id;
	u64 box; /* 0: none */
	unsigned int tries;
	enum cbx_status status; /* of the last call */
};

/* Pages that never go back to the kernel. */
struct lost {
	u64 kept; /* by the monitor */
	u64 dirty;
};

static bool is_worth(const struct work *work, unsigned int tries)
{
	if (work->status != CBX_E_BUSY || tries >= work->tries)
		return false;
	if (tries < TRIES_QUICK)
		cond_resched();
	else
		usleep_range(PAUSE_US, 2 * PAUSE_US);
	return true;
}

static void call_once(struct work *work, const struct cbx_call *call, u64 *done)
{
	struct cbx_reply reply;
	bool reached = cbx_monitor_call(call, &reply) == 0;

	work->status = reached ? (enum cbx_status)reply.status : CBX_E_HARDWARE;
	*done = reached ? reply.ret[0] : 0;
}

static enum cbx_status call_box(struct work *work)
{
	const struct cbx_call call = { .id = work->id, .arg = { work->box } };
	unsigned int tries = 0;
	u64 done;

	do
		call_once(work, &call, &done);
	while (is_worth(work, tries++));
	return work->status;
}

/* A range call, on as many pages a time as it takes.  @return pages done */
static u64 call_range(struct work *work, u64 pfn, u64 count)
{
	unsigned int tries = 0;
	u64 all = 0;
	u64 done, n;

	do {
		struct cbx_call call = { .id = work->id };
		u64 *arg = call.arg;

		n = min_t(u64, count - all, CBX_RANGE_PAGES_MAX);
		if (work->box)
			*arg++ = work->box;
		*arg++ = pfn + all;
		*arg = n;
		call_once(work, &call, &done);
		done = min(done, n);
		all += done;
		tries = done ? 0 : tries + 1;
	} while (all < count &&
		 (is_worth(work, tries) || (work->status == CBX_OK && done)));
	return all;
}

/* What the box has of pages that were given; its root goes last, by itself. */
static void reclaim_range(struct work *work, const struct cbx_range *range)
{
	u64 at = find_first_bit(range->given, range->count);

	while (at < range->count) {
		u64 end = find_next_zero_bit(range->given, range->count, at);

		at += call_range(work, range->pfn + at, end - at);
		if (at < end && work->status == CBX_E_BUSY)
			return;
		at = find_next_bit(
			range->given, range->count, at < end ? at + 1 : at);
	}
}

/* @return whether there is no such box any more */
static bool destroy(const struct cbx_file *file, u64 box, unsigned int tries)
{
	struct work work = { CBX_CALL_BOX_KILL, box, tries, CBX_OK };
	const struct cbx_range *range;

	if (call_box(&work) != CBX_OK)
		return false;
	work.id = CBX_CALL_BOX_RECLAIM;
	list_for_each_entry(range, &file->ranges, link) {
		reclaim_range(&work, range);
		if (work.status == CBX_E_BUSY)
			return false;
	}
	work.id = CBX_CALL_BOX_DESTROY;
	return call_box(&work) == CBX_OK;
}

/* @return whether any went */
static bool destroy_some(struct cbx_file *file, unsigned int tries)
{
	unsigned long box;
	bool any = false;
	void *entry;

	xa_for_each(&file->boxes, box, entry) {
		if (!destroy(file, box, tries))
			continue;
		xa_erase(&file->boxes, box);
		file->box_count--;
		atomic_long_dec(&cbx_counts.boxes);
		any = true;
	}
	return any;
}

static void destroy_all(struct cbx_file *file)
{
	while (destroy_some(file, TRIES_QUICK))
		;
	while (destroy_some(file, TRIES_ALL))
		;
}

/* Pages that are half on their way are given whole first.  @return how many came
 * back
 */
static u64 return_given(u64 pfn, u64 count)
{
	struct work give = { CBX_CALL_PAGE_DONATE, 0, TRIES_ALL, CBX_OK };
	struct work back = { CBX_CALL_PAGE_RETURN, 0, 0, CBX_OK };
	unsigned int tries = 0;
	u64 given;

	while ((given = call_range(&give, pfn, count)) != 0) {
		u64 done = call_range(&back, pfn, given);

		if (done != 0)
			return done;
		give.status = back.status;
		if (!is_worth(&give, tries++))
			break;
	}
	return 0;
}

bool cbx_is_hosts(u64 pfn)
{
	struct cbx_reply reply;

	return CBX_CALL(&reply, CBX_CALL_PAGE_QUERY, pfn) == 0 &&
	       reply.status == CBX_OK && reply.ret[0] == STATE_HOST;
}

/* A page that is not to be read after all is no reason to fall over. */
static bool is_zero(u64 pfn)
{
	const u8 *page = page_address(pfn_to_page(pfn));
	u8 part[CHECK_BYTES];
	u32 at;

	for (at = 0; at < CBX_PAGE_SIZE; at += sizeof(part)) {
		if (copy_from_kernel_nofault(part, page + at, sizeof(part)) ||
			memchr_inv(part, 0, sizeof(part)))
			return false;
	}
	return true;
}

/* Pages that the monitor gave back. */
static void free_clean(u64 pfn, u64 count, struct lost *lost)
{
	u64 i;

	for (i = 0; i < count; i++) {
		if (is_zero(pfn + i))
			cbx_memory_give(pfn + i, 1);
		else
			lost->dirty++;
		cond_resched();
	}
}

/* A page that the monitor neither gives back nor takes.  A donation that is BUSY
 * counts for pages it did not come to, and each return is noted: one that is the
 * host's never left, and has its service's bytes, as those that were not given.
 */
static void free_refused(u64 pfn, struct lost *lost)
{
	if (cbx_is_hosts(pfn))
		cbx_memory_give(pfn, 1);
	else
		lost->kept++;
}

/* Pages that the monitor has.  It is asked about those alone that it does not say
 * it gives back.
 */
static void take_back(u64 pfn, u64 count, struct lost *lost)
{
	struct work back = { CBX_CALL_PAGE_RETURN, 0, 0, CBX_OK };
	u64 at = 0;

	while (at < count) {
		u64 done = call_range(&back, pfn + at, count - at);

		if (done == 0)
			done = return_given(pfn + at, count - at);
		if (done != 0)
			free_clean(pfn + at, done, lost);
		else
			free_refused(pfn + at, lost);
		at += max_t(u64, done, 1);
	}
}

/* The guard stays where something is left to guard. */
static void give_back(const struct cbx_range *range, struct lost *all)
{
	struct lost lost = { 0, 0 };
	u64 at, end;

	for (at = 0; at < range->count; at = end) {
		if (test_bit(at, range->given)) {
			end = find_next_zero_bit(
				range->given, range->count, at);
			take_back(range->pfn + at, end - at, &lost);
		} else {
			end = find_next_bit(range->given, range->count, at);
			cbx_memory_give(range->pfn + at, end - at);
		}
	}
	if (lost.kept + lost.dirty == 0)
		cbx_memory_give_guard(range->pfn);
	all->kept += lost.kept;
	all->dirty += lost.dirty;
}

/* With a box there are things of this file's left to know. */
static void tell_lost(const struct cbx_file *file, const struct lost *lost)
{
	u64 all = lost->kept + lost->dirty;

	if (file->box_count != 0) {
		pr_err("%u boxes stay; this module stays for them\n",
			file->box_count);
		__module_get(THIS_MODULE);
	}
	if (all != 0) {
		pr_err("%llu pages are lost: %llu kept, %llu not clean\n", all,
			lost->kept, lost->dirty);
		atomic_long_add(all, &cbx_counts.lost);
	}
}

void cbx_file_end(struct cbx_file *file)
{
	struct cbx_range *range, *next;
	struct lost lost = { 0, 0 };

	destroy_all(file);
	list_for_each_entry_safe(range, next, &file->ranges, link) {
		give_back(range, &lost);
		cbx_range_free(file, range);
	}
	tell_lost(file, &lost);
	xa_destroy(&file->boxes);
	atomic_long_dec(&cbx_counts.files);
}
