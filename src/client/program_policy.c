/* SPDX-License-Identifier: Apache-2.0 */
#include <client/program_policy.h>

#include <string.h>

struct cbx_policy cbx_program_policy(const struct cbx_program *program)
{
	struct cbx_policy policy = {
		.version = CBX_POLICY_VERSION,
		.output_pages = program->output_pages,
		.threads_max = program->threads_max,
		.wake_step = program->wake_step_ns,
		.epoch_ns = program->epoch_ns,
		.features = program->features,
	};

	if ((program->flags & CBX_PROGRAM_DEBUG) != 0) {
		policy.flags |= CBX_POLICY_DEBUG;
	}
	if ((program->flags & CBX_PROGRAM_TRACE) != 0) {
		policy.flags |= CBX_POLICY_TRACE;
	}
	if ((program->flags & CBX_PROGRAM_TEMPLATE) != 0) {
		policy.flags |= CBX_POLICY_TEMPLATE;
	}
	if ((program->flags & CBX_PROGRAM_EXECUTE_ONLY) != 0) {
		policy.flags |= CBX_POLICY_EXECUTE_ONLY;
	}
	if ((program->flags & CBX_PROGRAM_CLEAN) != 0) {
		policy.flags |= CBX_POLICY_CLEAN;
	}
	if (program->cpuid != 0) {
		policy.flags |= CBX_POLICY_CPUID;
	}
	if (program->rules != NULL) {
		policy.flags |= program->rules->flags & CBX_POLICY_STRICT;
		policy.rule_count = program->rules->rule_count;
		memcpy(policy.rule, program->rules->rule, sizeof(policy.rule));
		memcpy(policy.text, program->rules->text, sizeof(policy.text));
	}
	if ((program->flags & CBX_PROGRAM_GDB) != 0 &&
		policy.rule_count < CBX_POLICY_RULES) {
		policy.rule[policy.rule_count++].call = CBX_FORWARD_DEBUG;
	}
	return policy;
}
