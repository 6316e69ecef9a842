/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a policy file a value is, for what is said about it.
 */
#ifndef CBX_TOOLS_POLICY_TEXT_H
#define CBX_TOOLS_POLICY_TEXT_H

#include <stddef.h>

#include <trust/json_line.h>

#define CBX_POLICY_STEPS 4u

/** A policy file being read. */
struct cbx_policy_text {
	const char *path;
	const char *text; /* JSON, well-formed */
	struct cbx_json_step step[CBX_POLICY_STEPS];
	size_t steps; /* to the value in hand */
};

/** Step down to a value, and up again. */
void cbx_policy_down(
	struct cbx_policy_text *text, const char *key, size_t index);
void cbx_policy_up(struct cbx_policy_text *text);

/** The line the value in hand begins on, from 1. */
size_t cbx_policy_line(const struct cbx_policy_text *text);

/** Say what is wrong with the value in hand, "cause; remedy".
 * @return CBX_CODE_FAILED */
int cbx_policy_wrong(const struct cbx_policy_text *text, const char *format,
	...) __attribute__((format(printf, 2, 3)));

#endif
