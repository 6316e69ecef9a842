/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

struct cbx_pks_trap host_last;

extern uint8_t host_trap_stack[];
void host_main(void);
void host_trap(void);
void host_trapped(void);
_Noreturn void host_unexpected(void);
void *memset(void *dst, int byte, size_t size);
void *memcpy(void *dst, const void *src, size_t size);

static uint64_t next_page;
static uint64_t last_page;

void *memset(void *dst, int byte, size_t size)
{
	uint8_t *at = dst;

	for (size_t i = 0; i < size; i++) {
		at[i] = (uint8_t)byte;
		__asm__ volatile("" : : : "memory");
	}
	return dst;
}

void *memcpy(void *dst, const void *src, size_t size)
{
	const uint8_t *from = src;
	uint8_t *at = dst;

	for (size_t i = 0; i < size; i++) {
		at[i] = from[i];
		__asm__ volatile("" : : : "memory");
	}
	return dst;
}

struct cbx_reply host_call(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_call call = { .id = id };

	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		call.arg[i] = arg[i];
	}
	return *host_gate(&call);
}

static void say_part(const char *text, uint64_t length)
{
	uint64_t word[5] = { 0 };

	memcpy(word, text, length);
	(void)CALL(CBX_PKS_CONSOLE, length, word[0], word[1], word[2], word[3],
		word[4]);
}

void host_say(const char *text)
{
	uint64_t length = 0;

	while (text[length] != '\0') {
		length++;
	}
	while (length > 40) {
		say_part(text, 40);
		text += 40;
		length -= 40;
	}
	say_part(text, length);
}

_Noreturn void host_exit(uint32_t status)
{
	for (;;) {
		__asm__ volatile("outl %0, %1"
				 :
				 : "a"(status), "Nd"((uint16_t)0xf4));
	}
}

static struct cbx_pks_trap *trap_page(void)
{
	return (struct cbx_pks_trap *)(CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP);
}

void host_trapped(void)
{
	host_last = *trap_page();
	trap_page()->busy = 0;
}

static void say_number(const char *name, uint64_t value)
{
	char text[32] = { 0 };
	uint32_t at = 0;

	for (; *name != '\0'; name++) {
		text[at++] = *name;
	}
	for (int shift = 60; shift >= 0; shift -= 4) {
		text[at++] = "0123456789abcdef"[value >> shift & 15];
	}
	host_say(text);
}

_Noreturn void host_unexpected(void)
{
	struct cbx_pks_trap trap = *trap_page();

	trap_page()->busy = 0;
	say_number("vector ", trap.vector);
	say_number("error ", trap.error);
	say_number("cr2 ", trap.cr2);
	say_number("rip ", trap.regs.rip);
	host_exit(1);
}

bool host_faulted(uint64_t cr2, uint64_t error)
{
	return host_last.vector == 14 && host_last.cr2 == cr2 &&
	       host_last.error == error;
}

uint64_t host_page(void)
{
	if (next_page == last_page) {
		host_say("no page left");
		host_exit(2);
	}
	return next_page++;
}

/* The first region with room; from its middle on, to stay clear of what the
 * monitor took. */
static void find_pages(void)
{
	for (uint64_t i = 0;; i++) {
		struct cbx_reply reply = CALL(CBX_PKS_MEMORY, i);

		if (reply.status != CBX_OK) {
			host_say("no memory");
			host_exit(2);
		}
		if (reply.ret[2] == CBX_HAL_RAM && reply.ret[1] > 4096) {
			next_page = reply.ret[0] + reply.ret[1] / 2;
			last_page = next_page + 1024;
			return;
		}
	}
}

static void say_case(const char *name, const char *wrong)
{
	char text[40] = { 0 };
	uint32_t at = 0;
	const char *word = wrong == NULL ? "ok " : "bad ";

	for (; *word != '\0'; word++) {
		text[at++] = *word;
	}
	for (; *name != '\0' && at < sizeof(text) - 1; name++) {
		text[at++] = *name;
	}
	host_say(text);
	if (wrong != NULL) {
		host_say(wrong);
	}
}

void host_main(void)
{
	bool good = true;

	(void)CALL(CBX_PKS_TRAP_ENTRY, (uint64_t)host_trap,
		(uint64_t)host_trap_stack);
	find_pages();
	for (uint32_t i = 0; i < host_case_count; i++) {
		const char *wrong = host_cases[i].run();

		say_case(host_cases[i].name, wrong);
		good = good && wrong == NULL;
	}
	host_say(good ? "pass" : "fail");
	host_exit(good ? 0x2a : 3);
}
