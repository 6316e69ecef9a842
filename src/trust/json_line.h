/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a JSON text a value is, for what is said about it.
 */
#ifndef CBX_TRUST_JSON_LINE_H
#define CBX_TRUST_JSON_LINE_H

#include <stddef.h>

/** A way down: a key of an object, or, if that is NULL, an array's index. */
struct cbx_json_step {
	const char *key;
	size_t index;
};

/**
 * The line a value begins on, from 1.
 *
 * @param text   JSON, well-formed
 * @param steps  steps[count]: to the value; where one leads nowhere the line is
 *               that of what it should be in
 */
size_t cbx_json_line(
	const char *text, const struct cbx_json_step *steps, size_t count);

/**
 * Write the steps, as in "require.measurement[2]".
 *
 * @param[out] name  name[size], ends with a zero byte, maybe cut off
 */
void cbx_json_name(const struct cbx_json_step *steps, size_t count, char *name,
	size_t size);

#endif
