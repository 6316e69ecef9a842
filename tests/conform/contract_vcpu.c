/* SPDX-License-Identifier: Apache-2.0 */
/* arch.h: box CPU contexts. */
#include "conform/contract.h"

#define UPCALL (CONTRACT_CODE + CBX_PAGE_SIZE)

static const struct cbx_reply empty;

static struct cbx_arch_vcpu *rest(struct contract_box *box, uint32_t flags)
{
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;

	contract_box(box, flags);
	vcpu = contract_start(box, 0);
	stop = contract_run(vcpu, NULL);
	contract_assert_rests(&stop);
	return vcpu;
}

static void end(struct contract_box *box, struct cbx_arch_vcpu *vcpu)
{
	cbx_arch_vcpu_fini(vcpu);
	contract_box_end(box);
}

static void a_gate_brings_its_words_and_takes_its_reply(void **state)
{
	struct cbx_reply reply = { .status = 7 };
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	for (uint32_t round = 1; round < 4; round++) {
		slot->id = 0x110 + round;
		for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
			slot->arg[i] = 0xfedcba9800000000 + round * 16 + i;
		}
		for (uint32_t i = 0; i < CBX_REPLY_RETS; i++) {
			reply.ret[i] = 0x8000000000000000 + round * 16 + i;
		}
		contract_order(slot, BOXCODE_GATE);
		stop = contract_run(vcpu, &empty);
		assert_int_equal(stop.kind, CBX_STOP_GATE);
		assert_int_equal(stop.call.id, 0x110 + round);
		assert_int_equal(stop.call.reserved, 0);
		for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
			assert_int_equal(stop.call.arg[i], slot->arg[i]);
		}
		stop = contract_run(vcpu, &reply);
		contract_assert_rests(&stop);
		assert_int_equal(slot->done, slot->seq);
		assert_int_equal(slot->reply.status, 7);
		for (uint32_t i = 0; i < CBX_REPLY_RETS; i++) {
			assert_int_equal(slot->reply.ret[i], reply.ret[i]);
		}
	}
	end(&box, vcpu);
}

static void contexts_of_one_space_take_turns(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu[3];
	struct cbx_stop stop;

	(void)state;
	contract_box(&box, 0);
	for (uint32_t i = 0; i < 3; i++) {
		vcpu[i] = contract_start(&box, i);
		stop = contract_run(vcpu[i], NULL);
		contract_assert_rests(&stop);
	}
	for (uint32_t i = 0; i < 3; i++) { /* all ask, then all get */
		contract_slot(&box, i)->id = 0x180 + i;
		contract_order(contract_slot(&box, i), BOXCODE_GATE);
		stop = contract_run(vcpu[i], &empty);
		assert_int_equal(stop.kind, CBX_STOP_GATE);
		assert_int_equal(stop.call.id, 0x180 + i);
	}
	for (uint32_t i = 3; i-- > 0;) {
		const struct cbx_reply reply = { .ret = { 100 + i } };

		stop = contract_run(vcpu[i], &reply);
		contract_assert_rests(&stop);
		assert_int_equal(contract_slot(&box, i)->reply.ret[0], 100 + i);
	}
	cbx_arch_vcpu_fini(vcpu[1]); /* the others do not mind */
	contract_order(contract_slot(&box, 2), BOXCODE_GATE);
	stop = contract_run(vcpu[2], &empty);
	assert_int_equal(stop.call.id, 0x182);
	cbx_arch_vcpu_fini(vcpu[0]);
	cbx_arch_vcpu_fini(vcpu[2]);
	contract_box_end(&box);
}

static void a_fault_nobody_takes_stops_the_context(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	struct cbx_stop stop;

	(void)state;
	assert_false(contract_touch(
		&box, vcpu, BOXCODE_READ, CONTRACT_FREE + 0x123 * 8, &stop));
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(stop.fault, CBX_FAULT_READ);
	assert_int_equal(stop.address.a, CONTRACT_FREE + 0x123 * 8);
	end(&box, vcpu);
}

static void a_fault_is_an_up_call_where_there_is_an_entry(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	cbx_arch_vcpu_upcall_entry(vcpu, UPCALL, 0);
	assert_false(contract_touch(
		&box, vcpu, BOXCODE_WRITE, CONTRACT_FREE, &stop));
	contract_assert_rests(&stop);
	assert_int_equal(slot->upcalls, 1);
	assert_int_equal(slot->upcall.kind, CBX_UPCALL_FAULT);
	assert_int_equal(slot->upcall.code, CBX_FAULT_WRITE);
	assert_int_equal(slot->upcall.value, CONTRACT_FREE);
	cbx_arch_vcpu_upcall_entry(vcpu, 0, 0);
	assert_false(
		contract_touch(&box, vcpu, BOXCODE_READ, CONTRACT_FREE, &stop));
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(slot->upcalls, 1);
	end(&box, vcpu);
}

static void a_system_call_is_an_up_call_or_a_fault(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	slot->id = 39;
	cbx_arch_vcpu_upcall_entry(vcpu, UPCALL, 0);
	assert_true(contract_touch(&box, vcpu, BOXCODE_SYSCALL, 0, &stop));
	contract_assert_rests(&stop);
	assert_int_equal(slot->upcalls, 1);
	assert_int_equal(slot->upcall.kind, CBX_UPCALL_SYSCALL);
	assert_int_equal(slot->upcall.code, 39);
	cbx_arch_vcpu_upcall_entry(vcpu, 0, 0);
	assert_false(contract_touch(&box, vcpu, BOXCODE_SYSCALL, 0, &stop));
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(stop.fault, CBX_FAULT_INSTRUCTION);
	end(&box, vcpu);
}

static void a_traced_system_call_stops_first(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, CBX_SPACE_TRACE);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	cbx_arch_vcpu_upcall_entry(vcpu, UPCALL, 0);
	slot->id = 257;
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		slot->arg[i] = 1000 + i;
	}
	contract_order(slot, BOXCODE_SYSCALL);
	stop = contract_run(vcpu, &empty);
	assert_int_equal(stop.kind, CBX_STOP_TRACE);
	assert_int_equal(stop.call.id, 257);
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		assert_int_equal(stop.call.arg[i], 1000 + i);
	}
	assert_int_equal(slot->upcalls, 0);
	stop = contract_run(vcpu, NULL);
	contract_assert_rests(&stop);
	assert_int_equal(slot->upcalls, 1);
	assert_int_equal(slot->upcall.code, 257);
	assert_int_equal(slot->done, slot->seq);
	end(&box, vcpu);
}

static void a_deadline_is_an_up_call_at_the_next_run(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	cbx_arch_vcpu_upcall_entry(vcpu, UPCALL, 0);
	cbx_arch_vcpu_upcall(vcpu, CBX_UPCALL_DEADLINE, 0x1234567890);
	slot->id = 0x150;
	contract_order(slot, BOXCODE_GATE);
	stop = contract_run(vcpu, &empty);
	assert_int_equal(stop.kind, CBX_STOP_GATE);
	assert_int_equal(slot->upcalls, 1);
	assert_int_equal(slot->upcall.kind, CBX_UPCALL_DEADLINE);
	assert_int_equal(slot->upcall.value, 0x1234567890);
	if (stop.call.id != 0x150) { /* on its way from the gate before */
		stop = contract_run(vcpu, &empty);
	}
	assert_int_equal(stop.call.id, 0x150);
	end(&box, vcpu);
}

static void a_kick_before_the_run_interrupts_it(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	struct cbx_stop stop;

	(void)state;
	contract_kick();
	cbx_arch_vcpu_run(vcpu, &empty, &stop);
	assert_int_equal(stop.kind, CBX_STOP_INTERRUPTED);
	cbx_arch_vcpu_run(vcpu, NULL, &stop); /* once */
	contract_assert_rests(&stop);
	end(&box, vcpu);
}

static void a_kick_interrupts_a_box_that_spins(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	contract_order(slot, BOXCODE_SPIN);
	contract_kicks();
	cbx_arch_vcpu_run(vcpu, &empty, &stop);
	assert_int_equal(stop.kind, CBX_STOP_INTERRUPTED);
	for (uint32_t i = 0; i < 20; i++) {
		cbx_arch_vcpu_run(vcpu, NULL, &stop);
		assert_int_equal(stop.kind, CBX_STOP_INTERRUPTED);
	}
	contract_kicks_end();
	assert_int_equal(slot->done, slot->seq);
	slot->id = 0x160;
	contract_order(slot, BOXCODE_GATE); /* it is where it was */
	stop = contract_run(vcpu, NULL);
	assert_int_equal(stop.kind, CBX_STOP_GATE);
	assert_int_equal(stop.call.id, 0x160);
	end(&box, vcpu);
}

static void registers_are_kept_across_gates(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	if (!contract_has_registers()) {
		end(&box, vcpu);
		skip();
	}
	for (uint64_t i = 1; i < 20; i++) {
		slot->id = 0x170;
		slot->arg[0] = i << 56 | i << 20;
		slot->word = UINT64_MAX;
		contract_order(slot, BOXCODE_KEEP);
		stop = contract_run(vcpu, &empty);
		assert_int_equal(stop.call.id, 0x170);
		stop = contract_run(vcpu, &empty);
		contract_assert_rests(&stop);
		assert_int_equal(slot->word, 0);
	}
	end(&box, vcpu);
}

static void registers_are_kept_across_interrupts(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	volatile struct boxcode_slot *slot = contract_slot(&box, 0);
	struct cbx_stop stop;

	(void)state;
	if (!contract_has_registers()) {
		end(&box, vcpu);
		skip();
	}
	slot->arg[0] = 0x00c0ffee00000000;
	slot->word = UINT64_MAX;
	slot->stop = 0;
	contract_order(slot, BOXCODE_HOLD);
	contract_kicks();
	cbx_arch_vcpu_run(vcpu, &empty, &stop);
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(stop.kind, CBX_STOP_INTERRUPTED);
		cbx_arch_vcpu_run(vcpu, NULL, &stop);
	}
	contract_kicks_end();
	slot->stop = 1;
	stop = contract_run(vcpu, NULL);
	contract_assert_rests(&stop);
	assert_int_equal(slot->word, 0);
	end(&box, vcpu);
}

static void a_lost_context_says_so_for_ever(void **state)
{
	struct contract_box box;
	struct cbx_arch_vcpu *vcpu = rest(&box, 0);
	struct cbx_stop stop;
	uint64_t done;

	(void)state;
	if (!contract_lose(box.space)) {
		end(&box, vcpu);
		print_message("skipped: a context is memory of the monitor's, "
			      "which nothing can lose\n");
		skip();
	}
	stop = contract_run(vcpu, &empty);
	assert_int_equal(stop.kind, CBX_STOP_LOST);
	stop = contract_run(vcpu, NULL);
	assert_int_equal(stop.kind, CBX_STOP_LOST);
	/* Its table goes on working. */
	assert_int_equal(cbx_arch_space_unmap(box.space,
				 (struct cbx_va){ CONTRACT_DATA }, 1, &done),
		CBX_OK);
	end(&box, vcpu);
}

const struct CMUnitTest contract_vcpu[] = {
	CONTRACT(a_gate_brings_its_words_and_takes_its_reply),
	CONTRACT(contexts_of_one_space_take_turns),
	CONTRACT(a_fault_nobody_takes_stops_the_context),
	CONTRACT(a_fault_is_an_up_call_where_there_is_an_entry),
	CONTRACT(a_system_call_is_an_up_call_or_a_fault),
	CONTRACT(a_traced_system_call_stops_first),
	CONTRACT(a_deadline_is_an_up_call_at_the_next_run),
	CONTRACT(a_kick_before_the_run_interrupts_it),
	CONTRACT(a_kick_interrupts_a_box_that_spins),
	CONTRACT(registers_are_kept_across_gates),
	CONTRACT(registers_are_kept_across_interrupts),
	CONTRACT(a_lost_context_says_so_for_ever),
};
const size_t contract_vcpu_count =
	sizeof(contract_vcpu) / sizeof(contract_vcpu[0]);
