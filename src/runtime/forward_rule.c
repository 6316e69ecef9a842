/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to ask the host. */
#include "forward.h"
#include "lib.h"

static const struct cbx_policy *policy;

void cbx_forward_init(const struct cbx_policy *given)
{
	policy = given;
}

static bool about_name(
	const struct cbx_rule *rule, const char *name, uint64_t bytes)
{
	uint64_t length = rule->text_bytes;

	return rule->call == CBX_FORWARD_OPEN && length != 0 &&
	       bytes >= length &&
	       memcmp(name, policy->text + rule->text, length) == 0 &&
	       (bytes == length || name[length] == '/');
}

bool cbx_forward_names(const char *name, uint64_t bytes)
{
	for (uint32_t i = 0; policy != NULL && i < policy->rule_count; i++) {
		if (about_name(&policy->rule[i], name, bytes)) {
			return true;
		}
	}
	return false;
}

static bool about_args(const struct cbx_rule *rule, const uint64_t *arg)
{
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < CBX_RULE_ARGS; i++) {
		wrong |= (arg[i] & rule->mask[i]) ^ rule->value[i];
	}
	return wrong == 0;
}

bool cbx_forward_allows(uint32_t call, const uint64_t arg[CBX_RULE_ARGS])
{
	for (uint32_t i = 0; policy != NULL && i < policy->rule_count; i++) {
		if (policy->rule[i].call == call &&
			about_args(&policy->rule[i], arg)) {
			return true;
		}
	}
	return false;
}

bool cbx_forward_may(uint32_t call)
{
	for (uint32_t i = 0; policy != NULL && i < policy->rule_count; i++) {
		if (policy->rule[i].call == call) {
			return true;
		}
	}
	return false;
}
