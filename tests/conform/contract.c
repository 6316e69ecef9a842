/* SPDX-License-Identifier: Apache-2.0 */
/* What the contract's tests share, and their main. */
#include <string.h>

#include "conform/contract.h"

#define GATE_PARK 0x112u

static uint64_t next_page;

void contract_pages_from(uint64_t first)
{
	next_page = first;
}

struct cbx_pfn contract_host_pages(uint64_t count)
{
	struct cbx_pfn first = { next_page };

	assert_true(cbx_range_fits(first.n, count, cbx_hal_page_count()));
	next_page += count;
	return first;
}

void contract_view(struct cbx_pfn pfn, uint64_t count, uint8_t bits)
{
	uint64_t done = UINT64_MAX;
	uint64_t token;

	assert_int_equal(
		cbx_hal_view_set(pfn, count, (struct cbx_view){ bits }, &done),
		CBX_OK);
	assert_int_equal(done, count);
	token = cbx_hal_view_flush();
	while (!cbx_hal_view_flushed(token)) {
		cbx_hal_cpu_relax();
	}
}

struct cbx_pfn contract_pages(uint64_t count)
{
	struct cbx_pfn first = contract_host_pages(count);

	contract_view(first, count, CBX_VIEW_NONE);
	cbx_hal_page_scrub(first, count);
	return first;
}

/* ---- boxes ---- */

void contract_map(struct contract_box *box, uint64_t va, struct cbx_pfn pfn,
	uint64_t count, uint8_t rights)
{
	const struct cbx_va at = { va };
	uint64_t tables = cbx_arch_space_tables(box->space, at, count);
	uint64_t done = UINT64_MAX;

	box->table_pages += tables;
	for (; tables != 0; tables--) {
		cbx_arch_space_table_give(box->space, contract_pages(1));
	}
	assert_int_equal(cbx_arch_space_tables(box->space, at, count), 0);
	assert_int_equal(cbx_arch_space_map(box->space, at, pfn, count,
				 (struct cbx_rights){ rights }, &done),
		CBX_OK);
	assert_int_equal(done, count);
}

void contract_box(struct contract_box *box, uint32_t flags)
{
	struct cbx_pfn code = contract_pages(BOXCODE_PAGES);

	*box = (struct contract_box){
		.space = contract_page(contract_pages(1).n),
		.mail = contract_pages(1),
		.data = contract_pages(1),
		.table_pages = 1,
	};
	contract_code(code.n);
	assert_int_equal(
		cbx_arch_space_create(box->space, contract_pages(1), flags),
		CBX_OK);
	contract_map(box, CONTRACT_CODE, code, BOXCODE_PAGES,
		CBX_RIGHT_R | CBX_RIGHT_X);
	contract_map(box, BOXCODE_MAIL, box->mail, 1, CONTRACT_RW);
	contract_map(box, CONTRACT_DATA, box->data, 1, CONTRACT_RW);
	contract_map(box, CONTRACT_STACK, contract_pages(CONTRACT_SLOTS),
		CONTRACT_SLOTS, CONTRACT_RW);
}

void contract_box_end(struct contract_box *box)
{
	struct cbx_va va = { 0 };
	struct cbx_mapping mapping;
	struct cbx_pfn table;
	uint64_t tables = 0;
	uint64_t token;
	uint64_t done;

	cbx_arch_space_destroy(box->space);
	token = cbx_arch_space_flush(box->space);
	while (!cbx_arch_space_flushed(box->space, token)) {
		cbx_hal_cpu_relax();
	}
	while (cbx_arch_space_next(box->space, &va, &mapping)) {
		assert_int_equal(
			cbx_arch_space_unmap(box->space, va, 1, &done), CBX_OK);
		assert_int_equal(done, 1);
	}
	while (cbx_arch_space_table_take(box->space, &table)) {
		tables++;
	}
	assert_int_equal(tables, box->table_pages);
}

struct cbx_arch_vcpu *contract_start(struct contract_box *box, uint32_t slot)
{
	const struct cbx_vcpu_start start = {
		.entry = CONTRACT_CODE,
		.stack = CONTRACT_STACK + (slot + 1ull) * CBX_PAGE_SIZE,
		.arg = slot,
	};
	struct cbx_arch_vcpu *vcpu = contract_page(contract_pages(1).n);

	assert_int_equal(cbx_arch_vcpu_init(vcpu, box->space, &start), CBX_OK);
	return vcpu;
}

volatile struct boxcode_slot *contract_slot(
	const struct contract_box *box, uint32_t slot)
{
	uint8_t *mail = contract_page(box->mail.n);

	return (struct boxcode_slot *)(void *)(mail + slot * BOXCODE_SLOT);
}

void contract_order(volatile struct boxcode_slot *slot, uint64_t op)
{
	slot->op = op;
	slot->seq++;
}

struct cbx_stop contract_run(
	struct cbx_arch_vcpu *vcpu, const struct cbx_reply *reply)
{
	struct cbx_stop stop;

	memset(&stop, 0x5a, sizeof(stop));
	cbx_arch_vcpu_run(vcpu, reply, &stop);
	while (stop.kind == CBX_STOP_INTERRUPTED) {
		cbx_arch_vcpu_run(vcpu, NULL, &stop);
	}
	return stop;
}

void contract_assert_rests(const struct cbx_stop *stop)
{
	assert_int_equal(stop->kind, CBX_STOP_GATE);
	assert_int_equal(stop->call.id, GATE_PARK);
}

bool contract_touch(struct contract_box *box, struct cbx_arch_vcpu *vcpu,
	uint64_t op, uint64_t va, struct cbx_stop *stop)
{
	const struct cbx_reply reply = { 0 };
	volatile struct boxcode_slot *slot = contract_slot(box, 0);

	slot->address = va;
	contract_order(slot, op);
	*stop = contract_run(vcpu, &reply);
	return slot->done == slot->seq && slot->status == CBX_OK;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1) {
		cmocka_set_test_filter(argv[1]);
	}
	failed += _cmocka_run_group_tests("contract: memory", contract_memory,
		contract_memory_count, NULL, NULL);
	failed += _cmocka_run_group_tests("contract: spaces", contract_space,
		contract_space_count, NULL, NULL);
	failed += _cmocka_run_group_tests("contract: contexts", contract_vcpu,
		contract_vcpu_count, NULL, NULL);
	return failed == 0 ? 0 : 1;
}
