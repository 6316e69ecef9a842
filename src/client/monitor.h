/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One monitor, and the way to it: its process and a socket (socket.c), or the
 * device of the kernel above it (device.c).
 */
#ifndef CBX_CLIENT_MONITOR_H
#define CBX_CLIENT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <client/pool.h>
#include <client/process.h>

struct cbx_monitor {
	const struct cbx_transport *by;
	struct cbx_process process; /* the device has none: -1 */
	int control;		    /* socket or device; -1: stopped */
	uint8_t *memory;	    /* pages host.pfn on, mapped */
	struct cbx_extent host;	    /* pages that may be the host's */
	bool searched; /* some of them are the monitor's: ask which */
	uint32_t cpu_count;
	uint64_t started_ns; /* CLOCK_MONOTONIC before it began */
};

/** What to start. */
struct cbx_monitor_start {
	uint64_t page_count; /* for boxes; 0: what is usual, or what there
			      * is */
	uint32_t cpu_count;
	bool log;
};

/** A host CPU: a way for one call at a time. */
struct cbx_lane {
	int fd;		      /* a socket's; the device needs none: -1 */
	struct cbx_call call; /* the device's: sent, not answered yet */
};

/**
 * A way to a monitor; the functions below say what each entry does.
 */
struct cbx_transport {
	enum cbx_status (*start)(const struct cbx_monitor_start *start,
		struct cbx_monitor *monitor);
	void (*stop)(struct cbx_monitor *monitor);
	void (*forget)(const struct cbx_monitor *monitor, uint64_t pfn,
		uint64_t count);
	enum cbx_status (*gone)(const struct cbx_monitor *monitor);
	enum cbx_status (*open)(
		const struct cbx_monitor *monitor, struct cbx_lane *lane);
	bool (*send)(const struct cbx_monitor *monitor, struct cbx_lane *lane,
		const struct cbx_call *call);
	bool (*wait)(const struct cbx_lane *lane, int ms);
	bool (*receive)(const struct cbx_monitor *monitor,
		struct cbx_lane *lane, struct cbx_reply *reply);
};
extern const struct cbx_transport cbx_transport_device;

/** What serves where there is no device: the socket, or, in a library for
 * machines that have one (alone.c), nothing. */
extern const struct cbx_transport *const cbx_transport_other;

/**
 * Reach the monitor: through the device where there is one, else start one.
 *
 * @param[out] monitor  untouched on failure
 *
 * @retval CBX_OK             it serves
 * @retval CBX_E_NOMEM        no memory, process or descriptor to be had, or
 *                            more pages wanted than there are
 * @retval CBX_E_UNSUPPORTED  another version of the wire or the device, or no
 *                            device and nothing else to try
 * @retval CBX_E_HARDWARE     it could not be started or reached, or ended
 */
CBX_CHECKED enum cbx_status cbx_monitor_start(
	const struct cbx_monitor_start *start, struct cbx_monitor *monitor);

/** End it, or leave it: from now on every call on it fails.  The memory stays
 * mapped. */
void cbx_monitor_stop(struct cbx_monitor *monitor);

/** Unmap the memory.  @pre stopped */
void cbx_monitor_fini(struct cbx_monitor *monitor);

/** The memory of a page.  @pre one of monitor->host */
void *cbx_monitor_page(const struct cbx_monitor *monitor, uint64_t pfn);

/** Drop the contents of host pages; they read as zeros after. */
void cbx_monitor_forget(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t count);

/** Record that the monitor ended, and how.  @return CBX_E_HARDWARE */
enum cbx_status cbx_monitor_gone(const struct cbx_monitor *monitor);

/** As cbx_fail_call, of a call that may take a process or a thread: a monitor
 * that is a process has no other hardware to be refused by. */
enum cbx_status cbx_monitor_refused(const struct cbx_monitor *monitor,
	enum cbx_status status, uint64_t reply_status, const char *what);

/**
 * Get a new lane.  Calls on one monitor must not overlap.
 *
 * @param[out] lane  its descriptor is close-on-exec; the caller closes it
 *
 * @retval CBX_OK          it serves
 * @retval CBX_E_NOMEM     no CPU or descriptor is left
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_CHECKED enum cbx_status cbx_monitor_open(
	const struct cbx_monitor *monitor, struct cbx_lane *lane);

/** Close a lane. */
void cbx_lane_close(struct cbx_lane *lane);

#endif
