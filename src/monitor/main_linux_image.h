/* SPDX-License-Identifier: Apache-2.0 */
/* What a monitor that is a process can say of itself. */
#ifndef CBX_MONITOR_MAIN_LINUX_IMAGE_H
#define CBX_MONITOR_MAIN_LINUX_IMAGE_H

/**
 * Measure the parts of this program that nobody writes, as they lie in memory,
 * and have the keeper keep a boot log that says so (doc/measurement.md).
 *
 * Nobody else vouches for it: who changed the program, or runs another one, can
 * have that say the same.  Takes the gate lock.  When the keeper does not do
 * it, there is no boot log, and evidence says that.
 *
 * @pre the keeper is ready
 */
void cbx_monitor_measure_itself(void);

#endif
