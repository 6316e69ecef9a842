/* SPDX-License-Identifier: Apache-2.0 */
/* Ways into the monitor, or a kernel, where a box has none below it. */
#include <arch/x86_64/layout.h>
#include <hal/pks-vm/host.h>

#include "attack/machine_code.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

#define STACK MACHINE_FREE

/* A box has no way into the monitor's half, nor into what it is lent. */
void attack_g01_jump_into_the_stub_gains_nothing(void **state)
{
	static const uint64_t places[] = { CBX_IMAGE_VA, CBX_IMAGE_VA + 0x20,
		CBX_IMAGE_VA + 0x1000, CBX_CPU_STATE_VA, CBX_CPU_SCRATCH_VA,
		CBX_REPLY_VA, CBX_DIRECT_VA, CBX_KERNEL_VA };
	static const uint64_t none[CBX_CALL_ARGS];
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct machine_box box;

		machine_box(&box);
		assert_false(
			mail_call(&box, BOXCODE_EXECUTE, places[i], 0, none));
		assert_true(attack_ended(&box));
		assert_int_equal(box.exit.ret[2], CBX_END_FAULT);
	}
	attack_unharmed(&victim);
}

static void upcall_box(struct machine_box *box)
{
	attack_victim(box);
	box_must(box, MAP, 0, STACK, 1, RW);
	box_must(box, UPCALL_ENTRY, MACHINE_CODE(box) + CBX_PAGE_SIZE,
		STACK + CBX_PAGE_SIZE);
}

static void assert_trapped(struct machine_box *box, uint64_t number)
{
	static const uint64_t none[CBX_CALL_ARGS];
	const struct machine_script *script = &box->script[0];
	uint64_t before = script->upcalls;

	assert_true(mail_call(box, BOXCODE_SYSCALL, 0, number, none));
	assert_int_equal(script->upcalls, before + 1);
	assert_int_equal(script->upcall.kind, CBX_UPCALL_SYSCALL);
	assert_int_equal(script->upcall.code, (uint32_t)number);
}

/* Every number is an up-call of the box's; other ways are faults. */
void attack_a02_no_entry_into_the_kernel_is_open(void **state)
{
	static const uint64_t odd[] = { 0x40000009, 0x7fffffff, 0xffffffff,
		0x0cbf1000, 0x0cbeffff };
	static const uint8_t *const ways[] = { boxcode_int80, boxcode_sysenter,
		boxcode_vsyscall };
	static const uint64_t none[CBX_CALL_ARGS];
	struct machine_box box;

	(void)state;
	upcall_box(&box);
	for (uint64_t number = 0; number < 480; number++) {
		assert_trapped(&box, number);
	}
	for (uint32_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_trapped(&box, odd[i]);
	}
	attack_unharmed(&box);
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		attack_victim(&box);
		assert_false(attack_instruction(&box, ways[i], none));
		assert_true(attack_ended(&box));
		attack_unharmed(&box);
	}
}
