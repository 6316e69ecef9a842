/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on the stub: jumps into it, and frames. */
#include <string.h>

#include <hal/linux/layout.h>

#include "attack/attack.h"
#include "attack/linux_only.h"
#include "support/ask.h"
#include "support/mail.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

static const uint64_t no_args[CBX_CALL_ARGS];

/* ---- the stub ---- */

/* Wherever a thread jumps to with registers as for a map of the private file,
 * the box maps nothing.  @return whether it is over */
static bool jump(uint64_t to)
{
	const uint64_t arg[CBX_CALL_ARGS] = { MACHINE_FREE, CBX_PAGE_SIZE, RW,
		0x11, CBX_STUB_FD_PRIVATE, 0 };
	struct machine_box box;
	uint64_t word;
	bool over;

	machine_box(&box);
	attack_kicks(1, box.handle);
	(void)mail_call(&box, BOXCODE_JUMP, to, 9, arg);
	attack_kicks_end(1);
	over = attack_ended(&box);
	(void)attack_maps_as_said(&box);
	assert_false(machine_read(&box, MACHINE_FREE, &word));
	machine_erase(&box);
	return over;
}

void attack_g01_jump_into_the_stub_gains_nothing(void **state)
{
	struct machine_box victim;
	uint64_t address[8];
	uint32_t calls;

	(void)state;
	attack_victim(&victim);
	calls = attack_stub_calls(&victim, address, 8);
	assert_true(calls >= 4);
	for (uint32_t i = 0; i < calls; i++) {
		assert_true(jump(address[i]));
	}
	for (uint64_t at = 0; at < 0x180; at += 7) {
		(void)jump(CBX_STUB_TEXT + at);
	}
	attack_unharmed(&victim);
}

void attack_x03_forged_return_frame_is_refused(void **state)
{
	struct machine_box victim;
	uint64_t address[8];
	uint32_t calls;

	(void)state;
	attack_victim(&victim);
	calls = attack_stub_calls(&victim, address, 8);
	for (uint32_t i = 0; i < calls; i++) {
		struct machine_box box;

		machine_box(&box);
		assert_false(mail_call(&box, BOXCODE_JUMP, address[i],
			15 /* rt_sigreturn */, no_args));
		assert_true(attack_ended(&box));
		machine_erase(&box);
	}
	attack_unharmed(&victim);
}

static uint32_t enter_kicked(struct machine_box *box)
{
	uint32_t reason;

	attack_kicks(1, box->handle);
	reason = machine_enter(box);
	attack_kicks_end(1);
	return reason;
}

/* Enter until the box goes on with its forged frame, or is over: a kick that
 * was on its way meanwhile finds no frame of the kernel's. */
static bool enter_until_forged(struct machine_box *box)
{
	while (mail_of(box, 0)->word == 0) {
		uint32_t reason = enter_kicked(box);

		if (reason == CBX_EXIT_ENDED) {
			assert_true(attack_ended(box));
			return false;
		}
		assert_true(reason == CBX_EXIT_INTERRUPTED ||
			    reason == CBX_EXIT_IDLE);
	}
	return true;
}

/* A frame that masks every signal must not keep the box from being stopped. */
void attack_a10_forged_signal_frame_is_refused(void **state)
{
	const uint64_t arg[CBX_CALL_ARGS] = {
		CBX_SLOT_VA + CBX_SLOT_STACK + 0x1000, CBX_STUB_TEXT
	};
	uint32_t stopped = 0;

	(void)state;
	for (uint32_t i = 0; i < 20 && stopped < 3; i++) {
		static struct machine_box box;
		uint64_t started;

		machine_box(&box);
		memcpy(box.script[0].call.arg, arg, sizeof(arg));
		box.script[0].access = MAIL_OP + BOXCODE_EXECUTE;
		box.script[0].address =
			MACHINE_CODE(&box) +
			(uint64_t)(boxcode_forge - boxcode_begin);
		machine_begin(&box, 0);
		if (enter_until_forged(&box)) {
			started = cbx_hal_ticks();
			assert_int_equal(
				enter_kicked(&box), CBX_EXIT_INTERRUPTED);
			assert_true(cbx_hal_ticks() - started < 4000000000);
			stopped++;
		}
		machine_erase(&box);
	}
	assert_true(stopped != 0);
	attack_sound();
}
