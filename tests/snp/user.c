/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What code in user mode at VMPL0 may try (ATTACKS, X18): one instruction each,
 * and an undefined one behind it.
 *
 * What is expected is what the instruction's description says of privilege level
 * 3 (AMD 24594); where the lab's processor lacks the instruction, #UD.
 */
#include <base/string.h>
#include <hal/snp/insn.h>

#include "snp.h"

#define USER_CODE 0x10000000000ull
#define UD	  6u
#define GP	  13u
#define VC	  29u
#define ON	  0x100u /* it was executed: the next one is undefined */

#define OF_GATE \
	2u /* the error is about a gate; which, the emulator miscounts */
#define GP_ERROR      7u
#define VC_CPUID      0x72u
#define MSR_STATUS    0xc0010131u
#define REFUSED	      2u
#define MISSING_INPUT 4u

/* start.S knows the words. */
struct snp_user {
	uint64_t rax, rcx, rdx;
	uint64_t vector, error, rip;
};
extern struct snp_user user_registers;
extern uint8_t user_stubs[], snp_user_code[];
void snp_user_enter(void);

static const uint8_t undefined[] = { 0x0f, 0x0b };

static void start(void)
{
	for (uint32_t i = 0; i < 32; i++) {
		snp_gate(i, (uint64_t)user_stubs + i * 16ull, 0);
	}
}

static uint64_t ghcb_msr(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(CBX_MSR_GHCB));
	return (uint64_t)high << 32 | low;
}

/* The GHCB MSR names the GHCB before and after, and no host can run. */
static bool is_quiet(void)
{
	return ghcb_msr() == cbx_snp_ghcb()->pfn.n << CBX_PAGE_SHIFT &&
	       (snp_host.vmsa->efer & CBX_VMSA_SVME) == 0;
}

struct attempt {
	uint8_t code[5];
	uint8_t bytes;
	uint64_t rax, rcx, rdx;
	uint32_t vector, error;
};

static bool try(const struct attempt *a)
{
	bool runs = a->vector == ON;
	uint64_t mask = a->vector == GP ? GP_ERROR : ~0ull;

	memcpy(snp_user_code, a->code, a->bytes);
	memcpy(snp_user_code + a->bytes, undefined, sizeof(undefined));
	user_registers = (struct snp_user){
		.rax = a->rax, .rcx = a->rcx, .rdx = a->rdx
	};
	if (!is_quiet()) {
		return false;
	}
	snp_user_enter();
	return is_quiet() && user_registers.vector == (runs ? UD : a->vector) &&
	       (user_registers.error & mask) == a->error &&
	       user_registers.rip == USER_CODE + (runs ? a->bytes : 0);
}

#define PAGE	 ((uint64_t)&snp_cpus & ~0xfffull)
#define RUN_HOST 0x100000016ull

/* Name, what comes of it, error code, RAX, RCX, RDX, code. */
#define ATTEMPTS                                                           \
	TRY(vmmcall, UD, 0, 0, 0, 0, 0x0f, 0x01, 0xd9)                     \
	TRY(vmrun, GP, 0, (uint64_t)snp_host.vmsa, 0, 0, 0x0f, 0x01, 0xd8) \
	TRY(pvalidate, GP, 0, PAGE, 0, 0, 0xf2, 0x0f, 0x01, 0xff)          \
	TRY(rmpadjust, GP, 0, PAGE, 0, 0xf01, 0xf3, 0x0f, 0x01, 0xfe)      \
	TRY(rmpquery, GP, 0, PAGE, 0, 1, 0xf3, 0x0f, 0x01, 0xfd)           \
	TRY(invlpgb, UD, 0, 8, 0, 0, 0x0f, 0x01, 0xfe)                     \
	TRY(tlbsync, UD, 0, 0, 0, 0, 0x0f, 0x01, 0xff)                     \
	TRY(rdmsr_ghcb, GP, 0, 0, CBX_MSR_GHCB, 0, 0x0f, 0x32)             \
	TRY(wrmsr_ghcb, GP, 0, (uint32_t)RUN_HOST, CBX_MSR_GHCB,           \
		RUN_HOST >> 32, 0x0f, 0x30)                                \
	TRY(rdmsr_sev_status, GP, 0, 0, MSR_STATUS, 0, 0x0f, 0x32)         \
	TRY(cpuid, VC, VC_CPUID, 1, 0, 0, 0x0f, 0xa2)                      \
	TRY(rdtsc, ON, 0, 0, 0, 0, 0x0f, 0x31)                             \
	TRY(rdtscp, ON, 0, 0, 0, 0, 0x0f, 0x01, 0xf9)                      \
	TRY(rdpru, UD, 0, 0, 0, 0, 0x0f, 0x01, 0xfd)                       \
	TRY(rdpmc, GP, 0, 0, 0, 0, 0x0f, 0x33)                             \
	TRY(xgetbv, UD, 0, 0, 0, 0, 0x0f, 0x01, 0xd0)                      \
	TRY(monitorx, UD, 0, PAGE, 0, 0, 0x0f, 0x01, 0xfa)                 \
	TRY(mwaitx, UD, 0, 0, 0, 0, 0x0f, 0x01, 0xfb)                      \
	TRY(hlt, GP, 0, 0, 0, 0, 0xf4)                                     \
	TRY(in, GP, 0, 0, 0, 0x3f8, 0xec)                                  \
	TRY(out, GP, 0, 0, 0, 0x3f8, 0xee)                                 \
	TRY(int_hv, GP, OF_GATE, 0, 0, 0, 0xcd, 28)                        \
	TRY(int_vc, GP, OF_GATE, 0, 0, 0, 0xcd, 29)

#define TRY(name, vector_, error_, rax_, rcx_, rdx_, ...) \
	static bool a_box_gets_nothing_by_##name(void)    \
	{                                                 \
		const uint8_t code[] = { __VA_ARGS__ };   \
		struct attempt a = {                      \
			.bytes = sizeof(code),            \
			.rax = (rax_),                    \
			.rcx = (rcx_),                    \
			.rdx = (rdx_),                    \
			.vector = (vector_),              \
			.error = (error_),                \
		};                                        \
                                                          \
		memcpy(a.code, code, sizeof(code));       \
		return try(&a);                           \
	}
ATTEMPTS
#undef TRY

/* It leaves the VM, at any privilege level, and comes back: the hypervisor finds
 * nothing that it is asked for, again and again. */
static bool a_box_gets_nothing_by_vmgexit(void)
{
	static const struct attempt a = {
		.code = { 0xf3, 0x0f, 0x01, 0xd9 }, .bytes = 4, .vector = ON
	};
	volatile struct cbx_ghcb *page = cbx_snp_ghcb()->page;

	start();
	if (!snp_host_make()) {
		return false;
	}
	for (uint32_t i = 0; i < 3; i++) {
		snp_host.vmsa->exit_code = CBX_VMSA_NONE;
		page->info1 = 0;
		page->valid[1] = 0;
		if (!try(&a) || (uint32_t)page->info1 != REFUSED ||
			page->info2 != MISSING_INPUT ||
			snp_host.vmsa->exit_code != CBX_VMSA_NONE) {
			return false;
		}
	}
	return true;
}

const struct snp_test snp_user_tests[] = {
	SNP_TEST(a_box_gets_nothing_by_vmgexit),
#define TRY(name, ...) SNP_TEST(a_box_gets_nothing_by_##name),
	ATTEMPTS
#undef TRY
};
const size_t snp_user_test_count =
	sizeof(snp_user_tests) / sizeof(snp_user_tests[0]);
