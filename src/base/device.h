/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * /dev/confbox: what a service and the host kernel under it say to each other
 * on backends whose monitor sits below that kernel.
 *
 * A file opened for reading and writing is one service.  What it took is given
 * back when it is closed: boxes are killed and destroyed, pages returned.
 *
 *   ioctl CBX_DEVICE_INFO   what there is
 *   ioctl CBX_DEVICE_PAGES  pages for this file, zero
 *   ioctl CBX_DEVICE_CALL   a host gate call, on this CPU: BOX_ENTER lends it to
 *                           the box, and comes back INTERRUPTED some times a
 *                           second
 *   mmap                    pages of this file: the offset is that of the page
 *                           in memory, pfn * CBX_PAGE_SIZE
 *
 * A mapped page that the host may not touch any more, because a box has it,
 * raises SIGBUS or SIGSEGV when it is touched.
 *
 * Pages and boxes that a call names are this file's own; else its status is
 * CBX_E_OWNER.
 *
 * Errors: ENOTTY another request, EINVAL a field out of range, ENOMEM no pages
 * to be had, EFAULT an address that is not the caller's, EINTR a signal, EIO the
 * monitor cannot be reached.
 */
#ifndef CBX_BASE_DEVICE_H
#define CBX_BASE_DEVICE_H

#include <confbox/abi.h>

#define CBX_DEVICE_PATH	   "/dev/confbox"
#define CBX_DEVICE_VERSION 1u

/** What there is. */
struct cbx_device_info {
	uint32_t version; /* CBX_DEVICE_VERSION */
	uint32_t cpu_count;
	uint64_t free_pages; /* that one CBX_DEVICE_PAGES may give */
	uint64_t age_ns;     /* since the monitor began, or less; 0: unknown */
};

/** Pages in a row. */
struct cbx_device_pages {
	uint64_t count; /* in: how many */
	uint64_t pfn;	/* out: the first */
};

/** One gate call; its id is one of gate.def that a host may make. */
struct cbx_device_call {
	struct cbx_call call;
	struct cbx_reply reply; /* out */
};

CBX_AT(0x00, 4, cbx_device_info, version);
CBX_AT(0x04, 4, cbx_device_info, cpu_count);
CBX_AT(0x08, 8, cbx_device_info, free_pages);
CBX_AT(0x10, 8, cbx_device_info, age_ns);
CBX_SIZE(0x18, cbx_device_info);

CBX_AT(0x00, 8, cbx_device_pages, count);
CBX_AT(0x08, 8, cbx_device_pages, pfn);
CBX_SIZE(0x10, cbx_device_pages);

/** Linux's encoding: direction (1 in, 2 out), size, type, number. */
#define CBX_DEVICE_IOCTL(direction, number, type)                            \
	((direction) << 30 | (unsigned int)sizeof(type) << 16 | 0xcbu << 8 | \
		(number))
#define CBX_DEVICE_INFO	 CBX_DEVICE_IOCTL(2u, 1u, struct cbx_device_info)
#define CBX_DEVICE_PAGES CBX_DEVICE_IOCTL(3u, 2u, struct cbx_device_pages)
#define CBX_DEVICE_CALL	 CBX_DEVICE_IOCTL(3u, 3u, struct cbx_device_call)

#endif
