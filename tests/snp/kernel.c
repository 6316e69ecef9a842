/* SPDX-License-Identifier: Apache-2.0 */
/* What a host at VMPL1 finds above it: the monitor, by its gates. */
#include <base/area.h>
#include <base/types.h>

#define AREAS	  0xa1c0000ull
#define MSR_GHCB  0xc0010130u
#define RUN_VMPL0 0x16u
#define SERIAL	  0x3f8
#define EXIT	  0xf4
#define PIC	  0x21 /* which interrupts it keeps; the other's is behind */
#define PIC_OTHER 0xa1
#define GOOD	  0x2a
#define BAD	  0x2b
#define C_BIT	  47
#define OWN_PAGE  0x2000ull /* of RAM that nobody uses */

_Noreturn void kernel_main(void);
int kernel_probe(uint64_t *to, const uint64_t *from);
extern const uint8_t kernel_box[CBX_PAGE_SIZE];
extern uint64_t kernel_idt[], kernel_trap, kernel_cr2;

static volatile struct cbx_area *const area = (volatile struct cbx_area *)AREAS;

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void say(const char *text)
{
	for (; *text != '\0'; text++) {
		out8(SERIAL, (uint8_t)*text);
	}
}

static void vmgexit(void)
{
	__asm__ volatile("wrmsr; rep; vmmcall"
			 :
			 : "a"(RUN_VMPL0), "d"(0), "c"(MSR_GHCB)
			 : "memory");
}

static struct cbx_reply call(
	enum cbx_call_id id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply;

	area->call.id = id;
	area->call.reserved = 0;
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		area->call.arg[i] = arg[i];
	}
	area->pending = 1;
	while (area->pending == 1) {
		vmgexit();
	}
	reply.status = area->reply.status;
	for (uint32_t i = 0; i < CBX_REPLY_RETS; i++) {
		reply.ret[i] = area->reply.ret[i];
	}
	return reply;
}
#define GATE(NAME, ...) \
	call(CBX_CALL_##NAME, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/* And again while the monitor is busy. */
static struct cbx_reply insist(
	enum cbx_call_id id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply;

	do {
		reply = call(id, arg);
	} while (reply.status == CBX_E_BUSY);
	return reply;
}
#define INSIST(NAME, ...)                                        \
	(insist(CBX_CALL_##NAME,                                 \
		 (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ }) \
			.status == CBX_OK)

static bool the_monitor_says_its_version(void)
{
	struct cbx_reply reply = GATE(VERSION);

	return reply.status == CBX_OK && reply.ret[0] == CBX_ABI_MAJOR &&
	       reply.ret[1] == CBX_ABI_MINOR && area->ticks != 0;
}

static bool the_monitor_says_what_it_is(void)
{
	struct cbx_reply reply = GATE(CAPS);
	uint64_t needed =
		CBX_CAP_HOST_KERNEL_OUT | CBX_CAP_HYPERVISOR_OUT | CBX_CAP_DMA;

	return reply.status == CBX_OK && (reply.ret[0] & needed) == needed;
}

static bool what_is_not_pending_is_no_call(void)
{
	uint64_t before;

	(void)GATE(VERSION);
	before = area->ticks;
	area->pending = 2;
	vmgexit();
	return area->pending == 0 && area->ticks == before;
}

static bool an_unknown_call_is_refused(void)
{
	const uint64_t none[CBX_CALL_ARGS] = { 0 };

	return call((enum cbx_call_id)0x7777, none).status ==
	       CBX_E_UNKNOWN_CALL;
}

static bool the_monitors_pages_cannot_be_donated(void)
{
	uint64_t image = (AREAS >> CBX_PAGE_SHIFT) + 0x40;

	return GATE(PAGE_DONATE, image, 1).status != CBX_OK &&
	       GATE(PAGE_DONATE, AREAS >> CBX_PAGE_SHIFT, 1).status != CBX_OK;
}

static bool a_page_is_donated_and_returned_scrubbed(void)
{
	volatile uint64_t *page = (volatile uint64_t *)(OWN_PAGE << 12);

	page[0] = 0x5ec7e7;
	page[511] = 0x5ec7e7;
	return INSIST(PAGE_DONATE, OWN_PAGE, 1) &&
	       INSIST(PAGE_RETURN, OWN_PAGE, 1) && page[0] == 0 &&
	       page[511] == 0;
}

static bool traps(uint64_t address)
{
	uint64_t word = 0x77;

	return kernel_probe(&word, (const uint64_t *)address) != 0 &&
	       word == 0x77;
}

static bool its_own_memory_does_not_trap(void)
{
	return !traps(OWN_PAGE << 12) && !traps(AREAS) &&
	       !traps((uint64_t)kernel_idt);
}

/* Boot page, text, the memory it asked for: none is readable. */
static bool the_monitors_memory_traps(void)
{
	return traps(AREAS - 0x1c0000) && traps(AREAS + 0x40000) &&
	       traps(0xa800000) && traps(AREAS - 0x1c0000);
}

static bool a_donated_page_traps_until_it_is_returned(void)
{
	bool trapped;

	if (!INSIST(PAGE_DONATE, OWN_PAGE, 1)) {
		return false;
	}
	trapped = traps(OWN_PAGE << 12);
	return INSIST(PAGE_RETURN, OWN_PAGE, 1) && trapped &&
	       !traps(OWN_PAGE << 12);
}

#define BOX_PAGES 96ull
#define CODE_VA	  0x600000000000ull
#define STACK_VA  0x630000000000ull

static bool make_box(uint64_t box, uint64_t stage, uint32_t flags)
{
	const struct cbx_policy policy = {
		.version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1,
	};
	uint8_t *page = (uint8_t *)(stage << CBX_PAGE_SHIFT);

	*(struct cbx_policy *)(void *)page = policy;
	((struct cbx_policy *)(void *)page)->flags = flags;
	if (!INSIST(PAGE_DONATE, box, BOX_PAGES) ||
		!INSIST(BOX_CREATE, box, box + 1, stage) ||
		!INSIST(BOX_GRANT, box, box + 2, 64)) {
		return false;
	}
	for (uint32_t i = 0; i < CBX_PAGE_SIZE; i++) {
		page[i] = kernel_box[i];
	}
	return INSIST(BOX_ADD, box, CODE_VA, box + 80, 1,
		       CBX_RIGHT_R | CBX_RIGHT_X, stage) &&
	       INSIST(BOX_ADD, box, STACK_VA, box + 81, 1,
		       CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) &&
	       INSIST(BOX_THREAD, box, CODE_VA, STACK_VA + CBX_PAGE_SIZE, 0) &&
	       INSIST(BOX_FINALIZE, box);
}

static struct cbx_reply run_box(uint64_t box)
{
	struct cbx_reply end;

	do {
		end = GATE(BOX_ENTER, box, OWN_PAGE, 1);
	} while (end.status == CBX_OK && end.ret[0] == CBX_EXIT_INTERRUPTED);
	return end;
}

static bool take_apart(uint64_t box)
{
	return INSIST(BOX_KILL, box) && INSIST(BOX_RECLAIM, box, box + 1, 65) &&
	       INSIST(BOX_RECLAIM, box, box + 80, 2) &&
	       INSIST(BOX_DESTROY, box) && INSIST(PAGE_RETURN, box, BOX_PAGES);
}

/* It ends with what CPUID tells it of the C bit, which no hypervisor was asked
 * for. */
static bool a_box_runs_and_asks_cpuid(void)
{
	uint64_t box = OWN_PAGE + 8;
	struct cbx_reply end;

	if (!make_box(box, OWN_PAGE, 0)) {
		return false;
	}
	end = run_box(box);
	return end.status == CBX_OK && end.ret[0] == CBX_EXIT_ENDED &&
	       end.ret[1] == C_BIT && end.ret[2] == CBX_END_EXIT &&
	       traps((box + 80) << CBX_PAGE_SHIFT) && take_apart(box) &&
	       !traps((box + 80) << CBX_PAGE_SHIFT) &&
	       *(volatile uint64_t *)((box + 80) << CBX_PAGE_SHIFT) == 0;
}

/* The page of the firmware's is not for it: the instruction is a fault, which ends a
 * box that has no runtime. */
static bool a_box_that_is_not_to_ask_cpuid_faults(void)
{
	uint64_t box = OWN_PAGE + 8;
	struct cbx_reply end;

	if (!make_box(box, OWN_PAGE, CBX_POLICY_CPUID)) {
		return false;
	}
	end = run_box(box);
	return end.status == CBX_OK && end.ret[0] == CBX_EXIT_ENDED &&
	       end.ret[2] == CBX_END_FAULT && take_apart(box);
}

struct test {
	const char *name;
	bool (*run)(void);
};
#define TEST(name)            \
	{                     \
#name, (name) \
	}
static const struct test tests[] = {
	TEST(the_monitor_says_its_version),
	TEST(the_monitor_says_what_it_is),
	TEST(what_is_not_pending_is_no_call),
	TEST(an_unknown_call_is_refused),
	TEST(the_monitors_pages_cannot_be_donated),
	TEST(a_page_is_donated_and_returned_scrubbed),
	TEST(its_own_memory_does_not_trap),
	TEST(the_monitors_memory_traps),
	TEST(a_donated_page_traps_until_it_is_returned),
	TEST(a_box_runs_and_asks_cpuid),
	TEST(a_box_that_is_not_to_ask_cpuid_faults),
};

static void take_traps(void)
{
	for (uint32_t i = 0; i < 32; i++) {
		kernel_idt[2 * i] = (kernel_trap & 0xffff) | 0x10ull << 16 |
				    0x8eull << 40 |
				    (kernel_trap >> 16 & 0xffff) << 48;
		kernel_idt[2 * i + 1] = kernel_trap >> 32;
	}
}

_Noreturn void kernel_main(void)
{
	bool good = true;

	/* One that waits for this kernel would end every turn of a box. */
	out8(PIC, 0xff);
	out8(PIC_OTHER, 0xff);
	take_traps();
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		bool passed = tests[i].run();

		say(passed ? "ok " : "bad ");
		say(tests[i].name);
		say("\r\n");
		good = good && passed;
	}
	say(good ? "pass\r\n" : "fail\r\n");
	__asm__ volatile("outl %0, %1"
			 :
			 : "a"(good ? GOOD : BAD), "Nd"((uint16_t)EXIT));
	for (;;) {
		vmgexit();
	}
}
