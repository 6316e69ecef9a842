/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/confbox (base/device.h, doc/driver.md): what an open file has, and what
 * is done with it.
 */
#ifndef CBX_DRIVER_CONFBOX_H
#define CBX_DRIVER_CONFBOX_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>

#include <base/device.h>

/** Pages in a row that a file took. */
struct cbx_range {
	struct list_head link;
	u64 pfn;
	u64 count;
	unsigned long *given; /* bit i: page pfn + i is the monitor's, as far as
			       * is known here
			       */
};

/** An open file: a service. */
struct cbx_file {
	struct list_head link; /* of all files; life.c's */
	struct rw_semaphore lock;
	struct address_space *mapping;
	u64 page_count;		 /* written by file.c's account alone */
	struct list_head ranges; /* only grows; guarded by lock, as all below */
	struct xarray boxes;	 /* by root: CPUs that were told IDLE and did
				  * not come back, a value
				  */
	u32 box_count;
};

/** Limits and counts of all files. */
struct cbx_limits {
	unsigned long pages;	 /* of one file; 0: half of the memory */
	unsigned long all_pages; /* of all; 0: three quarters of it */
	unsigned int boxes;	 /* of one file */
};
extern struct cbx_limits cbx_limits;

/** What there is of files, and what was lost. */
struct cbx_counts {
	atomic_long_t files;
	atomic_long_t pages;
	atomic_long_t boxes;
	atomic_long_t lost; /* pages that never go back to the kernel */
};
extern struct cbx_counts cbx_counts;

/**
 * Hear of the kernel's end and of hibernation, from now on.
 *
 * @return 0 or an error
 */
int cbx_life_begin(void);

/** No longer. */
void cbx_life_end(void);

/**
 * A file is opened, and has nothing.
 *
 * @return 0, -ESHUTDOWN the kernel ends, or is about to sleep on a disk
 */
int cbx_life_open(struct cbx_file *file, struct address_space *mapping);

/** It is closed: cbx_file_end(), unless the kernel's end was its end. */
void cbx_life_close(struct cbx_file *file);

/**
 * Use what files have, for a short time, and touch no memory of a user's: the kernel's
 * end waits.
 *
 * @param[out] use  for cbx_life_done(), which follows in any case
 *
 * @return whether they have anything still
 */
bool cbx_life_use(int *use) __acquires(users);
void cbx_life_done(int use) __releases(users);

/** Begin with nothing. */
void cbx_file_init(struct cbx_file *file, struct address_space *mapping);

/**
 * End it: boxes are killed and destroyed, pages given back to the kernel, or
 * lost where the monitor keeps them.
 *
 * @pre nobody else uses the file: no call, no mapping
 */
void cbx_file_end(struct cbx_file *file);

/** Whether the monitor says that a page is the host's. */
bool cbx_is_hosts(u64 pfn);

/** The pages one cbx_file_pages() may give. */
u64 cbx_file_most(struct cbx_file *file);

/**
 * Take pages for a file.  Counts against the limits.
 *
 * @param[out] range  of no file yet; zeros
 *
 * @return 0, -EINVAL no count, -ENOMEM none to be had, or more than the limits
 *         allow; -EINTR
 */
int cbx_range_take(struct cbx_file *file, u64 count, struct cbx_range **range);

/** Give it back unused, or add it to the file. */
void cbx_range_drop(struct cbx_file *file, struct cbx_range *range);
void cbx_range_add(struct cbx_file *file, struct cbx_range *range);

/** Forget it: its pages are given back, or lost. */
void cbx_range_free(struct cbx_file *file, struct cbx_range *range);

/** The range all of the pages are in, or NULL.  @lock file->lock, read */
struct cbx_range *cbx_range_find(
	const struct cbx_file *file, u64 pfn, u64 count);

/**
 * Whether a call names only pages and boxes of the file.
 *
 * @return 0, -EINVAL no call of a host's, -EPERM something is not the file's
 */
int cbx_names_check(struct cbx_file *file, const struct cbx_call *call);

/**
 * Make a call that was checked, for the thread that asks.
 *
 * @return as cbx_monitor_call(), or -ENOMEM
 */
int cbx_call_make(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply);

/** BOX_ENTER, again and again until there is something to say, a signal, or the
 * box may want another CPU.
 */
int cbx_enter(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply);

/** Map pages of the file. */
int cbx_map(struct cbx_file *file, struct vm_area_struct *vma);

/** Take pages out of all mappings.  @lock file->lock, written */
void cbx_map_close(struct cbx_file *file, u64 pfn, u64 count);

/**
 * Pages in a row, zero, from the kernel's allocator, and a guard in front of
 * them, which nobody uses.
 *
 * @param count  at most all of the machine's
 *
 * @return 0, -ENOMEM, -EINTR
 */
int cbx_memory_take(u64 count, u64 *pfn);

/** The pages it takes for as many. */
u64 cbx_memory_cost(u64 count);

/** Give pages back to it, of one row or all. */
void cbx_memory_give(u64 pfn, u64 count);

/** Give back the guard of the row that begins at @p pfn, when all of that is. */
void cbx_memory_give_guard(u64 pfn);

/** The pages in a row there may be; they cost at most @p wanted. */
u64 cbx_memory_most(u64 wanted);

#endif
