/* SPDX-License-Identifier: Apache-2.0 */
/* Starting another CPU, by the local APIC in its page of memory. */
#include <stdatomic.h>

#include <arch/x86_64/cpu.h>
#include <base/string.h>
#include <monitor/bare/bare.h>

#define APIC	     0xfee00000ull
#define COMMAND	     (APIC + 0x300)
#define DESTINATION  (APIC + 0x310)
#define PENDING	     0x1000u
#define INIT	     0x4500u
#define START	     0x4600u
#define PLACE	     0x8000ull /* where it starts, in real mode */
#define DELAY_PORT   0x80      /* about a microsecond to read */
#define INIT_DELAY   10000u
#define START_DELAY  200u
#define ANSWER_DELAY 1000000u
#define TRIES	     3u

static void wait(uint32_t microseconds)
{
	for (uint32_t i = 0; i < microseconds; i++) {
		(void)cbx_x86_in8(DELAY_PORT);
	}
}

static void send(uint8_t id, uint32_t command)
{
	*(volatile uint32_t *)DESTINATION = (uint32_t)id << 24;
	*(volatile uint32_t *)COMMAND = command;
	for (uint32_t i = 0; i < INIT_DELAY; i++) {
		if ((*(volatile uint32_t *)COMMAND & PENDING) == 0) {
			return;
		}
		wait(1);
	}
}

/* Whoever takes the root has it: a CPU that comes too late finds none. */
static bool try(uint8_t id, _Atomic uint64_t *root, uint64_t home)
{
	atomic_store(root, home);
	send(id, INIT);
	wait(INIT_DELAY);
	for (uint32_t i = 0; i < 2 && atomic_load(root) != 0; i++) {
		send(id, START | (uint32_t)(PLACE >> CBX_PAGE_SHIFT));
		wait(START_DELAY);
	}
	for (uint32_t i = 0; i < ANSWER_DELAY && atomic_load(root) != 0; i++) {
		wait(1);
	}
	return atomic_exchange(root, 0) == 0;
}

bool cbx_bare_ask(uint8_t id, uint32_t command, _Atomic uint32_t *word,
	uint32_t value, bool own)
{
	uint32_t delay = own ? INIT_DELAY : ANSWER_DELAY;

	atomic_store(word, value);
	send(id, command);
	for (uint32_t i = 0; i < delay && atomic_load(word) != 0; i++) {
		wait(1);
	}
	return atomic_exchange(word, 0) == 0;
}

bool cbx_bare_other_start(uint8_t id, uint64_t home)
{
	_Atomic uint64_t *root = (_Atomic uint64_t *)cbx_bare_other.root;
	uint64_t bytes = cbx_bare_other.code_end - cbx_bare_other.code;
	bool up = false;

	memcpy((void *)PLACE, (const void *)cbx_bare_other.code, bytes);
	for (uint32_t i = 0; i < TRIES && !up; i++) {
		up = try(id, root, home);
	}
	return up;
}
