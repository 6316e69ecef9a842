/* SPDX-License-Identifier: Apache-2.0 */
/*
 * M15: what a host at VMPL1 tells devices to write, and to hide.  A processor's table
 * of pages refuses a device, too; the lab's does not (lab/README.md), so its machine
 * must have none that writes, and no window of the chipset's may be laid over memory.
 * Mutants (tests/support/bare/run.py) have one each.
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
#define WORDS_END   0x100u
#define CLASS	    0x8u
#define NOBODY	    0xffffffffu
#define HOST_BRIDGE 0x0600u
#define ISA_BRIDGE  0x0601u

/* Windows: of the ISA bridge's registers, and of configuration in memory. */
#define ISA_WORD(at)  (FUNCTION(0xf8u) | (at))
#define REGISTERS     0xf0u
#define REGISTERS_AT  0xffffc000u
#define PCI_WORD(at)  (FUNCTION(0u) | (at))
#define MEMORY	      0x60u
#define MEMORY_AT     0xfc000000u
#define MEMORY_64_MIB 4u
#define ON	      1u

/* Where the firmware left the latter. */
#define IN_MEMORY(at) \
	(CBX_DIRECT_VA + 0xb0000000 + (0xf8ull << CBX_PAGE_SHIFT) + (at))

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
	OUT_BYTE,
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

/* ---- whatever hides it ---- */

static uint32_t word_of(uint32_t address)
{
	device(OUT, ADDRESS, address);
	return device(IN, DATA, 0);
}

static void set_word(uint32_t address, uint32_t value)
{
	device(OUT, ADDRESS, address);
	device(OUT, DATA, value);
}

static void set_bytes(uint32_t address, uint32_t value)
{
	device(OUT, ADDRESS, address);
	for (uint32_t i = 0; i < 4; i++) {
		device(OUT_BYTE, DATA + i, value >> 8 * i);
	}
}

/* What the page holds, and what the box reads of its own. */
static void see(struct machine_box *victim, uint64_t pfn, uint8_t *bytes,
	uint64_t *word)
{
	ask_page(pfn, 0, bytes, CBX_PAGE_SIZE);
	if (!machine_read(victim, ATTACK_SECRET_VA, word)) {
		*word = 0;
	}
}

/* By ports, words and bytes, and by memory.  It is put back before it is judged: a
 * window that hides something hides what judges, too. */
static void nothing_is_hidden(struct machine_box *victim, uint64_t pfn)
{
	const uint32_t to = (uint32_t)(pfn << CBX_PAGE_SHIFT);
	const uint32_t registers = word_of(ISA_WORD(REGISTERS));
	const uint32_t laid = (to & REGISTERS_AT) | ON;
	static uint8_t before[CBX_PAGE_SIZE];
	static uint8_t after[3][CBX_PAGE_SIZE];
	uint64_t word[4];

	see(victim, pfn, before, &word[0]);
	assert_int_equal(word[0], attack_secret[0]);
	set_word(ISA_WORD(REGISTERS), laid);
	see(victim, pfn, after[0], &word[1]);
	set_word(ISA_WORD(REGISTERS), registers);
	set_bytes(ISA_WORD(REGISTERS), laid);
	see(victim, pfn, after[1], &word[2]);
	set_word(ISA_WORD(REGISTERS), registers);
	device(STORE, IN_MEMORY(REGISTERS), laid);
	see(victim, pfn, after[2], &word[3]);
	device(STORE, IN_MEMORY(REGISTERS), registers);
	for (uint32_t i = 0; i < 3; i++) {
		assert_memory_equal(before, after[i], sizeof(before));
		assert_int_equal(word[i + 1], word[0]);
	}
	/* the other window has much of the machine under it */
	set_word(PCI_WORD(MEMORY), (to & MEMORY_AT) | MEMORY_64_MIB | ON);
	see(victim, pfn, after[0], &word[1]);
	assert_memory_equal(before, after[0], sizeof(before));
	assert_int_equal(word[1], word[0]);
}

/* ---- whoever could ---- */

/* What memory is writable or firmware's, where ranges are, who is a master: all. */
static void no_word_changes(uint32_t function)
{
	for (uint32_t at = 0; at < WORDS_END; at += 4) {
		const uint32_t word = word_of(FUNCTION(function) | at);

		set_word(FUNCTION(function) | at, ~word);
		assert_int_equal(word_of(FUNCTION(function) | at), word);
		set_bytes(FUNCTION(function) | at, ~word);
		assert_int_equal(word_of(FUNCTION(function) | at), word);
	}
}

/* Every function is a bridge, that is never a master, and stays as it is. */
static void no_function_is_a_master(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		uint32_t class;

		if (word_of(FUNCTION(i)) == NOBODY) {
			continue;
		}
		class = word_of(FUNCTION(i) | CLASS) >> 16;
		assert_true(class == HOST_BRIDGE || class == ISA_BRIDGE);
		no_word_changes(i);
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
	nothing_is_hidden(&victim, victim.data);
	nothing_is_hidden(&victim, victim.handle);
	nothing_is_hidden(&victim, machine_pool(1));
	nothing_is_hidden(&victim, machine_pages(1));
	no_function_is_a_master();
	attack_unharmed(&victim);
}
