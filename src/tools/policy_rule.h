/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the rules of a policy.
 */
#ifndef CBX_TOOLS_POLICY_RULE_H
#define CBX_TOOLS_POLICY_RULE_H

#include <stdbool.h>

#include <confbox/confbox.h>

/** A peer: what of port and address must be what. */
struct cbx_policy_peer {
	uint64_t mask[CBX_RULE_ARGS];
	uint64_t value[CBX_RULE_ARGS];
};

/** Read ADDRESS[/BITS]:PORT, either of them "*", IPv6 in brackets.
 * @return false when it is none */
bool cbx_policy_peer_read(const char *text, struct cbx_policy_peer *peer);

/** Why a name cannot be in a rule, with a remedy; NULL when it can. */
const char *cbx_policy_name_wrong(const char *name);

/* Add rules.  @return false: no room, and the policy is of no use */
bool cbx_policy_add_open(
	struct cbx_policy *policy, const char *name, uint64_t flags);
bool cbx_policy_add_peer(struct cbx_policy *policy, uint32_t call,
	const struct cbx_policy_peer *peer);

/** One about a call, whatever its arguments.  @return as above */
bool cbx_policy_add_call(struct cbx_policy *policy, uint32_t call);

/** Add what a policy with rules needs besides: calls on what they opened. */
bool cbx_policy_add_rest(struct cbx_policy *policy);

#endif
