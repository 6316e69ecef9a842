/* SPDX-License-Identifier: Apache-2.0 */
/*
 * M15: what a host at VMPL1 tells devices to write.  A processor's table of pages
 * refuses a device, too; the lab's does not (lab/README.md), so its machine must have
 * none that writes.  Mutants (tests/support/bare/run.py) have one each.
 */
#include <string.h>

#include <hal/hal.h>

#include "attack/attack.h"
#include "attack/snp_only.h"
#include "support/bare/puppet.h"

/* PCI configuration, of bus 0: there is no bridge to another one. */
#define ADDRESS	    0xcf8
#define DATA	    0xcfc
#define FUNCTION(n) (0x80000000u | (n) << 8)
#define FUNCTIONS   256u
#define COMMAND	    0x4u
#define MASTER	    0x4u
#define CLASS	    0x8u
#define NOBODY	    0xffffffffu
#define HOST_BRIDGE 0x0600u
#define ISA_BRIDGE  0x0601u

/* The emulator's own, for firmware: an order lies in memory. */
#define ORDER_HIGH 0x514
#define ORDER_LOW  0x518
#define ORDER_READ 0xau /* of what tells that it is there: four letters */
#define LETTERS	   4u

/* The timer, whose interrupt is a word that is written to where it is told. */
#define TIMER	     (CBX_DIRECT_VA + 0xfed00000)
#define TIMER_ON     0x10u
#define TIMER_COUNT  0xf0u
#define TIMER_HOW    0x100u
#define TIMER_WHEN   0x108u
#define TIMER_WORD   0x110u
#define TIMER_TARGET 0x114u
#define HOW_WRITES   0x4004u
#define SOON	     1000u
#define LOOKS	     200u

#define GRAFFITI 0x66666666u

enum snp_access {
	OUT,
	IN,
	STORE,
	LOAD,
};

extern const uint8_t snp_host_device[], snp_host_device_end[];

static uint64_t page; /* the host's code */

static uint32_t device(enum snp_access access, uint64_t at, uint32_t value)
{
	uint64_t words[SNP_WORDS] = { access, at, value };

	snp_execute(page, snp_host_device, snp_host_device_end, words);
	return (uint32_t)words[2];
}

/* ---- whoever writes memory ---- */

static void firmware_writes(uint64_t order, uint64_t to)
{
	const uint32_t words[] = { __builtin_bswap32(ORDER_READ),
		__builtin_bswap32(LETTERS),
		__builtin_bswap32((uint32_t)(to >> 32)),
		__builtin_bswap32((uint32_t)to) };

	machine_put(order, words, sizeof(words));
	device(OUT, ORDER_HIGH, 0);
	device(OUT, ORDER_LOW,
		__builtin_bswap32((uint32_t)(order << CBX_PAGE_SHIFT)));
}

static void timer_writes(uint64_t to)
{
	device(STORE, TIMER + TIMER_ON, 0);
	device(STORE, TIMER + TIMER_WORD, GRAFFITI);
	device(STORE, TIMER + TIMER_TARGET, (uint32_t)to);
	device(STORE, TIMER + TIMER_COUNT, 0);
	device(STORE, TIMER + TIMER_COUNT + 4, 0);
	device(STORE, TIMER + TIMER_HOW, HOW_WRITES);
	device(STORE, TIMER + TIMER_WHEN, SOON);
	device(STORE, TIMER + TIMER_WHEN + 4, 0);
	device(STORE, TIMER + TIMER_ON, 1);
	for (uint32_t i = 0; i < LOOKS; i++) {
		(void)device(LOAD, TIMER + TIMER_COUNT, 0);
	}
	device(STORE, TIMER + TIMER_ON, 0);
}

/* The host's own page, too: what reaches that one reaches all. */
static void nothing_is_written(uint64_t pfn)
{
	const uint64_t to = (pfn << CBX_PAGE_SHIFT) + ATTACK_SECRET_OFFSET;
	static uint8_t before[CBX_PAGE_SIZE];
	static uint8_t after[CBX_PAGE_SIZE];

	ask_page(pfn, 0, before, sizeof(before));
	firmware_writes(machine_pages(1), to);
	ask_page(pfn, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	timer_writes(to);
	ask_page(pfn, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
}

/* ---- whoever could ---- */

static uint32_t configuration(uint32_t function, uint32_t at)
{
	device(OUT, ADDRESS, FUNCTION(function) | at);
	return device(IN, DATA, 0);
}

/* Every function may be a master, and is a bridge that never is. */
static void no_function_is_a_master(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		uint32_t class;

		if (configuration(i, 0) == NOBODY) {
			continue;
		}
		class = configuration(i, CLASS) >> 16;
		assert_true(class == HOST_BRIDGE || class == ISA_BRIDGE);
		device(OUT, DATA, configuration(i, COMMAND) | MASTER);
		count++;
	}
	assert_int_equal(count, 2);
}

void attack_m15_device_reaches_what_caps_say(void **state)
{
	struct machine_box victim;

	(void)state;
	assert_true((must(CAPS) & CBX_CAP_DMA) != 0);
	page = machine_pages(1);
	attack_victim(&victim);
	nothing_is_written(victim.data);
	nothing_is_written(victim.handle);
	nothing_is_written(machine_pool(1));
	nothing_is_written(machine_pages(1));
	no_function_is_a_master();
	attack_unharmed(&victim);
}
