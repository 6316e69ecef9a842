// SPDX-License-Identifier: GPL-2.0-only
/* What a file has: pages and boxes, within limits. */
#include "confbox.h"

#include <linux/bitops.h>
#include <linux/mutex.h>
#include <linux/slab.h>

struct cbx_limits cbx_limits = { .boxes = 1024 };
struct cbx_counts cbx_counts;

void cbx_file_init(struct cbx_file *file, struct address_space *mapping)
{
	init_rwsem(&file->lock);
	INIT_LIST_HEAD(&file->ranges);
	xa_init(&file->boxes);
	file->mapping = mapping;
	atomic_long_inc(&cbx_counts.files);
}

static u64 left(unsigned long limit, u64 otherwise, u64 used)
{
	u64 most = limit ? limit : otherwise;

	return most > used ? most - used : 0;
}

/* What the limits allow.  Nobody holds what it says. */
static u64 allowed(u64 of_file)
{
	u64 memory = totalram_pages();
	u64 mine = left(READ_ONCE(cbx_limits.pages), memory / 2, of_file);
	u64 all = left(READ_ONCE(cbx_limits.all_pages), memory / 4 * 3,
		atomic_long_read(&cbx_counts.pages) +
			atomic_long_read(&cbx_counts.lost));

	return min(mine, all);
}

u64 cbx_file_most(struct cbx_file *file)
{
	return cbx_memory_most(allowed(READ_ONCE(file->page_count)));
}

/* One at a time counts, so that two do not pass a limit together. */
static DEFINE_MUTEX(account_lock);

static bool account(struct cbx_file *file, u64 count)
{
	bool fits;

	mutex_lock(&account_lock);
	fits = count <= allowed(file->page_count);
	if (fits) {
		file->page_count += count;
		atomic_long_add(count, &cbx_counts.pages);
	}
	mutex_unlock(&account_lock);
	return fits;
}

static void unaccount(struct cbx_file *file, u64 count)
{
	mutex_lock(&account_lock);
	file->page_count -= count;
	atomic_long_sub(count, &cbx_counts.pages);
	mutex_unlock(&account_lock);
}

static struct cbx_range *new_range(u64 count)
{
	struct cbx_range *range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);

	if (!range)
		return NULL;
	range->count = count;
	range->given = kvcalloc(BITS_TO_LONGS(count), sizeof(*range->given),
		GFP_KERNEL_ACCOUNT);
	if (range->given)
		return range;
	kfree(range);
	return NULL;
}

static void free_range(struct cbx_range *range)
{
	kvfree(range->given);
	kfree(range);
}

void cbx_range_free(struct cbx_file *file, struct cbx_range *range)
{
	unaccount(file, cbx_memory_cost(range->count));
	free_range(range);
}

static int fill_range(u64 count, struct cbx_range **range)
{
	struct cbx_range *fresh = new_range(count);
	int error;

	if (!fresh)
		return -ENOMEM;
	error = cbx_memory_take(count, &fresh->pfn);
	if (error)
		free_range(fresh);
	else
		*range = fresh;
	return error;
}

int cbx_range_take(struct cbx_file *file, u64 count, struct cbx_range **range)
{
	int error;

	if (count == 0)
		return -EINVAL;
	if (count > totalram_pages() || !account(file, cbx_memory_cost(count)))
		return -ENOMEM;
	error = fill_range(count, range);
	if (error)
		unaccount(file, cbx_memory_cost(count));
	return error;
}

void cbx_range_drop(struct cbx_file *file, struct cbx_range *range)
{
	cbx_memory_give(range->pfn, range->count);
	cbx_memory_give_guard(range->pfn);
	cbx_range_free(file, range);
}

void cbx_range_add(struct cbx_file *file, struct cbx_range *range)
{
	down_write(&file->lock);
	list_add(&range->link, &file->ranges);
	up_write(&file->lock);
}

struct cbx_range *cbx_range_find(
	const struct cbx_file *file, u64 pfn, u64 count)
{
	struct cbx_range *range;

	list_for_each_entry(range, &file->ranges, link) {
		u64 at = pfn - range->pfn;

		if (pfn >= range->pfn && at < range->count &&
			count <= range->count - at)
			return range;
	}
	return NULL;
}
