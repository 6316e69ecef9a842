/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An appraisal policy being read: doc/appraisal.md says what it looks like.
 */
#ifndef CBX_VERIFY_APPRAISAL_H
#define CBX_VERIFY_APPRAISAL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <confbox/verify.h>
#include <trust/json_line.h>

#define CBX_APPRAISAL_BYTES_MAX 1048576u
#define CBX_APPRAISAL_STEPS	3u

/** The text being read, the value in hand, where to say what is wrong. */
struct cbx_appraisal_text {
	const char *text; /* ends with a zero byte */
	struct cbx_json_step step[CBX_APPRAISAL_STEPS];
	size_t steps;
	char *message; /* message[size] */
	size_t size;
};

/** Step down to a value, and up again. */
void cbx_appraisal_down(
	struct cbx_appraisal_text *text, const char *key, size_t index);
void cbx_appraisal_up(struct cbx_appraisal_text *text);

/** Say what is wrong with the value in hand, "cause; remedy".
 * @return false */
bool cbx_appraisal_wrong(struct cbx_appraisal_text *text, const char *format,
	...) __attribute__((format(printf, 2, 3)));

/** Whether the policy is one; says what is wrong when it is not. */
bool cbx_appraisal_check(struct cbx_appraisal_text *text, json_t *policy);

#endif
