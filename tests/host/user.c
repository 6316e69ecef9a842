/* SPDX-License-Identifier: Apache-2.0 */
/* User mode of the host's: its traps are the host kernel's, and it can do
 * nothing else. */
#include "host.h"

#define P  1ull
#define W  2ull
#define U  4ull
#define NX 0x8000000000000000ull

#define LINK(pfn)  ((uint64_t)(pfn) << 12 | P | W | U)
#define CODE(pfn)  ((uint64_t)(pfn) << 12 | P | U)
#define STACK(pfn) ((uint64_t)(pfn) << 12 | P | W | U | NX)

#define CODE_VA	  0x40201000ull
#define STACK_VA  0x40202000ull
#define STACK_TOP (STACK_VA + CBX_PAGE_SIZE)

/* Page fault errors. */
#define E_P 1u
#define E_W 2u
#define E_U 4u
#define E_I 16u

#define VECTOR_DEBUG   1u
#define VECTOR_PROTECT 13u

#define FLAGS	   0x202u
#define FLAGS_TF   0x302u
#define FLAGS_AC   0x40000u
#define FLAGS_IOPL 0x3000u
#define ASKED_PA   0x8000000u

static uint64_t code_page;

/* Pages of levels 4 to 1 that lead to the code and to the stack. */
static const char *user_pages_can_be_mapped(void)
{
	uint64_t table[5];

	code_page = host_page();
	for (uint64_t level = 1; level <= 4; level++) {
		table[level] = host_page();
		WANT(STATUS(CBX_PKS_TABLE_DECLARE, table[level], level) ==
			CBX_OK);
	}
	for (uint64_t level = 2; level <= 4; level++) {
		uint64_t index = CODE_VA >> (12 + 9 * (level - 1)) & 511;

		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[level], index,
			     LINK(table[level - 1])) == CBX_OK);
	}
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], CODE_VA >> 12 & 511,
		     CODE(code_page)) == CBX_OK);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], STACK_VA >> 12 & 511,
		     STACK(host_page())) == CBX_OK);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0,
		     STACK(code_page) & ~NX) == CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[4]) == CBX_OK);
	return NULL;
}

/* Up to 16 bytes of code to CODE_VA, and there. */
static void run(const char *code, uint64_t size, uint64_t flags)
{
	volatile uint8_t *to = (volatile uint8_t *)DIRECT(code_page);

	for (uint64_t i = 0; i < 16; i++) {
		to[i] = i < size ? (uint8_t)code[i] : 0xf4;
	}
	(void)probe_user(CODE_VA, STACK_TOP, flags);
}
#define RUN(code) run(code, sizeof(code) - 1, FLAGS)

static bool user_trapped(uint64_t vector, uint64_t error, uint64_t offset)
{
	return host_last.vector == vector && host_last.error == error &&
	       host_last.cs == CBX_SELECTOR_USER_CODE &&
	       host_last.regs.rip == CODE_VA + offset &&
	       host_last.regs.rsp == STACK_TOP;
}

static const char *syscall_comes_to_the_kernel(void)
{
	RUN("\xb8\x34\x12\x00\x00\x0f\x05");
	WANT(user_trapped(CBX_VECTOR_SYSCALL, 0, 7));
	WANT(host_last.regs.rax == 0x1234);
	WANT(host_last.regs.rcx == CODE_VA + 7);
	WANT((host_last.regs.rflags & FLAGS) == FLAGS);
	return NULL;
}

static const char *its_own_has_the_kernels_cs(void)
{
	WANT(probe_syscall() == 1 && host_last.vector == CBX_VECTOR_SYSCALL);
	WANT(host_last.cs == CBX_SELECTOR_CODE);
	WANT(probe_ud() == 1 && host_last.cs == CBX_SELECTOR_CODE);
	return NULL;
}

static const char *exceptions_come_to_the_kernel(void)
{
	RUN("\xcc");
	WANT(user_trapped(3, 0, 1));
	RUN("\x0f\x0b");
	WANT(user_trapped(6, 0, 0));
	RUN("\x31\xc9\xf7\xf1");
	WANT(user_trapped(0, 0, 2));
	run("\x90\x90", 2, FLAGS_TF);
	WANT(user_trapped(VECTOR_DEBUG, 0, 1));
	RUN("\xcd\x80");
	/* 0x402 says the manual, 0x802 QEMU 7.2 */
	WANT(user_trapped(VECTOR_PROTECT, host_last.error, 0));
	return NULL;
}

/* hlt, cli, rdmsr, wrmsr, mov to cr3 and from it, sgdt, str, in, out. */
static const char *it_has_no_privilege(void)
{
	RUN("\xf4");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\xfa");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\x0f\x32");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\x0f\x30");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\x0f\x22\xd8");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\x0f\x20\xd8");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\x0f\x01\x44\x24\xf0");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\x0f\x00\xc8");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\xe4\x80");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	RUN("\xe6\x80");
	WANT(user_trapped(VECTOR_PROTECT, 0, 0));
	return NULL;
}

/* IOPL 3 lets it use ports, but not those the monitor watches: run.py asks for
 * that one by a word in memory, for it is the machine's end. */
static const char *its_ports_are_the_kernels(void)
{
	const uint64_t *asked = (const uint64_t *)DIRECT(ASKED_PA >> 12);

	run("\xe4\x80\x0f\x05", 4, FLAGS | FLAGS_IOPL);
	WANT(user_trapped(CBX_VECTOR_SYSCALL, 0, 4));
	if (*asked != 0) {
		host_say("out cfc");
		run("\x66\xba\xfc\x0c\xee", 5, FLAGS | FLAGS_IOPL);
	}
	WANT(*asked == 0);
	return NULL;
}

/* movabs rax, va; then an access, which begins at byte 10. */
static void touch(uint64_t va, const char *access)
{
	char code[13] = { 0x48, (char)0xb8 };

	for (uint32_t i = 0; i < 8; i++) {
		code[2 + i] = (char)(va >> 8 * i);
	}
	for (uint32_t i = 0; i < 3; i++) {
		code[10 + i] = access[i];
	}
	run(code, sizeof(code), FLAGS);
}

/* The monitor's, the kernel's, the direct map. */
static const char *it_reaches_no_supervisor_page(void)
{
	static const uint64_t at[] = { CBX_IMAGE_VA, CBX_PAGES_VA,
		CBX_CPU_STATE_VA, CBX_CPU_SCRATCH_VA,
		CBX_CPU_AT(CBX_CPU_IDT_PAGE), 0xffffffff80000000ull };
	uint32_t count = sizeof(at) / sizeof(at[0]);

	for (uint32_t i = 0; i <= count; i++) {
		uint64_t va = i < count ? at[i] : DIRECT(code_page);

		touch(va, "\x48\x8b\x18"); /* mov rbx, [rax] */
		WANT(user_trapped(14, E_P | E_U, 10) && host_last.cr2 == va);
		touch(va, "\x48\x89\x18"); /* mov [rax], rbx */
		WANT(user_trapped(14, E_P | E_W | E_U, 10));
		touch(va, "\xff\xe0\x90"); /* jmp rax */
		WANT(host_last.vector == 14 && host_last.cr2 == va);
		WANT((host_last.error & (E_U | E_I)) == (E_U | E_I));
		WANT(host_last.cs == CBX_SELECTOR_USER_CODE);
	}
	return NULL;
}

/* A view that is taken away shows in its direct map only: a user's access
 * there is the user's fault, not the core's business. */
static const char *it_reaches_no_donated_page(void)
{
	uint64_t page = host_page();

	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_OK);
	touch(DIRECT(page), "\x48\x8b\x18");
	WANT(user_trapped(14, E_U, 10) && host_last.cr2 == DIRECT(page));
	WANT(STATUS(CBX_CALL_PAGE_RETURN, page, 1) == CBX_OK);
	return NULL;
}

/* SMEP and SMAP hold for the host's kernel; AC is its own. */
static const char *the_kernel_and_user_pages(void)
{
	uint64_t value;

	WANT(probe_call(CODE_VA) == 1 && host_faulted(CODE_VA, E_P | E_I));
	WANT(probe_read(STACK_VA, &value) == 1 && host_faulted(STACK_VA, E_P));
	__asm__ volatile("push %0; popfq" : : "r"((uint64_t)FLAGS_AC | 2));
	WANT(probe_read(STACK_VA, &value) == 0);
	__asm__ volatile("clac");
	return NULL;
}

const struct host_case host_cases[] = {
	{ "user pages can be mapped", user_pages_can_be_mapped },
	{ "syscall comes to the kernel", syscall_comes_to_the_kernel },
	{ "its own has the kernel's cs", its_own_has_the_kernels_cs },
	{ "exceptions come to the kernel", exceptions_come_to_the_kernel },
	{ "it has no privilege", it_has_no_privilege },
	{ "its ports are the kernel's", its_ports_are_the_kernels },
	{ "it reaches no supervisor page", it_reaches_no_supervisor_page },
	{ "it reaches no donated page", it_reaches_no_donated_page },
	{ "the kernel and user pages", the_kernel_and_user_pages },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
