/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of the host's: its timer, its CPUs, a device's line, and what is
 * not delivered. */
#include "other.h"

#define CPUS 2u /* run.py's machine */

#define TIMER	    0x50u
#define IPI	    0x61u
#define SERIAL	    0x72u
#define SERIAL_LINE 4u
#define MS	    1000000ull

#define CODE_VA	  0x400000ull
#define BOX_PAGES 96u

/* Of the first serial port. */
#define PORT_ENABLE 0x3f9u
#define PORT_REASON 0x3fau
#define PORT_MODEM  0x3fcu
#define EMPTIED	    2u
#define OUT2	    8u

static volatile uint64_t counts[OTHER_CPUS][257];

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

/* pause; jmp . */
static const uint8_t spin[] = { 0xf3, 0x90, 0xeb, 0xfc };

/* Which CPU this is, the scratch page says: each has its own. */
static volatile uint64_t *own_number(void)
{
	return (volatile uint64_t *)(CBX_CPU_SCRATCH_VA + 0xe00);
}

void other_trapped(struct cbx_pks_trap *trap)
{
	if (trap->vector > 256 || (trap->vector < 32 && trap->vector > 3)) {
		host_say("a trap that was not to be");
		host_exit(4);
	}
	counts[*own_number()][trap->vector]++;
}

static void enable(void)
{
	__asm__ volatile("sti; nop; nop" : : : "memory");
}

static void disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static volatile uint64_t *count(uint32_t vector)
{
	return &counts[0][vector];
}

/* As long as an interrupt that was to come would have taken. */
static bool stays(const volatile uint64_t *word, uint64_t value)
{
	for (uint32_t i = 0; i < 50000 && *word == value; i++) {
		other_relax();
	}
	return *word == value;
}

static const uint64_t wrong[][5] = {
	{ CBX_PKS_TIMER, MS, 31 },
	{ CBX_PKS_TIMER, MS, 2 },
	{ CBX_PKS_TIMER, MS, 256 },
	{ CBX_PKS_TIMER, UINT64_MAX, TIMER },
	{ CBX_PKS_IPI, 0, 31 },
	{ CBX_PKS_IPI, 1, 2 },
	{ CBX_PKS_IPI, 1, 256 },
	{ CBX_PKS_IPI, CPUS, IPI },
	{ CBX_PKS_IPI, UINT64_MAX, IPI },
	{ CBX_PKS_IRQ, 240, SERIAL, 0, 0 },
	{ CBX_PKS_IRQ, UINT64_MAX, SERIAL, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, 31, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, 2, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, 0x400 + 2, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, 0xfc, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, 0xff, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, 0x100, 0, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, SERIAL, CPUS, 0 },
	{ CBX_PKS_IRQ, SERIAL_LINE, SERIAL, 0, 8 },
};

static const char *wrong_ones_are_refused(void)
{
	*own_number() = 0;
	other_take_traps(0);
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const uint64_t *row = wrong[i];

		WANT(STATUS(row[0], row[1], row[2], row[3], row[4]) ==
			CBX_E_INVALID);
	}
	return NULL;
}

static const char *one_to_itself_waits_for_sti(void)
{
	WANT(STATUS(CBX_PKS_IPI, 0, IPI) == CBX_OK);
	WANT(STATUS(CBX_PKS_IPI, 0, IPI + 1) == CBX_OK);
	WANT(STATUS(CBX_CALL_VERSION) == CBX_OK);
	WANT(stays(count(IPI), 0) && stays(count(IPI + 1), 0));
	enable();
	WANT(other_changes(count(IPI), 0) && other_changes(count(IPI + 1), 0));
	WANT(stays(count(IPI), 1) && stays(count(IPI + 1), 1));
	disable();
	return NULL;
}

static const char *int_n_is_a_trap_of_that_number(void)
{
	enable();
	__asm__ volatile("int $0x80" : : : "memory");
	WANT(other_changes(count(0x80), 0));
	__asm__ volatile("int $0xfe; int $0xfc; int $0xff" : : : "memory");
	WANT(stays(count(0xfe), 0) && *count(0xfc) == 0 && *count(0xff) == 0);
	disable();
	return NULL;
}

/* Kept, since interrupts are off: the host goes on with its own flags. */
static const char *flags_are_what_they_were(void)
{
	uint64_t flags;

	__asm__ volatile("pushq $0x3402; popfq; int $0x81; pushfq; popq %0; "
			 "pushq $2; popfq"
			 : "=r"(flags)
			 :
			 : "memory", "cc");
	WANT((flags & 0x7602) == 0x3402); /* IOPL 3, DF; not NT, not IF */
	enable();
	WANT(other_changes(count(0x81), 0));
	disable();
	return NULL;
}

static const char *the_timer_comes_once(void)
{
	enable();
	WANT(STATUS(CBX_PKS_TIMER, MS, TIMER) == CBX_OK);
	enable(); /* a gate returns with interrupts off */
	WANT(other_changes(count(TIMER), 0));
	WANT(stays(count(TIMER), 1));
	WANT(STATUS(CBX_PKS_TIMER, 20 * MS, TIMER) == CBX_OK);
	WANT(STATUS(CBX_PKS_TIMER, 0, TIMER) == CBX_OK);
	WANT(STATUS(CBX_PKS_TIMER, MS, TIMER + 1) == CBX_OK);
	while (*count(TIMER + 1) == 0) {
		__asm__ volatile("sti; hlt" : : : "memory");
	}
	disable();
	WANT(*count(TIMER) == 1);
	return NULL;
}

/* A day from now is farther than the controller counts. */
static const char *a_late_timer_is_not_early(void)
{
	WANT(STATUS(CBX_PKS_TIMER, 86400 * 1000 * MS, TIMER) == CBX_OK);
	enable();
	WANT(stays(count(TIMER), 1));
	disable();
	WANT(STATUS(CBX_PKS_TIMER, 0, TIMER) == CBX_OK);
	return NULL;
}

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

static uint64_t the_box;
static uint64_t buffer;

static const char *a_box_that_never_ends(void)
{
	uint64_t page = host_page();

	buffer = host_page();
	the_box = host_page();
	for (uint32_t i = 1; i < BOX_PAGES; i++) {
		WANT(host_page() == the_box + i);
	}
	fill(page, &policy, sizeof(policy));
	WANT(GATE(PAGE_DONATE, the_box, BOX_PAGES).status == CBX_OK);
	WANT(GATE(BOX_CREATE, the_box, the_box + 1, page).status == CBX_OK);
	WANT(GATE(BOX_GRANT, the_box, the_box + 2, 64).status == CBX_OK);
	fill(page, spin, sizeof(spin));
	WANT(GATE(BOX_ADD, the_box, CODE_VA, the_box + 80, 1,
		     CBX_RIGHT_R | CBX_RIGHT_X, page)
			.status == CBX_OK);
	WANT(GATE(BOX_THREAD, the_box, CODE_VA, 0, 0).status == CBX_OK);
	WANT(GATE(BOX_FINALIZE, the_box).status == CBX_OK);
	return NULL;
}

static const char *the_timer_ends_its_turn(void)
{
	WANT(a_box_that_never_ends() == NULL);
	for (uint64_t i = 2; i < 6; i++) {
		struct cbx_reply reply;

		WANT(STATUS(CBX_PKS_TIMER, MS, TIMER) == CBX_OK);
		reply = GATE(BOX_ENTER, the_box, buffer, 1);
		WANT(reply.status == CBX_OK &&
			reply.ret[0] == CBX_EXIT_INTERRUPTED);
		WANT(*count(TIMER) == i - 1); /* interrupts are off */
		enable();
		WANT(other_changes(count(TIMER), i - 1));
		disable();
	}
	return NULL;
}

static volatile uint64_t phase;
static volatile uint64_t result;

static void with_interrupts(void)
{
	*own_number() = 1;
	enable();
	phase = 1;
	while (phase == 1) {
		other_relax();
	}
	disable();
	phase = 3;
	while (phase == 3) {
		other_relax();
	}
	result = counts[1][IPI];
	enable();
	while (phase == 4) {
		other_relax();
	}
	disable();
}

static const char *cpus_call_each_other(void)
{
	WANT(other_start_all(CPUS) == NULL);
	other_run(1, with_interrupts);
	WANT(other_changes(&phase, 0));
	WANT(STATUS(CBX_PKS_IPI, 1, IPI) == CBX_OK);
	WANT(other_changes(&counts[1][IPI], 0) && stays(&counts[1][IPI], 1));
	phase = 2;
	WANT(other_changes(&phase, 2));
	WANT(STATUS(CBX_PKS_IPI, 1, IPI) == CBX_OK);
	WANT(stays(&counts[1][IPI], 1)); /* it has interrupts off */
	phase = 4;
	WANT(other_changes(&counts[1][IPI], 1));
	phase = 5;
	other_wait(1);
	WANT(result == 1 && counts[1][IPI] == 2 && counts[0][IPI] == 1);
	return NULL;
}

static void enter_box(void)
{
	phase = 10;
	result = GATE(BOX_ENTER, the_box, buffer, 1).ret[0];
	phase = 11;
	while (phase == 11) {
		other_relax();
	}
	enable();
	while (phase == 12) {
		other_relax();
	}
	disable();
}

static const char *one_ends_a_turn_elsewhere(void)
{
	other_run(1, enter_box);
	WANT(other_changes(&phase, 5) && stays(&phase, 10));
	WANT(STATUS(CBX_PKS_IPI, 1, IPI) == CBX_OK);
	WANT(other_changes(&phase, 10) && result == CBX_EXIT_INTERRUPTED);
	WANT(counts[1][IPI] == 2);
	phase = 12;
	WANT(other_changes(&counts[1][IPI], 2));
	phase = 13;
	other_wait(1);
	/* and a kick does, which is nobody's interrupt */
	other_run(1, enter_box);
	WANT(other_changes(&phase, 13) && stays(&phase, 10));
	WANT(GATE(BOX_KICK, the_box).status == CBX_OK);
	WANT(other_changes(&phase, 10) && result == CBX_EXIT_INTERRUPTED);
	phase = 13;
	other_wait(1);
	WANT(counts[1][IPI] == 3 && counts[1][2] == 0);
	return NULL;
}

static void with_nothing(void)
{
	enable();
	while (phase == 20) {
		other_relax();
	}
	disable();
}

static const char *no_kick_is_the_hosts(void)
{
	phase = 20;
	other_run(1, with_nothing);
	for (uint32_t i = 0; i < 200; i++) {
		uint64_t page = host_page();

		WANT(GATE(PAGE_DONATE, page, 1).status == CBX_OK);
	}
	phase = 21;
	other_wait(1);
	WANT(counts[1][2] == 0 && counts[0][2] == 0);
	return NULL;
}

static volatile uint64_t taken;

/* Traps and system calls, one after the other. */
static void trap_on(void)
{
	for (; phase == 30; taken++) {
		__asm__ volatile("int3" : : : "memory");
		__asm__ volatile("syscall" : : : "rcx", "r11", "memory");
		result += STATUS(CBX_CALL_VERSION) == CBX_OK;
	}
}

/* An NMI is taken, and a trap that was just being taken still is one. */
static const char *no_trap_is_lost(void)
{
	uint64_t page = host_page();

	phase = 30;
	result = 0;
	other_run(1, trap_on);
	WANT(other_changes(&taken, 0));
	for (uint32_t i = 0; i < 300; i++) {
		WANT(GATE(PAGE_DONATE, page, 1).status == CBX_OK);
		WANT(GATE(PAGE_RETURN, page, 1).status == CBX_OK);
	}
	phase = 31;
	other_wait(1);
	WANT(result == taken && counts[1][3] == taken);
	WANT(counts[1][256] == taken && counts[1][2] == 0);
	return NULL;
}

static const char *an_edge_comes_once(void)
{
	WANT(STATUS(CBX_PKS_IRQ, SERIAL_LINE, SERIAL, 0, 0) == CBX_OK);
	enable();
	out8(PORT_MODEM, OUT2);
	out8(PORT_ENABLE, EMPTIED);
	WANT(other_changes(count(SERIAL), 0));
	WANT(stays(count(SERIAL), 1));
	out8(PORT_ENABLE, 0);
	disable();
	return NULL;
}

static const char *a_level_comes_until_it_is_served(void)
{
	WANT(STATUS(CBX_PKS_IRQ, SERIAL_LINE, SERIAL, 0,
		     CBX_PKS_IRQ_MASKED | CBX_PKS_IRQ_LEVEL) == CBX_OK);
	out8(PORT_ENABLE, EMPTIED);
	enable();
	WANT(stays(count(SERIAL), 1));
	for (uint64_t i = 1; i < 4; i++) {
		WANT(STATUS(CBX_PKS_IRQ, SERIAL_LINE, SERIAL, 0,
			     CBX_PKS_IRQ_LEVEL) == CBX_OK);
		enable();
		WANT(other_changes(count(SERIAL), i));
		WANT(stays(count(SERIAL), i + 1)); /* masked meanwhile */
	}
	(void)in8(PORT_REASON);
	WANT(STATUS(CBX_PKS_IRQ, SERIAL_LINE, SERIAL, 0, CBX_PKS_IRQ_LEVEL) ==
		CBX_OK);
	enable();
	WANT(stays(count(SERIAL), 4));
	disable();
	out8(PORT_ENABLE, 0);
	return NULL;
}

/* The operator's; interrupts are off, and it does not matter. */
static const char *an_nmi_is_the_hosts(void)
{
	host_say("ready");
	WANT(other_changes(count(2), 0) || other_changes(count(2), 0) ||
		other_changes(count(2), 0));
	return NULL;
}

const struct host_case host_cases[] = {
	{ "wrong ones are refused", wrong_ones_are_refused },
	{ "one to itself waits for STI", one_to_itself_waits_for_sti },
	{ "INT n is a trap of that number", int_n_is_a_trap_of_that_number },
	{ "an interrupt that is kept leaves the flags",
		flags_are_what_they_were },
	{ "the timer comes once", the_timer_comes_once },
	{ "a late timer is not early", a_late_timer_is_not_early },
	{ "the timer ends a box's turn", the_timer_ends_its_turn },
	{ "CPUs call each other", cpus_call_each_other },
	{ "one ends a turn elsewhere", one_ends_a_turn_elsewhere },
	{ "no kick is the host's", no_kick_is_the_hosts },
	{ "no trap is lost", no_trap_is_lost },
	{ "an edge comes once", an_edge_comes_once },
	{ "a level comes until served", a_level_comes_until_it_is_served },
	{ "an NMI is the host's", an_nmi_is_the_hosts },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
