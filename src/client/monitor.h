/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One monitor: its process, the control socket, the host file.
 */
#ifndef CBX_CLIENT_MONITOR_H
#define CBX_CLIENT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <client/process.h>

struct cbx_monitor {
	struct cbx_process process;
	int control;	 /* socket */
	uint8_t *memory; /* the host file, page_count pages */
	uint64_t page_count;
	uint32_t cpu_count;
	uint64_t caps;
	uint64_t started_ns; /* CLOCK_MONOTONIC before it began */
};

/** What to start. */
struct cbx_monitor_start {
	uint64_t page_count;
	uint32_t cpu_count;
	bool log;
};

/**
 * Start a monitor and read its greeting.
 *
 * @param[out] monitor  untouched on failure
 *
 * @retval CBX_OK             it serves
 * @retval CBX_E_NOMEM        no memory, process or descriptor to be had
 * @retval CBX_E_UNSUPPORTED  another version of the wire
 * @retval CBX_E_HARDWARE     it could not be started, or ended
 */
CBX_CHECKED enum cbx_status cbx_monitor_start(
	const struct cbx_monitor_start *start, struct cbx_monitor *monitor);

/** End it: from now on every call on it fails.  The memory stays mapped. */
void cbx_monitor_stop(struct cbx_monitor *monitor);

/** Unmap the memory.  @pre stopped */
void cbx_monitor_fini(struct cbx_monitor *monitor);

/** The memory of a page.  @pre pfn < page_count */
void *cbx_monitor_page(const struct cbx_monitor *monitor, uint64_t pfn);

/** Drop the contents of host pages; they read as zeros after. */
void cbx_monitor_forget(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t count);

/** Record that the monitor ended, and how.  @return CBX_E_HARDWARE */
enum cbx_status cbx_monitor_gone(const struct cbx_monitor *monitor);

/**
 * Get a new CPU socket.  Calls on one monitor must not overlap.
 *
 * @param[out] fd  close-on-exec; the caller closes it
 *
 * @retval CBX_OK          it serves
 * @retval CBX_E_NOMEM     no CPU or descriptor is left
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_CHECKED enum cbx_status cbx_monitor_cpu(
	const struct cbx_monitor *monitor, int *fd);

#endif
