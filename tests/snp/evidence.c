/* SPDX-License-Identifier: Apache-2.0 */
/* A host at VMPL1 that asks the monitor above it for its evidence, and prints
 * what it got: the evidence of each nonce, or the status. */
#include <base/area.h>
#include <base/types.h>

#define AREAS	  0xa1c0000ull
#define MSR_GHCB  0xc0010130u
#define RUN_VMPL0 0x16u
#define SERIAL	  0x3f8
#define EXIT	  0xf4
#define GOOD	  0x2a
#define NONCES	  2
#define NONCE	  32u /* bytes: all the same */
#define TRIES	  1000u

_Noreturn void kernel_main(void);

static volatile struct cbx_area *const area = (volatile struct cbx_area *)AREAS;
static uint8_t nonce[CBX_PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t evidence[CBX_EVIDENCE_PAGES_MAX * CBX_PAGE_SIZE]
	__attribute__((aligned(4096)));

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

static void say_hex(const uint8_t *bytes, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		out8(SERIAL, (uint8_t) "0123456789abcdef"[bytes[i] >> 4]);
		out8(SERIAL, (uint8_t) "0123456789abcdef"[bytes[i] & 15]);
	}
	say("\r\n");
}

static void vmgexit(void)
{
	__asm__ volatile("wrmsr; rep; vmmcall"
			 :
			 : "a"(RUN_VMPL0), "d"(0), "c"(MSR_GHCB)
			 : "memory");
}

static uint64_t page_of(const void *address)
{
	return (uint64_t)address >> CBX_PAGE_SHIFT;
}

static uint64_t ask(void)
{
	const uint64_t arg[CBX_CALL_ARGS] = { page_of(nonce), NONCE,
		page_of(evidence), CBX_EVIDENCE_PAGES_MAX };

	area->call.id = CBX_CALL_MONITOR_EVIDENCE;
	area->call.reserved = 0;
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		area->call.arg[i] = arg[i];
	}
	area->pending = 1;
	while (area->pending == 1) {
		vmgexit();
	}
	return area->reply.status;
}

static void ask_with(uint8_t byte)
{
	uint64_t status = CBX_E_BUSY;
	uint8_t tries[2] = { 0, 0 };

	for (uint32_t i = 0; i < NONCE; i++) {
		nonce[i] = byte;
	}
	for (uint32_t i = 0; i < TRIES && status == CBX_E_BUSY; i++) {
		status = ask();
		tries[0] = (uint8_t)(i >> 8);
		tries[1] = (uint8_t)i;
	}
	say("tries ");
	say_hex(tries, sizeof(tries));
	if (status == CBX_OK) {
		say("evidence ");
		say_hex(evidence, area->reply.ret[0]);
	} else {
		uint8_t why = (uint8_t)status;

		say("refused ");
		say_hex(&why, 1);
	}
}

_Noreturn void kernel_main(void)
{
	for (uint8_t i = 1; i <= NONCES; i++) {
		ask_with(i);
	}
	say("end\r\n");
	__asm__ volatile("outl %0, %1" : : "a"(GOOD), "Nd"((uint16_t)EXIT));
	for (;;) {
		vmgexit();
	}
}
