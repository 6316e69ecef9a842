/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes on the machine's own page tables: what they may do, and what not. */
#include <arch/arch.h>
#include <arch/x86_64/boot.h>
#include <arch/x86_64/console.h>
#include <arch/x86_64/cpu.h>
#include <base/string.h>

#include "gates.h"

#define CODE_VA	    0x400000ull
#define STACK_VA    0x500000ull
#define STACK_PAGES 4u
#define BOX_PAGES   96u
#define RESERVE	    64u

extern const uint8_t test_code[];
extern const uint8_t test_code_end[];

/* How a case ends. */
struct ending {
	const char *name;
	const uint8_t *entry;
	uint64_t status; /* the box's own, or enum cbx_fault */
	enum cbx_end_reason reason;
};

#define CASES(X)                                            \
	X(end, 42, EXIT)                                    \
	X(bad_rsp, 42, EXIT)                                \
	X(fresh, 1, EXIT)                                   \
	X(call, 1, EXIT)                                    \
	X(touch, 1, EXIT)                                   \
	X(again, 1, EXIT)                                   \
	X(no_stack, CBX_FAULT_INSTRUCTION, FAULT)           \
	X(protect, CBX_FAULT_WRITE, FAULT)                  \
	X(unmap, CBX_FAULT_READ, FAULT)                     \
	X(hlt, CBX_FAULT_INSTRUCTION, FAULT)                \
	X(wrmsr, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(mov_cr3, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(cli, CBX_FAULT_INSTRUCTION, FAULT)                \
	X(port, CBX_FAULT_INSTRUCTION, FAULT)               \
	X(xsetbv, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(int80, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(sysenter, CBX_FAULT_INSTRUCTION, FAULT)           \
	X(sgdt, CBX_FAULT_INSTRUCTION, FAULT)               \
	X(rdpmc, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(compat, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(ring0, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(divide, CBX_FAULT_ARITHMETIC, FAULT)              \
	X(int3, CBX_FAULT_BREAKPOINT, FAULT)                \
	X(step, CBX_FAULT_BREAKPOINT, FAULT)                \
	X(far_jump, CBX_FAULT_INSTRUCTION, FAULT)           \
	X(read_state, CBX_FAULT_READ, FAULT)                \
	X(read_scratch, CBX_FAULT_READ, FAULT)              \
	X(jump_gate, CBX_FAULT_EXECUTE, FAULT)              \
	X(write_reply, CBX_FAULT_WRITE, FAULT)              \
	X(run_reply, CBX_FAULT_EXECUTE, FAULT)              \
	X(run_stack, CBX_FAULT_EXECUTE, FAULT)              \
	X(write_code, CBX_FAULT_WRITE, FAULT)               \
	X(harmless, 1, EXIT)                                \
	X(flags, 1, EXIT)                                   \
	X(step_upcall, 1, EXIT)                             \
	X(bad_entry, CBX_FAULT_INSTRUCTION, FAULT)          \
	X(x87, CBX_FAULT_ARITHMETIC, FAULT)                 \
	X(noncanonical_stack, CBX_FAULT_INSTRUCTION, FAULT) \
	X(noncanonical_data, CBX_FAULT_INSTRUCTION, FAULT)  \
	X(rdmsr, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(lgdt, CBX_FAULT_INSTRUCTION, FAULT)               \
	X(lidt, CBX_FAULT_INSTRUCTION, FAULT)               \
	X(ltr, CBX_FAULT_INSTRUCTION, FAULT)                \
	X(clts, CBX_FAULT_INSTRUCTION, FAULT)               \
	X(mov_cr0, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(mov_cr4, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(mov_to_dr, CBX_FAULT_INSTRUCTION, FAULT)          \
	X(mov_from_dr, CBX_FAULT_INSTRUCTION, FAULT)        \
	X(invlpg, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(wbinvd, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(swapgs, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(sysret, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(stac, CBX_FAULT_INSTRUCTION, FAULT)               \
	X(vmcall, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(vmmcall, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(vmgexit, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(vmrun, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(tdcall, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(monitor, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(mwait, CBX_FAULT_INSTRUCTION, FAULT)              \
	X(monitorx, CBX_FAULT_INSTRUCTION, FAULT)           \
	X(mwaitx, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(in_port, CBX_FAULT_INSTRUCTION, FAULT)            \
	X(ud2, CBX_FAULT_INSTRUCTION, FAULT)                \
	X(null, CBX_FAULT_EXECUTE, FAULT)

/* As a CPU does, and QEMU does not: the last two it lets pass. */
#define EXACT(X)                                   \
	X(int1, CBX_FAULT_BREAKPOINT, FAULT)       \
	X(alignment, CBX_FAULT_INSTRUCTION, FAULT) \
	X(simd, CBX_FAULT_ARITHMETIC, FAULT)

/* With text nobody reads, on a machine that has user keys. */
#define HIDDEN(X)                             \
	X(end, 42, EXIT)                      \
	X(call, 1, EXIT)                      \
	X(read_text, CBX_FAULT_READ, FAULT)   \
	X(write_text, CBX_FAULT_WRITE, FAULT) \
	X(tell_text, 1, EXIT)                 \
	X(open_text, 1, EXIT)                 \
	X(unlock_text, 1, EXIT)               \
	X(fresh_keys, 1, EXIT)

/* With a list of features. */
#define BASIC(X)                                         \
	X(avx, CBX_FAULT_INSTRUCTION, FAULT)             \
	X(counter, CBX_FAULT_INSTRUCTION, FAULT)         \
	X(counter_and_cpu, CBX_FAULT_INSTRUCTION, FAULT) \
	X(components, 1, EXIT)
#define WITH_AVX(X)       \
	X(avx, 1, EXIT)   \
	X(call, 1, EXIT)  \
	X(fresh, 1, EXIT) \
	X(counter, CBX_FAULT_INSTRUCTION, FAULT)
#define WITH_COUNTER(X)             \
	X(counter, 1, EXIT)         \
	X(counter_and_cpu, 1, EXIT) \
	X(avx, CBX_FAULT_INSTRUCTION, FAULT)

extern const uint8_t test_protect_text[];
#define X(name, status, reason) extern const uint8_t test_##name[];
CASES(X)
EXACT(X)
HIDDEN(X)
BASIC(X)
WITH_COUNTER(X)
#undef X
extern const uint8_t test_keep[];
extern const uint8_t test_threads[];

#define X(name, status, reason) \
	{ #name, test_##name, status, CBX_END_##reason },
static const struct ending cases[] = { CASES(X) };
static const struct ending exact[] = { EXACT(X) };
static const struct ending hidden[] = { HIDDEN(X) };
static const struct ending basic[] = { BASIC(X) };
static const struct ending with_avx[] = { WITH_AVX(X) };
static const struct ending with_counter[] = { WITH_COUNTER(X) };
#undef X

/* Of the boxes that are made. */
static struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 2,
	.wake_step = 1,
};

static uint64_t host; /* two host pages */

/* A box that begins at one of the cases. */
static void make(uint64_t box, const uint8_t *entry)
{
	uint64_t size = (uint64_t)(test_code_end - test_code);
	uint64_t offset = (uint64_t)(entry - test_code);
	uint64_t rights = (policy.flags & CBX_POLICY_EXECUTE_ONLY) != 0
				  ? CBX_RIGHT_X
				  : CBX_RIGHT_R | CBX_RIGHT_X;

	CHECK(size <= CBX_PAGE_SIZE);
	test_fill(host, 0, &policy, sizeof(policy));
	CHECK(GATE(PAGE_DONATE, box, BOX_PAGES) == CBX_OK);
	CHECK(GATE(BOX_CREATE, box, box + 1, host) == CBX_OK);
	CHECK(GATE(BOX_GRANT, box, box + 2, RESERVE) == CBX_OK);
	test_fill(host, 0, test_code, size);
	CHECK(GATE(BOX_ADD, box, CODE_VA, box + 80, 1, rights, host) == CBX_OK);
	CHECK(GATE(BOX_ADD, box, STACK_VA, box + 81, STACK_PAGES,
		      CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) == CBX_OK);
	CHECK(GATE(BOX_THREAD, box, CODE_VA + offset,
		      STACK_VA + STACK_PAGES * CBX_PAGE_SIZE, 0x77) == CBX_OK);
	CHECK(GATE(BOX_FINALIZE, box) == CBX_OK);
}

static void enter(uint64_t box)
{
	CHECK(GATE(BOX_ENTER, box, host + 1, 1) == CBX_OK);
}

/* Every page comes back, and holds nothing. */
static void unmake(uint64_t box)
{
	static const uint8_t zero[CBX_PAGE_SIZE];
	static uint8_t bytes[CBX_PAGE_SIZE];

	CHECK(GATE(BOX_KILL, box) == CBX_OK);
	CHECK(GATE(BOX_RECLAIM, box, box + 1, RESERVE + 1) == CBX_OK);
	CHECK(GATE(BOX_RECLAIM, box, box + 80, 1 + STACK_PAGES) == CBX_OK);
	CHECK(GATE(BOX_DESTROY, box) == CBX_OK);
	CHECK(GATE(PAGE_RETURN, box, BOX_PAGES) == CBX_OK);
	for (uint64_t i = 0; i < BOX_PAGES; i++) {
		test_read(box + i, 0, bytes, sizeof(bytes));
		CHECK(memcmp(bytes, zero, sizeof(bytes)) == 0);
	}
}

static void run_case(const struct ending *ending)
{
	uint64_t box = host + 2;

	cbx_x86_console_line(ending->name);
	make(box, ending->entry);
	enter(box);
	if (test_ret(0) != CBX_EXIT_ENDED || test_ret(1) != ending->status ||
		test_ret(2) != ending->reason) {
		test_say_number("exit", test_ret(0));
		test_say_number("status", test_ret(1));
		test_say_number("reason", test_ret(2));
		test_fail(ending->name, __LINE__);
	}
	unmake(box);
}

/* Bytes of the vector registers, as whoever runs after a box finds them. */
static uint64_t vectors(void)
{
	uint64_t all;

	__asm__ volatile("vmovdqa %%ymm0, %%ymm14\n\t"
			 "vpor %%ymm1, %%ymm14, %%ymm14\n\t"
			 "vpor %%ymm7, %%ymm14, %%ymm14\n\t"
			 "vpor %%ymm15, %%ymm14, %%ymm14\n\t"
			 "vextracti128 $1, %%ymm14, %%xmm1\n\t"
			 "vpor %%xmm1, %%xmm14, %%xmm14\n\t"
			 "vmovq %%xmm14, %0\n\t"
			 "vzeroall"
			 : "=r"(all));
	return all;
}

/* A box that went out with secrets in its registers finds them again; nobody
 * else does, be it another box or the host. */
static void run_keep(void)
{
	const struct ending other = { "fresh", test_fresh, 1, CBX_END_EXIT };
	uint64_t box = host + 2 + BOX_PAGES;

	make(box, test_keep);
	enter(box);
	CHECK(test_ret(0) == CBX_EXIT_OUTPUT && test_ret(3) == 16);
	CHECK(vectors() == 0);
	CHECK(!cbx_x86_has_user_keys() || cbx_x86_pkru() == 0);
	run_case(&other);
	enter(box);
	CHECK(test_ret(0) == CBX_EXIT_ENDED && test_ret(1) == 1);
	unmake(box);
	cbx_x86_console_line("keep");
}

static void run_threads(void)
{
	uint64_t box = host + 2;

	make(box, test_threads);
	enter(box);
	CHECK(test_ret(0) == CBX_EXIT_OUTPUT && test_ret(3) == 24);
	enter(box);
	CHECK(test_ret(0) == CBX_EXIT_ENDED && test_ret(1) == 1);
	unmake(box);
	cbx_x86_console_line("threads");
}

static void run_all(const struct ending *endings, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		run_case(&endings[i]);
	}
}
#define RUN_ALL(endings) \
	run_all(endings, sizeof(endings) / sizeof((endings)[0]))

/* A machine that cannot hide text does not make a box that wants it to. */
static void refuse_hidden(void)
{
	uint64_t box = host + 2;

	test_fill(host, 0, &policy, sizeof(policy));
	CHECK(GATE(PAGE_DONATE, box, 2) == CBX_OK);
	CHECK(GATE(BOX_CREATE, box, box + 1, host) == CBX_E_UNSUPPORTED);
	CHECK(GATE(PAGE_RETURN, box, 2) == CBX_OK);
	cbx_x86_console_line("refused");
}

/* QEMU says that it is a hypervisor; Bochs, which raises them, is a machine. */
static void run_exact(void)
{
	bool machine = (cbx_x86_cpuid(1, 0).ecx & 1u << 31) == 0;

	if (machine) {
		RUN_ALL(exact);
	}
	test_say_number("exact", machine);
}

static void run_hidden(void)
{
	struct ending own = { "protect_text", test_protect_text, 42,
		CBX_END_EXIT };
	uint64_t caps;

	CHECK(GATE(CAPS) == CBX_OK);
	caps = test_ret(0);
	policy.flags = CBX_POLICY_EXECUTE_ONLY;
	if ((caps & CBX_CAP_BOX_EXECUTE_ONLY) != 0) {
		RUN_ALL(hidden);
		own.status = CBX_FAULT_READ;
		own.reason = CBX_END_FAULT;
	} else {
		refuse_hidden();
	}
	policy.flags = 0;
	run_case(&own);
	test_say_number("hidden", (caps & CBX_CAP_BOX_EXECUTE_ONLY) != 0);
}

static void run_features(void)
{
	policy.features = CBX_FEATURE_BASIC;
	RUN_ALL(basic);
	policy.features |= CBX_FEATURE_AVX;
	RUN_ALL(with_avx);
	policy.features = CBX_FEATURE_BASIC | CBX_FEATURE_COUNTER;
	RUN_ALL(with_counter);
	policy.features = 0;
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	(void)boot;
	test_start();
	host = test_pages();
	RUN_ALL(cases);
	run_exact();
	run_hidden();
	run_features();
	run_keep();
	run_threads();
	test_pass();
}
