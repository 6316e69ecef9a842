/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/rule.h>

/* A component that leads nowhere new: nothing, "." or "..". */
static bool is_detour(const char *part, uint64_t bytes)
{
	return bytes == 0 ||
	       (bytes <= 2 && part[0] == '.' && part[bytes - 1] == '.');
}

/* Whether a name is the only spelling of what it names. */
static bool is_plain(const char *name, uint64_t bytes)
{
	uint64_t start = 1; /* of the component */

	if (bytes == 0 || bytes > CBX_NAME_MAX || name[0] != '/') {
		return false;
	}
	for (uint64_t i = 1; i <= bytes; i++) {
		bool end = i == bytes || name[i] == '/';

		if (end ? is_detour(name + start, i - start)
			: name[i] == '\0') {
			return false;
		}
		start = end ? i + 1 : start;
	}
	return true;
}

static bool args_match(
	const struct cbx_rule *rule, const struct cbx_forward *block)
{
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < CBX_RULE_ARGS; i++) {
		wrong |= (block->arg[i] & rule->mask[i]) ^ rule->value[i];
	}
	return wrong == 0;
}

/* Whether a plain name equals a rule's text, or lies below it. */
static bool is_below(const struct cbx_policy *policy,
	const struct cbx_rule *rule, const char *name, uint64_t bytes)
{
	uint64_t length = rule->text_bytes;

	return bytes >= length &&
	       cbx_range_fits(rule->text, length, CBX_POLICY_TEXT) &&
	       memcmp(name, policy->text + rule->text, length) == 0 &&
	       (bytes == length || name[length] == '/');
}

bool cbx_rules_allow(const struct cbx_policy *policy, uint64_t call,
	const struct cbx_told *told, uint64_t bytes)
{
	bool plain = is_plain(told->name, bytes);
	bool found = false;

	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct cbx_rule *rule = &policy->rule[i];

		found |= rule->call == call && args_match(rule, &told->block) &&
			 (rule->text_bytes == 0 ||
				 (plain && is_below(policy, rule, told->name,
						   bytes)));
	}
	return found;
}
