/* SPDX-License-Identifier: Apache-2.0 */
/* Registers the CPU trusts: nearly none of them is the host's to write. */
#include "host.h"

#define CODE_VA	  0x400000ull
#define BOX_PAGES 96u

#define CR4_TSD 4ull

#define MSR_STAR      0xc0000081u
#define MSR_LSTAR     0xc0000082u
#define MSR_SFMASK    0xc0000084u
#define MSR_FS	      0xc0000100u
#define MSR_KERNEL_GS 0xc0000102u
#define MSR_TSC_AUX   0xc0000103u

static uint64_t read_cr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static uint64_t read_cr4(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static uint64_t read_msr(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

/* G03: whatever differs in one bit is refused, but for the one. */
static const char *control_registers_are_pinned(void)
{
	uint64_t cr0 = read_cr0();
	uint64_t cr4 = read_cr4();

	WANT((cr0 & 0x10000) != 0);	      /* WP */
	WANT((cr4 & 0x1300800) == 0x1300800); /* PKS SMAP SMEP UMIP */
	for (uint32_t bit = 0; bit < 64; bit++) {
		uint64_t one = 1ull << bit;

		WANT(STATUS(CBX_PKS_CR, 0, cr0 ^ one) == CBX_E_DENIED);
		WANT(one == CR4_TSD ||
			STATUS(CBX_PKS_CR, 4, cr4 ^ one) == CBX_E_DENIED);
	}
	WANT(STATUS(CBX_PKS_CR, 4, 0) == CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_CR, 4, UINT64_MAX) == CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_CR, 2, 0) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_CR, 3, 0) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_CR, 8, 0) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_CR, 1ull << 32, cr0) == CBX_E_INVALID);
	WANT(read_cr0() == cr0 && read_cr4() == cr4);
	return NULL;
}

/* G03, G04: what decides rights, entries, memory types, time; and a sample of
 * what is nobody's. */
static const char *model_registers_are_too(void)
{
	static const uint32_t msrs[] = { 0x10, 0x1b, 0x3a, 0x3b, 0x79, 0xc0,
		0x174, 0x175, 0x176, 0x1a0, 0x1d9, 0x200, 0x277, 0x2ff, 0x38f,
		0x600, 0x6a0, 0x6a2, 0x6a4, 0x6a8, 0x6e0, 0x6e1, 0x800, 0x830,
		0xd90, 0xda0, 0xc0000080, MSR_STAR, MSR_LSTAR, 0xc0000083,
		MSR_SFMASK, MSR_FS, 0xc0000101, 0xc0010010, 0xc0010117 };
	uint64_t star = read_msr(MSR_STAR);
	uint64_t lstar = read_msr(MSR_LSTAR);
	uint64_t mask = read_msr(MSR_SFMASK);

	for (uint32_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		WANT(STATUS(CBX_PKS_MSR, msrs[i], 0) == CBX_E_DENIED);
		WANT(STATUS(CBX_PKS_MSR, msrs[i], (uint64_t)host_gate) ==
			CBX_E_DENIED);
	}
	WANT(STATUS(CBX_PKS_MSR, 1ull << 32 | MSR_KERNEL_GS, 0) ==
		CBX_E_DENIED);
	WANT(read_msr(MSR_STAR) == star && read_msr(MSR_LSTAR) == lstar &&
		read_msr(MSR_SFMASK) == mask);
	WANT((read_msr(0x174) & 0xffff) == 0); /* SYSENTER leads nowhere */
	return NULL;
}

/* What the CPU would refuse does not become a fault of the monitor's. */
static const char *bad_values_are_refused(void)
{
	WANT(STATUS(CBX_PKS_MSR, MSR_KERNEL_GS, 1ull << 47) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_MSR, MSR_KERNEL_GS, 0xfffe800000000000) ==
		CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_MSR, MSR_TSC_AUX, 1ull << 32) == CBX_E_INVALID);
	return NULL;
}

/* G05: the monitor does not know its CPU by anything the host can write. */
static const char *what_is_the_hosts_does_no_harm(void)
{
	uint64_t page = host_page();
	volatile uint64_t *word = (volatile uint64_t *)DIRECT(page);

	for (uint32_t i = 0; i < 512; i++) {
		word[i] = 0;
	}
	WANT(STATUS(CBX_PKS_MSR, MSR_TSC_AUX, 7) == CBX_OK);
	WANT(STATUS(CBX_PKS_MSR, MSR_KERNEL_GS, DIRECT(page)) == CBX_OK);
	WANT(read_msr(MSR_TSC_AUX) == 7);
	WANT(read_msr(MSR_KERNEL_GS) == DIRECT(page));
	__asm__ volatile("wrgsbase %0; wrfsbase %0" : : "r"(DIRECT(page)));
	WANT(STATUS(CBX_CALL_VERSION) == CBX_OK);
	__asm__ volatile("swapgs");
	WANT(STATUS(CBX_CALL_VERSION) == CBX_OK);
	WANT(probe_ud() == 1 && host_last.vector == 6);
	for (uint32_t i = 0; i < 512; i++) {
		WANT(word[i] == 0);
	}
	WANT(STATUS(CBX_PKS_MSR, MSR_KERNEL_GS, CBX_CPU_STATE_VA) == CBX_OK);
	WANT(STATUS(CBX_CALL_VERSION) == CBX_OK);
	return NULL;
}

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

/* rdtsc; END with status 42. */
static const uint8_t counter_code[] = { 0x0f, 0x31, 0xbf, 42, 0, 0, 0, 0x31,
	0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x45, 0x31, 0xc9,
	0xb8, 0x00, 0x01, 0xbf, 0x0c, 0x0f, 0x05 };
/* sysenter */
static const uint8_t enter_code[] = { 0x0f, 0x34 };

static void fill(uint64_t page, const void *from, uint64_t size)
{
	const uint8_t *bytes = from;
	volatile uint8_t *to = (volatile uint8_t *)DIRECT(page);

	for (uint64_t i = 0; i < CBX_PAGE_SIZE; i++) {
		to[i] = i < size ? bytes[i] : 0;
	}
}

static struct cbx_reply gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply;

	do {
		reply = host_call(id, arg);
	} while (reply.status == CBX_E_BUSY);
	return reply;
}

#define GATE(name, ...) \
	gate(CBX_CALL_##name, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/* What became of a box with that code. */
static struct cbx_reply outcome(const uint8_t *code, uint64_t size)
{
	uint64_t page = host_page();
	uint64_t box = host_page();

	for (uint32_t i = 1; i < BOX_PAGES; i++) {
		(void)host_page();
	}
	fill(page, &policy, sizeof(policy));
	(void)GATE(PAGE_DONATE, box, BOX_PAGES);
	(void)GATE(BOX_CREATE, box, box + 1, page);
	(void)GATE(BOX_GRANT, box, box + 2, 64);
	fill(page, code, size);
	(void)GATE(BOX_ADD, box, CODE_VA, box + 80, 1,
		CBX_RIGHT_R | CBX_RIGHT_X, page);
	(void)GATE(BOX_THREAD, box, CODE_VA, 0, 0);
	(void)GATE(BOX_FINALIZE, box);
	return GATE(BOX_ENTER, box, page, 1);
}

/* The host may keep its users from the counter, not a box. */
static const char *its_bit_is_its_own(void)
{
	uint64_t cr4 = read_cr4();
	struct cbx_reply reply;

	WANT((cr4 & CR4_TSD) == 0);
	WANT(STATUS(CBX_PKS_CR, 4, cr4 | CR4_TSD) == CBX_OK);
	WANT(read_cr4() == (cr4 | CR4_TSD));
	reply = outcome(counter_code, sizeof(counter_code));
	WANT(reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_ENDED);
	WANT(reply.ret[1] == 42 && reply.ret[2] == CBX_END_EXIT);
	WANT(read_cr4() == (cr4 | CR4_TSD));
	WANT(STATUS(CBX_PKS_CR, 4, cr4) == CBX_OK);
	WANT(read_cr4() == cr4);
	return NULL;
}

static const char *a_box_has_no_sysenter(void)
{
	struct cbx_reply reply = outcome(enter_code, sizeof(enter_code));

	WANT(reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_ENDED);
	WANT(reply.ret[1] == CBX_FAULT_INSTRUCTION &&
		reply.ret[2] == CBX_END_FAULT);
	return NULL;
}

const struct host_case host_cases[] = {
	{ "control registers are pinned", control_registers_are_pinned },
	{ "model registers are, too", model_registers_are_too },
	{ "bad values are refused", bad_values_are_refused },
	{ "what is its own does no harm", what_is_the_hosts_does_no_harm },
	{ "its bit is its own", its_bit_is_its_own },
	{ "a box has no SYSENTER", a_box_has_no_sysenter },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
