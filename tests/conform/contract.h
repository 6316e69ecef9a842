/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of hal.h and arch.h, as a program that every backend has to
 * pass: what the core relies on, tried without the core.
 *
 * Code in boxes takes its orders from a page of mail (support/boxcode.h); on
 * mock a function reads the same page.
 */
#ifndef CBX_TESTS_CONFORM_CONTRACT_H
#define CBX_TESTS_CONFORM_CONTRACT_H

#include "support/ask.h"
#include "support/boxcode.h"
#include "support/check.h"

/* ---- the backend's part ---- */

/** Setup and teardown of a test. */
int contract_up(void **state);
int contract_down(void **state);

/** The bytes of a page, in place, until its view changes. */
void *contract_page(uint64_t pfn);

/** Put the code into two pages whose box will run it. */
void contract_code(uint64_t pfn);

/** Whether a program has registers that could be lost. */
bool contract_has_registers(void);

/** Whether the host has addresses of what it shares with a hypervisor. */
bool contract_host_names_shared(void);

/** CPU 0, this one, has been kicked. */
void contract_kick(void);

/** Kick CPU 0 from elsewhere, soon, until told to end. */
void contract_kicks(void);
void contract_kicks_end(void);

/** Make the hardware lose the space's contexts. @return false where it cannot */
bool contract_lose(struct cbx_arch_space *space);

/* ---- common ---- */

#define CONTRACT(test) \
	cmocka_unit_test_setup_teardown(test, contract_up, contract_down)

extern const struct CMUnitTest contract_memory[];
extern const size_t contract_memory_count;
extern const struct CMUnitTest contract_space[];
extern const size_t contract_space_count;
extern const struct CMUnitTest contract_vcpu[];
extern const size_t contract_vcpu_count;

/** From where on nobody uses RAM. */
void contract_pages_from(uint64_t first);

/** Pages in a row that the host has. */
struct cbx_pfn contract_host_pages(uint64_t count);

/** Pages in a row that nobody has, zero. */
struct cbx_pfn contract_pages(uint64_t count);

/** Set a view on pages, which must succeed, and see it flushed. */
void contract_view(struct cbx_pfn pfn, uint64_t count, uint8_t bits);

/** A box: one space, its code, mail, a page of data, and stacks. */
struct contract_box {
	struct cbx_arch_space *space;
	struct cbx_pfn mail;
	struct cbx_pfn data;
	uint64_t table_pages; /* given to it, its root included */
};
#define CONTRACT_CODE  0x400000ull
#define CONTRACT_DATA  BOXCODE_DATA
#define CONTRACT_FREE  0x10000000ull
#define CONTRACT_STACK 0xa00000ull /* a page for each slot's up-calls */
#define CONTRACT_SLOTS 4u
#define CONTRACT_RW    (CBX_RIGHT_R | CBX_RIGHT_W)

void contract_box(struct contract_box *box, uint32_t flags);

/** Map, with the tables that takes. */
void contract_map(struct contract_box *box, uint64_t va, struct cbx_pfn pfn,
	uint64_t count, uint8_t rights);

/** Destroy it, drain it, take every table back: each once. */
void contract_box_end(struct contract_box *box);

/** A context that begins at the code, with slot @p slot of the mail. */
struct cbx_arch_vcpu *contract_start(struct contract_box *box, uint32_t slot);

/** A slot of the mail. */
volatile struct boxcode_slot *contract_slot(
	const struct contract_box *box, uint32_t slot);

/** Give an order for the words already in the slot. */
void contract_order(volatile struct boxcode_slot *slot, uint64_t op);

/** Run until it stops for another reason than an interrupt. */
struct cbx_stop contract_run(
	struct cbx_arch_vcpu *vcpu, const struct cbx_reply *reply);

/** The code waits for an order: it made its gate PARK. */
void contract_assert_rests(const struct cbx_stop *stop);

/** Touch memory as the box. @return whether it came back from that; *stop says
 * why it stopped */
bool contract_touch(struct contract_box *box, struct cbx_arch_vcpu *vcpu,
	uint64_t op, uint64_t va, struct cbx_stop *stop);

#endif
