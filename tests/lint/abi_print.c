/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the whole wire as text: numbers, names, policies, constants, layouts.
 * tests/lint/abi.golden is its output; tests/lint/abi.py compares, and checks
 * that nothing of abi.h is missing here.
 */
#include <stdio.h>

#include <confbox/forward.h>

#define VALUE(name) printf("%-28s 0x%llx\n", #name, (unsigned long long)(name))
#define SIZE(type) \
	printf("struct %-21s %zu bytes\n", #type, sizeof(struct type))
#define FIELD(type, field)                                            \
	printf("  +0x%02zx %4zu  %s\n", offsetof(struct type, field), \
		sizeof(((struct type *)0)->field), #field)

static void print_gates(void)
{
	printf("gates: number name callers nargs states repeat\n");
#define X(number, NAME, name, callers, nargs, states, repeat)            \
	printf("0x%03x %-16s %-7s %d %-8s %s\n", CBX_CALL_##NAME, #NAME, \
		#callers, nargs, #states, #repeat);
#include <confbox/gate.def>
#undef X
}

static void print_statuses(void)
{
	printf("\nstatuses\n");
#define X(number, NAME, text) printf("%2d %s\n", CBX_##NAME, #NAME);
#include <confbox/status.def>
#undef X
}

static void print_limits(void)
{
	printf("\nlimits\n");
	VALUE(CBX_ABI_MAJOR);
	VALUE(CBX_ABI_MINOR);
	VALUE(CBX_PAGE_SIZE);
	VALUE(CBX_PAGE_SHIFT);
	VALUE(CBX_RANGE_PAGES_MAX);
	VALUE(CBX_IO_PAGES_MAX);
	VALUE(CBX_IO_BYTES_MAX);
	VALUE(CBX_VA_MIN);
	VALUE(CBX_VA_MAX);
	VALUE(CBX_NO_PAGE);
	VALUE(CBX_CALL_ARGS);
	VALUE(CBX_REPLY_RETS);
	VALUE(CBX_DIGEST_BYTES);
	VALUE(CBX_POLICY_VERSION);
	VALUE(CBX_POLICY_RULES);
	VALUE(CBX_POLICY_TEXT);
	VALUE(CBX_NAME_MAX);
	VALUE(CBX_RULE_ARGS);
	VALUE(CBX_POLICY_STRICT);
	VALUE(CBX_OUTPUT_TAIL);
	VALUE(CBX_EVIDENCE_PAGES_MAX);
	VALUE(CBX_FAMILY_BYTES);
	VALUE(CBX_REPORT_DATA);
	VALUE(CBX_SEAL_KEY_BYTES);
	VALUE(CBX_SEAL_ID_BYTES);
}

static void print_bits(void)
{
	printf("\nbits\n");
	VALUE(CBX_RIGHT_R);
	VALUE(CBX_RIGHT_W);
	VALUE(CBX_RIGHT_X);
	VALUE(CBX_RIGHTS);
	VALUE(CBX_VIEW_R);
	VALUE(CBX_VIEW_W);
	VALUE(CBX_VIEW_UX);
	VALUE(CBX_VIEW_SX);
	VALUE(CBX_VIEW_ALL);
	VALUE(CBX_VIEW_NONE);
	VALUE(CBX_CONFINE_LAST);
	VALUE(CBX_PARK_YIELD);
	VALUE(CBX_BOX_TAINTED);
	VALUE(CBX_BOX_DEBUG);
	VALUE(CBX_BOX_CONFINED);
	VALUE(CBX_BOX_KEEPER);
	VALUE(CBX_BOX_TEMPLATE);
	VALUE(CBX_BOX_CLONE);
	VALUE(CBX_POLICY_DEBUG);
	VALUE(CBX_POLICY_TRACE);
	VALUE(CBX_POLICY_EXECUTE_ONLY);
	VALUE(CBX_POLICY_TEMPLATE);
	VALUE(CBX_POLICY_PLAIN);
	VALUE(CBX_POLICY_CLEAN);
	VALUE(CBX_POLICY_CPUID);
	VALUE(CBX_POLICY_FLAGS);
	VALUE(CBX_FEATURE_BASIC);
	VALUE(CBX_FEATURE_AVX);
	VALUE(CBX_FEATURE_AVX512);
	VALUE(CBX_FEATURE_COUNTER);
	VALUE(CBX_FEATURES);
	VALUE(CBX_CAP_HARDWARE_ROOT);
	VALUE(CBX_CAP_HOST_KERNEL_OUT);
	VALUE(CBX_CAP_HYPERVISOR_OUT);
	VALUE(CBX_CAP_DMA);
	VALUE(CBX_CAP_VIEW_FAULTS);
	VALUE(CBX_CAP_EXECUTE_ONLY);
	VALUE(CBX_CAP_EXECUTE_MODES);
	VALUE(CBX_CAP_BOX_EXECUTE_ONLY);
	VALUE(CBX_CAP_FEATURES);
	VALUE(CBX_CAP_CPUID);
}

static void print_enums(void)
{
	printf("\nnumbers\n");
	VALUE(CBX_EXIT_INTERRUPTED);
	VALUE(CBX_EXIT_IDLE);
	VALUE(CBX_EXIT_OUTPUT);
	VALUE(CBX_EXIT_ENDED);
	VALUE(CBX_EXIT_INPUT);
	VALUE(CBX_EXIT_FORWARD);
	VALUE(CBX_EXIT_TRACE);
	VALUE(CBX_EXIT_RESULT);
	VALUE(CBX_EXIT_REFUSED);
#define X(number, NAME, name) VALUE(CBX_FORWARD_##NAME);
#include <confbox/forward.def>
#undef X
	VALUE(CBX_END_EXIT);
	VALUE(CBX_END_KILLED);
	VALUE(CBX_END_VIOLATION);
	VALUE(CBX_END_FAULT);
	VALUE(CBX_END_LOST);
	VALUE(CBX_PORT_INPUT);
	VALUE(CBX_PORT_OUTPUT);
	VALUE(CBX_PORT_ERROR);
	VALUE(CBX_PORT_CLIENT);
	VALUE(CBX_DIGEST_MEASUREMENT);
	VALUE(CBX_DIGEST_INPUT);
	VALUE(CBX_DIGEST_LENDER);
	VALUE(CBX_DIGEST_LENDER_INPUT);
	VALUE(CBX_OUTPUT_DATA);
	VALUE(CBX_OUTPUT_END);
	VALUE(CBX_SEAL_EXACT);
	VALUE(CBX_SEAL_SIGNER);
	VALUE(CBX_SEAL_FAMILY);
	VALUE(CBX_SEAL_ROOT);
	VALUE(CBX_ROOT_NONE);
	VALUE(CBX_ROOT_PLATFORM);
	VALUE(CBX_ROOT_RELEASED);
	VALUE(CBX_UPCALL_SYSCALL);
	VALUE(CBX_UPCALL_FAULT);
	VALUE(CBX_UPCALL_DEADLINE);
	VALUE(CBX_BACKEND_MOCK);
	VALUE(CBX_BACKEND_LINUX);
	VALUE(CBX_BACKEND_PKS_VM);
	VALUE(CBX_BACKEND_SNP);
	VALUE(CBX_BACKEND_TDX);
	VALUE(CBX_BACKEND_CCA);
}

static void print_layouts(void)
{
	printf("\nlayouts\n");
	SIZE(cbx_call);
	FIELD(cbx_call, id);
	FIELD(cbx_call, arg);
	FIELD(cbx_call, reserved);
	SIZE(cbx_reply);
	FIELD(cbx_reply, status);
	FIELD(cbx_reply, ret);
	SIZE(cbx_forward);
	FIELD(cbx_forward, arg);
	SIZE(cbx_forward_stat);
	FIELD(cbx_forward_stat, mode);
	FIELD(cbx_forward_stat, size);
	FIELD(cbx_forward_stat, inode);
	FIELD(cbx_forward_stat, links);
	FIELD(cbx_forward_stat, mtime_ns);
	FIELD(cbx_forward_stat, error);

	SIZE(cbx_forward_end);
	FIELD(cbx_forward_end, port);
	FIELD(cbx_forward_end, high);
	FIELD(cbx_forward_end, low);

	SIZE(cbx_forward_poll);
	FIELD(cbx_forward_poll, handle);
	FIELD(cbx_forward_poll, events);
	FIELD(cbx_forward_poll, ready);

	SIZE(cbx_forward_entry);
	FIELD(cbx_forward_entry, inode);
	FIELD(cbx_forward_entry, type);
	FIELD(cbx_forward_entry, name_bytes);

	SIZE(cbx_policy);
	FIELD(cbx_policy, version);
	FIELD(cbx_policy, flags);
	FIELD(cbx_policy, output_pages);
	FIELD(cbx_policy, threads_max);
	FIELD(cbx_policy, wake_step);
	FIELD(cbx_policy, features);
	FIELD(cbx_policy, epoch_ns);
	FIELD(cbx_policy, rule_count);
	FIELD(cbx_policy, reserved);
	FIELD(cbx_policy, rule);
	FIELD(cbx_policy, text);

	SIZE(cbx_rule);
	FIELD(cbx_rule, call);
	FIELD(cbx_rule, text);
	FIELD(cbx_rule, text_bytes);
	FIELD(cbx_rule, mask);
	FIELD(cbx_rule, value);
	SIZE(cbx_output);
	FIELD(cbx_output, bytes);
	FIELD(cbx_output, kind);
	FIELD(cbx_output, port);
	FIELD(cbx_output, status);
	FIELD(cbx_output, reason);

	SIZE(cbx_signature);
	FIELD(cbx_signature, key);
	FIELD(cbx_signature, family);
	FIELD(cbx_signature, version);
	FIELD(cbx_signature, signature);

	SIZE(cbx_report);
	FIELD(cbx_report, number);
	FIELD(cbx_report, flags);
	FIELD(cbx_report, measurement);
	FIELD(cbx_report, input_digest);
	FIELD(cbx_report, signer);
	FIELD(cbx_report, family);
	FIELD(cbx_report, version);
	FIELD(cbx_report, data);
	FIELD(cbx_report, mac);
}

int main(void)
{
	print_gates();
	print_statuses();
	print_limits();
	print_bits();
	print_enums();
	print_layouts();
	return 0;
}
