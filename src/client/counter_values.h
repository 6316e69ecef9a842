/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters in a directory: its key, its values, and its lock.
 *
 *   lock    flock'ed by who reads or writes
 *   key     48 bytes, a P-384 scalar; written once, after values
 *   values  "libconfbox counters 1", a line of name and value each, "end N";
 *           replaced as a whole
 *
 * A directory of a key and no values, of values and no key, or of values that
 * are not whole, is broken, never empty: a counter does not begin anew by
 * accident.
 */
#ifndef CBX_CLIENT_COUNTER_VALUES_H
#define CBX_CLIENT_COUNTER_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include <confbox/counter.h>

/** Most counters of one directory. */
#define CBX_COUNTERS_MAX 4096u

/**
 * The directory's key; a new one, and no counters, when there is neither.
 *
 * @param folder  an open directory
 * @return 0 or -errno; -EBADMSG: broken
 */
int cbx_counter_values_key(int folder, uint8_t secret[48]);

/** A counter's value; 0 of one that was never advanced.
 * @return 0 or -errno; -EBADMSG: broken */
int cbx_counter_values_read(
	int folder, const uint8_t name[32], uint64_t *value);

/**
 * Advance a counter by one if it is at @p from.
 *
 * @param[out] value  what it is, on disk
 * @param[out] done   whether it was advanced
 *
 * @return 0 or -errno, and then it may have been advanced: -EBADMSG broken,
 *         -ENOSPC no room for one more, -ERANGE it is at its end
 */
int cbx_counter_values_advance(int folder,
	const struct cbx_counter_question *question, uint64_t *value,
	bool *done);

#endif
