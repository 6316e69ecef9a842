/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The monitor below this kernel: one file a backend (call_snp.c) knows the
 * instruction that reaches it.
 */
#ifndef CBX_DRIVER_MONITOR_H
#define CBX_DRIVER_MONITOR_H

#include <base/device.h>

/**
 * Find the monitor.
 *
 * @return 0, or why there is none, after a line that says so: -ENODEV, -EINVAL,
 *         -ENOMEM
 */
int cbx_monitor_begin(void);

/** Forget it.  Nobody calls it any more. */
void cbx_monitor_end(void);

/**
 * A gate call, from whichever CPU this is.
 *
 * @param      call   goes as it is: whoever asked was checked
 * @param[out] reply  on success
 *
 * @return 0, or -EIO the monitor cannot be reached; then nothing was done
 */
int cbx_monitor_call(const struct cbx_call *call, struct cbx_reply *reply);

/** Nanoseconds since the monitor began, or fewer. */
u64 cbx_monitor_age(void);

/** A call by words. */
#define CBX_CALL(reply, id_, ...)                               \
	cbx_monitor_call(&(const struct cbx_call){ .id = (id_), \
				 .arg = { __VA_ARGS__ } },      \
		reply)

#endif
