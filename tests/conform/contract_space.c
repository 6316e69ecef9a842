/* SPDX-License-Identifier: Apache-2.0 */
/* arch.h: address spaces. */
#include "conform/contract.h"

static void rest(struct contract_box *box, struct cbx_arch_vcpu **vcpu)
{
	struct cbx_stop stop;

	contract_box(box, 0);
	*vcpu = contract_start(box, 0);
	stop = contract_run(*vcpu, NULL);
	contract_assert_rests(&stop);
}

static void end(struct contract_box *box, struct cbx_arch_vcpu *vcpu)
{
	cbx_arch_vcpu_fini(vcpu);
	contract_box_end(box);
}

static void flush(struct contract_box *box)
{
	uint64_t token = cbx_arch_space_flush(box->space);

	assert_true(token >= 1);
	assert_true(cbx_arch_space_flushed(box->space, 0));
	while (!cbx_arch_space_flushed(box->space, token)) {
		cbx_hal_cpu_relax();
	}
}

static void an_empty_space_maps_nothing(void **state)
{
	struct contract_box box = {
		.space = contract_page(contract_pages(1).n),
		.table_pages = 1,
	};
	struct cbx_va va = { 0 };
	struct cbx_mapping mapping;

	(void)state;
	assert_int_equal(
		cbx_arch_space_create(box.space, contract_pages(1), 0), CBX_OK);
	assert_false(cbx_arch_space_next(box.space, &va, &mapping));
	assert_false(cbx_arch_space_lookup(
		box.space, (struct cbx_va){ CONTRACT_FREE }, &mapping));
	contract_box_end(&box);
}

static void what_is_mapped_is_found_in_order(void **state)
{
	static const uint64_t at[] = { CBX_VA_MIN, CONTRACT_FREE, 1ull << 30,
		(1ull << 39) - 2 * CBX_PAGE_SIZE,
		CBX_VA_MAX - 2 * CBX_PAGE_SIZE };
	struct contract_box box;
	struct cbx_mapping mapping;
	struct cbx_va va = { CONTRACT_FREE };

	(void)state;
	contract_box(&box, 0);
	for (uint32_t i = 0; i < 5; i++) {
		struct cbx_pfn pfn = contract_pages(2);
		struct cbx_va second = { at[i] + CBX_PAGE_SIZE };

		contract_map(&box, at[i], pfn, 2, CONTRACT_RW);
		assert_true(cbx_arch_space_lookup(box.space, second, &mapping));
		assert_int_equal(mapping.pfn.n, pfn.n + 1);
		assert_int_equal(mapping.rights.bits, CONTRACT_RW);
	}
	for (uint32_t i = 1; i < 5; i++) {
		assert_true(cbx_arch_space_next(box.space, &va, &mapping));
		assert_int_equal(va.a, at[i]);
		va = cbx_va_add(va, 1);
		assert_true(cbx_arch_space_next(box.space, &va, &mapping));
		assert_int_equal(va.a, at[i] + CBX_PAGE_SIZE);
		va = cbx_va_add(va, 1);
	}
	assert_false(cbx_arch_space_next(box.space, &va, &mapping));
	contract_box_end(&box);
}

static void a_box_reaches_what_is_mapped_with_its_rights(void **state)
{
	static const struct {
		uint8_t rights;
		uint64_t op;
		bool may;
	} cases[] = {
		{ CBX_RIGHT_R, BOXCODE_READ, true },
		{ CBX_RIGHT_R, BOXCODE_WRITE, false },
		{ CBX_RIGHT_R, BOXCODE_EXECUTE, false },
		{ CONTRACT_RW, BOXCODE_READ, true },
		{ CONTRACT_RW, BOXCODE_WRITE, true },
		{ CONTRACT_RW, BOXCODE_EXECUTE, false },
		{ CBX_RIGHT_R | CBX_RIGHT_X, BOXCODE_READ, true },
		{ CBX_RIGHT_R | CBX_RIGHT_X, BOXCODE_WRITE, false },
		{ CBX_RIGHT_R | CBX_RIGHT_X, BOXCODE_EXECUTE, true },
	};
	static const uint8_t come_back[] = { 0x41, 0xff, 0xe6 }; /* jmp *%r14 */

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct contract_box box;
		struct cbx_arch_vcpu *vcpu;
		struct cbx_stop stop;
		struct cbx_pfn pfn = contract_pages(1);

		rest(&box, &vcpu);
		ask_put(pfn.n, 0, come_back, sizeof(come_back));
		contract_map(&box, CONTRACT_FREE, pfn, 1, cases[i].rights);
		assert_int_equal(contract_touch(&box, vcpu, cases[i].op,
					 CONTRACT_FREE, &stop),
			cases[i].may);
		if (!cases[i].may) {
			assert_int_equal(stop.kind, CBX_STOP_FAULT);
			assert_int_equal(stop.address.a, CONTRACT_FREE);
			assert_int_equal(
				stop.fault, cases[i].op == BOXCODE_WRITE
						    ? CBX_FAULT_WRITE
						    : CBX_FAULT_EXECUTE);
		}
		end(&box, vcpu);
	}
}

/* A box with text that may only be executed, and perhaps could be read before,
 * does @p op to it. @return whether that was let */
static bool touch_text(bool before, uint64_t op, struct cbx_stop *stop)
{
	static const uint8_t come_back[] = { 0x41, 0xff, 0xe6 }; /* jmp *%r14 */
	const struct cbx_rights only = { CBX_RIGHT_X };
	const struct cbx_va va = { CONTRACT_FREE };
	struct cbx_pfn pfn = contract_pages(1);
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu;
	uint64_t done;
	bool let;

	rest(&box, &vcpu);
	ask_put(pfn.n, 0, come_back, sizeof(come_back));
	contract_map(&box, va.a, pfn, 1,
		before ? CBX_RIGHT_R | CBX_RIGHT_X : CBX_RIGHT_X);
	if (before) {
		assert_true(
			contract_touch(&box, vcpu, BOXCODE_READ, va.a, stop));
		assert_int_equal(
			cbx_arch_space_protect(box.space, va, 1, only, &done),
			CBX_OK);
		flush(&box);
	}
	let = contract_touch(&box, vcpu, op, va.a, stop);
	assert_true(let ||
		    (stop->kind == CBX_STOP_FAULT && stop->address.a == va.a));
	end(&box, vcpu);
	return let;
}

static void text_is_hidden_where_caps_say_so(void **state)
{
	bool hides = (cbx_hal_caps().bits & CBX_CAP_BOX_EXECUTE_ONLY) != 0;
	struct cbx_stop stop;

	(void)state;
	for (uint32_t before = 0; before < 2; before++) {
		assert_true(touch_text(before, BOXCODE_EXECUTE, &stop));
		assert_false(touch_text(before, BOXCODE_WRITE, &stop));
		assert_int_equal(stop.fault, CBX_FAULT_WRITE);
		assert_int_equal(
			touch_text(before, BOXCODE_READ, &stop), !hides);
		assert_true(!hides || stop.fault == CBX_FAULT_READ);
	}
}

static void bytes_are_the_pages_whoever_wrote_them(void **state)
{
	const uint64_t word = 0x0123456789abcdef;
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;
	struct cbx_pfn pfn = contract_pages(1);
	uint64_t got;

	(void)state;
	rest(&box, &vcpu);
	contract_map(&box, CONTRACT_FREE, pfn, 1, CONTRACT_RW);
	contract_map(&box, CONTRACT_FREE + (1ull << 32), pfn, 1, CBX_RIGHT_R);
	contract_slot(&box, 0)->word = word;
	assert_true(contract_touch(
		&box, vcpu, BOXCODE_WRITE, CONTRACT_FREE + 8, &stop));
	ask_page(pfn.n, 8, &got, sizeof(got));
	assert_int_equal(got, word);
	assert_true(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + (1ull << 32) + 8, &stop));
	assert_int_equal(contract_slot(&box, 0)->word, word);
	end(&box, vcpu);
}

static void rights_taken_away_are_gone_after_the_flush(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;
	struct cbx_mapping mapping;
	uint64_t done;

	(void)state;
	rest(&box, &vcpu);
	contract_map(&box, CONTRACT_FREE, contract_pages(3), 3, CONTRACT_RW);
	assert_true(contract_touch(&box, vcpu, BOXCODE_WRITE,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_int_equal(
		cbx_arch_space_protect(box.space,
			(struct cbx_va){ CONTRACT_FREE + CBX_PAGE_SIZE }, 1,
			(struct cbx_rights){ CBX_RIGHT_R }, &done),
		CBX_OK);
	assert_int_equal(done, 1);
	flush(&box);
	assert_true(cbx_arch_space_lookup(box.space,
		(struct cbx_va){ CONTRACT_FREE + CBX_PAGE_SIZE }, &mapping));
	assert_int_equal(mapping.rights.bits, CBX_RIGHT_R);
	assert_true(contract_touch(&box, vcpu, BOXCODE_WRITE,
		CONTRACT_FREE + 2 * CBX_PAGE_SIZE, &stop));
	assert_true(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_false(contract_touch(&box, vcpu, BOXCODE_WRITE,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_int_equal(stop.fault, CBX_FAULT_WRITE);
	end(&box, vcpu);
}

static void a_replaced_page_is_another_after_the_flush(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;
	struct cbx_mapping mapping;
	struct cbx_pfn old = contract_pages(3);
	struct cbx_pfn new = contract_pages(1);
	uint64_t done;

	(void)state;
	rest(&box, &vcpu);
	contract_map(&box, CONTRACT_FREE, old, 3, CBX_RIGHT_R);
	assert_true(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_int_equal(
		cbx_arch_space_map(box.space,
			(struct cbx_va){ CONTRACT_FREE + CBX_PAGE_SIZE }, new,
			1, (struct cbx_rights){ CONTRACT_RW }, &done),
		CBX_OK);
	assert_int_equal(done, 1);
	flush(&box);
	assert_true(cbx_arch_space_lookup(box.space,
		(struct cbx_va){ CONTRACT_FREE + CBX_PAGE_SIZE }, &mapping));
	assert_int_equal(mapping.pfn.n, new.n);
	contract_slot(&box, 0)->word = 1234;
	assert_true(contract_touch(&box, vcpu, BOXCODE_WRITE,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_false(ask_zero(new.n));
	assert_true(ask_zero(old.n + 1));
	assert_true(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + 2 * CBX_PAGE_SIZE, &stop));
	assert_false(contract_touch(
		&box, vcpu, BOXCODE_WRITE, CONTRACT_FREE, &stop));
	assert_int_equal(stop.fault, CBX_FAULT_WRITE);
	end(&box, vcpu);
}

static void an_unmapped_page_is_gone_after_the_flush(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;
	struct cbx_mapping mapping;
	uint64_t done;

	(void)state;
	rest(&box, &vcpu);
	contract_map(&box, CONTRACT_FREE, contract_pages(3), 3, CONTRACT_RW);
	assert_true(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_int_equal(cbx_arch_space_unmap(box.space,
				 (struct cbx_va){ CONTRACT_FREE }, 2, &done),
		CBX_OK);
	assert_int_equal(done, 2);
	flush(&box);
	assert_false(cbx_arch_space_lookup(
		box.space, (struct cbx_va){ CONTRACT_FREE }, &mapping));
	assert_true(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + 2 * CBX_PAGE_SIZE, &stop));
	assert_false(contract_touch(&box, vcpu, BOXCODE_READ,
		CONTRACT_FREE + CBX_PAGE_SIZE, &stop));
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(stop.fault, CBX_FAULT_READ);
	assert_int_equal(stop.address.a, CONTRACT_FREE + CBX_PAGE_SIZE);
	end(&box, vcpu);
}

static void a_window_is_the_boxs_and_the_hosts(void **state)
{
	const uint64_t word = 0x77001122aabbccdd;
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;
	struct cbx_pfn pfn = contract_pages(1);
	uint64_t got;

	(void)state;
	rest(&box, &vcpu);
	contract_view(pfn, 1, CBX_VIEW_R | CBX_VIEW_W);
	contract_map(&box, CONTRACT_FREE, pfn, 1, CONTRACT_RW);
	assert_true(ask_host_write(pfn.n, 0, &word, sizeof(word)));
	assert_true(
		contract_touch(&box, vcpu, BOXCODE_READ, CONTRACT_FREE, &stop));
	assert_int_equal(contract_slot(&box, 0)->word, word);
	contract_slot(&box, 0)->word = ~word;
	assert_true(contract_touch(
		&box, vcpu, BOXCODE_WRITE, CONTRACT_FREE + 8, &stop));
	assert_true(ask_host_read(pfn.n, 8, &got, sizeof(got)));
	assert_int_equal(got, ~word);
	end(&box, vcpu);
}

static void two_spaces_are_apart(void **state)
{
	struct contract_box box[2];
	struct cbx_arch_vcpu *vcpu[2];
	struct cbx_stop stop;

	(void)state;
	rest(&box[0], &vcpu[0]);
	rest(&box[1], &vcpu[1]);
	contract_map(&box[0], CONTRACT_FREE, contract_pages(1), 1, CONTRACT_RW);
	contract_slot(&box[0], 0)->word = 1234;
	assert_true(contract_touch(
		&box[0], vcpu[0], BOXCODE_WRITE, CONTRACT_DATA, &stop));
	assert_true(contract_touch(
		&box[1], vcpu[1], BOXCODE_READ, CONTRACT_DATA, &stop));
	assert_int_equal(contract_slot(&box[1], 0)->word, 0);
	assert_false(contract_touch(
		&box[1], vcpu[1], BOXCODE_READ, CONTRACT_FREE, &stop));
	end(&box[0], vcpu[0]);
	end(&box[1], vcpu[1]);
}

static void a_destroyed_space_still_answers(void **state)
{
	struct contract_box box;
	struct cbx_mapping mapping;

	(void)state;
	contract_box(&box, 0);
	cbx_arch_space_destroy(box.space);
	flush(&box);
	assert_true(cbx_arch_space_lookup(
		box.space, (struct cbx_va){ CONTRACT_DATA }, &mapping));
	assert_int_equal(mapping.pfn.n, box.data.n);

	struct cbx_va va = { 0 };
	uint64_t done;
	uint64_t tables = 0;
	struct cbx_pfn table;

	while (cbx_arch_space_next(box.space, &va, &mapping)) {
		assert_int_equal(
			cbx_arch_space_unmap(box.space, va, 1, &done), CBX_OK);
	}
	while (cbx_arch_space_table_take(box.space, &table)) {
		tables++;
	}
	assert_int_equal(tables, box.table_pages);
}

const struct CMUnitTest contract_space[] = {
	CONTRACT(an_empty_space_maps_nothing),
	CONTRACT(what_is_mapped_is_found_in_order),
	CONTRACT(a_box_reaches_what_is_mapped_with_its_rights),
	CONTRACT(text_is_hidden_where_caps_say_so),
	CONTRACT(bytes_are_the_pages_whoever_wrote_them),
	CONTRACT(rights_taken_away_are_gone_after_the_flush),
	CONTRACT(a_replaced_page_is_another_after_the_flush),
	CONTRACT(an_unmapped_page_is_gone_after_the_flush),
	CONTRACT(a_window_is_the_boxs_and_the_hosts),
	CONTRACT(two_spaces_are_apart),
	CONTRACT(a_destroyed_space_still_answers),
};
const size_t contract_space_count =
	sizeof(contract_space) / sizeof(contract_space[0]);
