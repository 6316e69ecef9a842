/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line and the policy file it names accept. */
#ifndef CBX_TOOLS_VERIFY_POLICY_H
#define CBX_TOOLS_VERIFY_POLICY_H

#include <tools/verify_line.h>

struct cbx_verify_policy {
	struct cbx_appraisal appraisal; /* refers to the line, too */
	struct cbx_appraisal *file;	/* what was read, or NULL */
};

/**
 * Put both together: what an option allows is allowed, and so is what the file
 * allows; its roots are read, beside it if their names are relative.
 *
 * @param[out]    policy  valid also on failure: finish it
 * @param[in,out] line    roots grows; it lives longer than the policy
 *
 * @return 0, or CBX_VERIFY_UNREAD after saying why
 */
int cbx_verify_policy_read(
	struct cbx_verify_policy *policy, struct cbx_verify_line *line);

/** Free what reading took. */
void cbx_verify_policy_finish(struct cbx_verify_policy *policy);

#endif
