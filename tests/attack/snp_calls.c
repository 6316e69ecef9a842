/* SPDX-License-Identifier: Apache-2.0 */
/* A host at VMPL1 that asks for what is not its own by SVSM calls, and one that
 * leaves its debug registers behind. */
#include <string.h>

#include <hal/snp/cpu.h>
#include <hal/snp/pure/svsm.h>
#include <hal/snp/use.h>

#include "attack/machine_code.h"
#include "attack/snp_only.h"
#include "support/bare/puppet.h"
#include "support/bare/snp.h"

#define WORDS_AT 0xf00u /* snp_host.S */
#define CPU	 1u	/* another one of the host's */
#define NO_CPU	 99u
#define LARGE	 512u
#define VALIDATE 4u
#define ANYWAY	 8u /* though it is so already */

extern const uint8_t snp_host_call[], snp_host_call_end[];
extern const uint8_t snp_host_debug[], snp_host_debug_end[];

void snp_execute(uint64_t page, const uint8_t *from, const uint8_t *to,
	uint64_t words[SNP_WORDS])
{
	machine_put(page, from, (size_t)(to - from));
	ask_put(page, WORDS_AT, words, SNP_WORDS * sizeof(words[0]));
	puppet_mail()->va = CBX_DIRECT_VA + (page << CBX_PAGE_SHIFT);
	assert_true(puppet_do(PUPPET_CALL));
	ask_page(page, WORDS_AT, words, SNP_WORDS * sizeof(words[0]));
}

/* @return RAX of the answer */
static uint32_t svsm(
	enum cbx_svsm_call id, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	const uint64_t area = cbx_snp_vcpus[cbx_hal_cpu()].area.n
			      << CBX_PAGE_SHIFT;
	uint64_t words[SNP_WORDS] = { CBX_DIRECT_VA + area, id, rcx, rdx, r8 };

	do {
		words[1] = id;
		snp_execute(machine_pages(1), snp_host_call, snp_host_call_end,
			words);
	} while (words[1] == CBX_SVSM_INCOMPLETE);
	return (uint32_t)words[1];
}

static uint64_t address(uint64_t pfn)
{
	return pfn << CBX_PAGE_SHIFT;
}

/* ---- M14 ---- */

/* PVALIDATE of one page, by a list in another. */
static uint32_t change(uint64_t list, uint64_t pfn, uint64_t bits)
{
	const uint64_t words[2] = { 1, address(pfn) | bits };

	machine_put(list, words, sizeof(words));
	return svsm(CBX_SVSM_PVALIDATE, address(list), 0, 0);
}

/* A page of another's is as it was, whatever it is called; a list is only read,
 * and counted, in a page of the host's. */
void attack_m14_hosts_calls_open_no_foreign_page(void **state)
{
	uint64_t list = machine_pages(1);
	uint64_t own = machine_pages(1);
	struct machine_box victim;
	uint64_t page[6];

	(void)state;
	attack_victim(&victim);
	page[0] = victim.data;
	page[1] = victim.handle;
	page[2] = victim.space;
	page[3] = machine_pool(1);
	page[4] = BARE_AREAS_PA >> CBX_PAGE_SHIFT;
	page[5] = cbx_snp_vcpus[CPU].vmsa.n;
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_not_equal(change(list, page[i], 0), CBX_SVSM_OK);
		assert_int_not_equal(
			change(list, page[i], VALIDATE), CBX_SVSM_OK);
		(void)change(list, page[i], ANYWAY);
		(void)change(list, page[i], VALIDATE | ANYWAY);
		assert_int_equal(
			svsm(CBX_SVSM_PVALIDATE, address(page[i]), 0, 0),
			CBX_SVSM_BAD_ADDRESS);
	}
	for (uint32_t i = 0; i < 4; i++) {
		attack_untouchable(page[i]);
	}
	assert_int_equal(change(list, own, 0), CBX_SVSM_OK);
	assert_int_equal(machine_state(own), CBX_PAGE_OPEN);
	assert_int_equal(change(list, own, VALIDATE), CBX_SVSM_OK);
	assert_int_equal(machine_state(own), CBX_PAGE_HOST);
	attack_unharmed(&victim);
}

/* ---- M21, H02 ---- */

static void refuse_create(uint64_t vmsa, uint64_t area, uint64_t cpu)
{
	assert_int_not_equal(
		svsm(CBX_SVSM_CREATE_VCPU, vmsa, area, cpu), CBX_SVSM_OK);
}

/* As registers or as an area, for whatever CPU. */
static void refuse_as_either(uint64_t pfn, uint64_t own)
{
	refuse_create(address(pfn), address(own), CPU);
	refuse_create(address(own), address(pfn), CPU);
	assert_int_not_equal(
		svsm(CBX_SVSM_REMAP_CA, address(pfn), 0, 0), CBX_SVSM_OK);
	assert_int_not_equal(
		svsm(CBX_SVSM_DELETE_VCPU, address(pfn), 0, 0), CBX_SVSM_OK);
}

/* Registers of VMPL0: not taken, and the host has the page back by writing. */
static void refuse_level(uint64_t page, uint64_t area)
{
	struct cbx_vmsa vmsa = *(const struct cbx_vmsa *)side_registers();

	vmsa.vmpl = 0;
	machine_put(page, &vmsa, sizeof(vmsa));
	refuse_create(address(page), address(area), CPU);
	assert_true(ask_host_write(page, 0, &vmsa, 1));
}

void attack_m21_registers_and_areas_are_the_hosts_own(void **state)
{
	uint64_t own = machine_pages(2);
	uint64_t large = own + LARGE - own % LARGE;
	struct machine_box victim;
	uint64_t page[4];

	(void)state;
	attack_victim(&victim);
	page[0] = victim.data;
	page[1] = victim.handle;
	page[2] = machine_pool(1);
	page[3] = BARE_AREAS_PA >> CBX_PAGE_SHIFT;
	for (uint32_t i = 0; i < 4; i++) {
		refuse_as_either(page[i], own);
	}
	refuse_create(address(own), address(own), CPU);
	refuse_create(address(own) + 8, address(own + 1), CPU);
	refuse_create(address(own), address(own + 1) + 8, CPU);
	refuse_create(address(large), address(own + 1), CPU);
	refuse_create(address(own), address(own + 1), NO_CPU);
	refuse_create(address(own), address(own + 1), CPU | 1ull << 32);
	refuse_level(own, own + 1);
	assert_int_equal(gate(VERSION).status, CBX_OK);
	attack_unharmed(&victim);
}

/* What another CPU of the host's runs from. */
void attack_h02_registers_in_use_are_not_given_away(void **state)
{
	const struct cbx_snp_vcpu before = cbx_snp_vcpus[CPU];
	uint64_t own = machine_pages(1);

	(void)state;
	refuse_create(address(before.vmsa.n), address(own), CPU);
	refuse_create(address(before.vmsa.n), address(own), 0);
	refuse_create(address(own), address(before.vmsa.n), CPU);
	refuse_create(address(own), address(before.area.n), 0);
	assert_int_not_equal(
		svsm(CBX_SVSM_REMAP_CA, address(before.area.n), 0, 0),
		CBX_SVSM_OK);
	assert_int_not_equal(
		svsm(CBX_SVSM_REMAP_CA, address(before.vmsa.n), 0, 0),
		CBX_SVSM_OK);
	assert_memory_equal(&cbx_snp_vcpus[CPU], &before, sizeof(before));
	attack_sound();
}

/* ---- X14 ---- */

#define DR7_NONE 0x400ull
#define DR7_BOTH 0xb0040full /* DR0 executed, eight bytes at DR1 touched */

static uint64_t dr7(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr7, %0" : "=r"(value));
	return value;
}

/* The host's breakpoints lie at a box's addresses: registers 0 to 3 no level has to
 * itself, number 7 each has. */
void attack_x14_nothing_watches_a_box(void **state)
{
	struct machine_box victim;
	uint64_t words[SNP_WORDS] = { 0 };
	uint64_t word;

	(void)state;
	attack_victim(&victim);
	words[0] = MACHINE_CODE(&victim);
	words[1] = ATTACK_SECRET_VA;
	words[4] = DR7_BOTH;
	snp_execute(
		machine_pages(1), snp_host_debug, snp_host_debug_end, words);
	assert_int_equal(dr7() & ~DR7_NONE, 0);
	box_must(&victim, TIME);
	assert_true(machine_read(&victim, ATTACK_SECRET_VA, &word));
	assert_int_equal(word, attack_secret[0]);
	assert_false(attack_ended(&victim));
	memset(words, 0, sizeof(words));
	words[4] = DR7_NONE;
	snp_execute(
		machine_pages(1), snp_host_debug, snp_host_debug_end, words);
	assert_int_equal(words[4], DR7_BOTH); /* they were the host's */
	attack_unharmed(&victim);
}
