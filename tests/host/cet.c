/* SPDX-License-Identifier: Apache-2.0 */
/* Control-flow enforcement, on a CPU that has it (tests/bochs). */
#include <arch/x86_64/cet.h>

#include "host.h"

#define E_P 1u
#define E_W 2u
#define E_K 32u

#define CR4_CET 0x800000ull
#define CR0_WP	0x10000ull

#define VECTOR_INT3    3u
#define VECTOR_PAGE    14u
#define VECTOR_CONTROL 21u
#define NEAR_RET       1u
#define FAR_RET	       2u
#define NO_ENDBR       3u

#define LSTAR	  0xc0000082u
#define GATE_CODE 0x380u /* more than the gate's page holds of code */
#define PAD_BYTES 4u
#define HELD	  12u /* from WRMSR to behind the comparison of its number */
#define CLOSED	  256u
#define DEPTH_PA  0x8000000u

static uint64_t read_msr(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static bool monitor_is_closed(void)
{
	uint64_t value;

	return probe_read(CBX_CPU_STATE_VA, &value) == 1 &&
	       host_faulted(CBX_CPU_STATE_VA, E_P | E_K) &&
	       probe_write(CBX_PAGES_VA, 0) == 1 &&
	       host_faulted(CBX_PAGES_VA, E_P | E_W | E_K);
}

static bool violated(uint64_t error)
{
	return host_last.vector == VECTOR_CONTROL && host_last.error == error;
}

static const char *cet_is_on(void)
{
	uint64_t cr4;
	uint64_t ssp = 0;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("rdsspq %0" : "+r"(ssp));
	WANT((cr4 & CR4_CET) != 0);
	WANT(read_msr(CBX_MSR_S_CET) == (CBX_CET_SH_STK | CBX_CET_ENDBR));
	WANT(ssp > CBX_CPU_AT(CBX_CPU_SHADOW_HOST));
	WANT(ssp < CBX_CPU_TOP(CBX_CPU_SHADOW_HOST));
	return NULL;
}

/* G03: neither it nor what it pins. */
static const char *it_stays_on(void)
{
	static const uint32_t msrs[] = { 0x6a0, 0x6a2, 0x6a4, 0x6a5, 0x6a6,
		0x6a7, 0x6a8 };
	uint64_t cr0;
	uint64_t cr4;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	WANT((cr0 & CR0_WP) != 0);
	WANT(STATUS(CBX_PKS_CR, 0, cr0 & ~CR0_WP) == CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_CR, 4, cr4 & ~CR4_CET) == CBX_E_DENIED);
	for (uint32_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		WANT(STATUS(CBX_PKS_MSR, msrs[i], 0) == CBX_E_DENIED);
	}
	return cet_is_on();
}

static bool is_there(uint64_t va, const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (((const volatile uint8_t *)va)[i] != bytes[i]) {
			return false;
		}
	}
	return true;
}

/* An exception there stops the machine, whatever it is: sweep.c. */
static bool is_held(uint64_t va, uint64_t first)
{
	static const uint8_t write[] = { 0x0f, 0x30, 0x81, 0xf9, 0xe1, 0x06 };

	for (uint64_t at = va - HELD - 1; at + 2 <= va; at++) {
		if (at >= first && is_there(at, write, sizeof(write))) {
			return true;
		}
	}
	return false;
}

static bool is_pad(uint64_t va)
{
	static const uint8_t pad[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	return is_there(va, pad, sizeof(pad));
}

/* With prefixes, perhaps. */
static bool is_breakpoint(uint64_t va, uint64_t rip)
{
	return rip > va && rip <= va + 15 &&
	       *(const volatile uint8_t *)(rip - 1) == 0xcc;
}

/* #CP before anything ran there; a breakpoint goes before it; the last
 * instruction of all may lead to the page that is not mapped. */
static bool is_stopped(uint64_t va)
{
	switch (host_last.vector) {
	case VECTOR_CONTROL:
		return violated(NO_ENDBR) && host_last.regs.rip == va;
	case VECTOR_INT3:
		return is_breakpoint(va, host_last.regs.rip);
	default:
		return host_last.vector == VECTOR_PAGE &&
		       host_last.cr2 % CBX_PAGE_SIZE == 0;
	}
}

/* G01.  The text is as long as it can be read. */
static const char *no_jump_reaches_the_text(void)
{
	uint64_t lstar = read_msr(LSTAR);
	uint64_t va = CBX_IMAGE_VA;
	uint64_t value;
	uint64_t pads = 0;

	for (; probe_read(va & ~7ull, &value) == 0; va++) {
		if ((va & (CBX_PAGE_SIZE - 1)) <= CBX_PAGE_SIZE - PAD_BYTES &&
			is_pad(va)) {
			pads++;
			continue;
		}
		if (is_held(va, CBX_IMAGE_VA)) {
			continue;
		}
		WANT(probe_jump(va, 0x24, CBX_MSR_PKRS) == 1);
		WANT(is_stopped(va));
		WANT(va % CLOSED != 0 || monitor_is_closed());
	}
	WANT(pads == 258);
	WANT(va - CBX_IMAGE_VA > 8 * CBX_PAGE_SIZE);
	WANT(read_msr(LSTAR) == lstar && monitor_is_closed());
	return cet_is_on();
}

/* G01, too: the shadow stack does not know of it. */
static const char *no_return_reaches_the_gate(void)
{
	for (uint64_t at = 0; at < GATE_CODE; at++) {
		uint64_t va = CBX_IMAGE_VA + at;

		WANT(probe_ret(va) == 1 && violated(NEAR_RET));
		WANT(host_last.regs.rip >= CBX_KERNEL_VA);
		WANT(probe_lret(va) == 1 && violated(FAR_RET));
		WANT(host_last.regs.rip >= CBX_KERNEL_VA);
		WANT(probe_iret(va) == 1 && violated(FAR_RET));
		WANT(host_last.regs.rip >= CBX_KERNEL_VA);
	}
	WANT(monitor_is_closed());
	return NULL;
}

static const char *shadow_stacks_are_not_written(void)
{
	uint64_t value;

	for (uint64_t page = CBX_CPU_SHADOW_PAGE; page <= CBX_CPU_SHADOW_HOST;
		page += 2) {
		uint64_t va = CBX_CPU_TOP(page) - 8;
		uint64_t key = page == CBX_CPU_SHADOW_MAIN ? E_K : 0;

		WANT(probe_write(va, 0) == 1);
		WANT(host_faulted(va, E_P | E_W | key));
		WANT(probe_read(va, &value) == (key != 0));
		WANT(key == 0 || host_faulted(va, E_P | E_K));
		va += CBX_PAGE_SIZE;
		key = page == CBX_CPU_SHADOW_MAIN ? 0 : E_P | E_K;
		WANT(probe_write(va, 0) == 1);
		WANT(host_faulted(va, E_W | key));
	}
	return NULL;
}

/* After a trap it is where it was; a gate leaves it alone. */
static const char *the_own_one_is_kept(void)
{
	uint64_t before = 0;
	uint64_t after = 0;

	__asm__ volatile("rdsspq %0" : "+r"(before));
	for (uint32_t i = 0; i < 1000; i++) {
		WANT(probe_ud() == 1 && host_last.vector == 6);
		WANT(probe_int3() == 1 && host_last.vector == 3);
		WANT(probe_syscall() == 1 && host_last.vector == 256);
		WANT(STATUS(CBX_CALL_VERSION, 0) == CBX_OK);
	}
	__asm__ volatile("rdsspq %0" : "+r"(after));
	WANT(before == after);
	return NULL;
}

static uint64_t __attribute__((noinline)) dig(uint64_t depth)
{
	return depth == 0 ? 0 : dig(depth - 1) + host_last.vector + depth;
}

/* Last: where the run asks for it, more calls than the stack has words. */
static const char *a_full_one_is_the_end(void)
{
	const volatile uint64_t *depth =
		(const uint64_t *)DIRECT(DEPTH_PA >> 12);

	WANT(*depth == 0 || dig(*depth) == 0);
	return NULL;
}

const struct host_case host_cases[] = {
	{ "CET is on", cet_is_on },
	{ "it stays on", it_stays_on },
	{ "no jump reaches the text", no_jump_reaches_the_text },
	{ "no return reaches the gate", no_return_reaches_the_gate },
	{ "shadow stacks are not written", shadow_stacks_are_not_written },
	{ "the own one is kept", the_own_one_is_kept },
	{ "a full one is the end", a_full_one_is_the_end },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
