/* SPDX-License-Identifier: Apache-2.0 */
/* What a box may forward: the rules of its policy. */
#ifndef CBX_CORE_RULE_H
#define CBX_CORE_RULE_H

#include <base/types.h>

/** A forwarded call as the monitor copied it: the only copy that is checked,
 * and what the host is given. */
struct cbx_told {
	struct cbx_forward block;
	char name[CBX_NAME_MAX]; /* the payload, as far as it fits */
};

/** Whether a rule allows a call.
 * @param bytes  of payload; any number
 * @pre policy->rule_count is at most CBX_POLICY_RULES */
bool cbx_rules_allow(const struct cbx_policy *policy, uint64_t call,
	const struct cbx_told *told, uint64_t bytes);

#endif
