/* SPDX-License-Identifier: Apache-2.0 */
/* What boxes of tests run, on mock: a function that reads the script itself. */
#include <string.h>

#include "support/actor.h"

const uint64_t actor_wake_step = 1000;

/* What is no gate call.  A refused access decides by itself. */
static void act(struct mock_box_cpu *box, struct machine_script *script)
{
	bool done = true;

	switch (script->access) {
	case MOCK_READ:
		done = mock_box_read(box, script->address, &script->word, 8);
		break;
	case MOCK_WRITE:
		done = mock_box_write(box, script->address, &script->word, 8);
		break;
	case MOCK_EXECUTE:
		done = mock_box_execute(box, script->address);
		break;
	case MACHINE_SYSCALL:
		mock_box_syscall(box, &script->call);
		return;
	case MACHINE_SPIN:
	default:
		memcpy(box->reg, script->call.arg, sizeof(script->call.arg));
		while (!mock_box_kicked(box)) {
			cbx_hal_cpu_relax();
		}
		break;
	}
	if (done) {
		script->reply.status = (uint64_t)CBX_OK;
		mock_box_interrupted(box);
	}
}

/* Begin a call, or touch memory; note what came of it. */
static void run_script(struct mock_box_cpu *box, void *arg)
{
	struct machine_box *self = arg;
	struct machine_script *script =
		&self->script[box->start.arg % MACHINE_THREADS];

	if (box->upcall != NULL) {
		script->upcalls++;
		script->upcall = *box->upcall;
		mock_box_return(box);
		mock_box_interrupted(box);
		return;
	}
	if (script->step == MACHINE_WAIT && box->reply != NULL) {
		script->reply = *box->reply;
		script->step = MACHINE_DONE;
	}
	if (script->step != MACHINE_CALL) {
		mock_box_interrupted(box);
		return;
	}
	if (script->access == 0) {
		script->step = MACHINE_WAIT;
		mock_box_gate(box, &script->call);
		return;
	}
	script->reply.status = (uint64_t)CBX_E_FAULT;
	/* Another CPU may wait for that: machine_finished(). */
	__atomic_store_n(&script->step, MACHINE_DONE, __ATOMIC_RELEASE);
	act(box, script);
}

void actor_code(struct machine_box *box)
{
	mock_program(MACHINE_CODE(box), run_script, box);
	mock_program(MACHINE_CODE(box) + CBX_PAGE_SIZE, run_script, box);
}

void actor_join(struct machine_box *box)
{
	(void)box;
}

void actor_order(struct machine_box *box, uint32_t thread)
{
	(void)box;
	(void)thread;
}

void actor_report(struct machine_box *box)
{
	(void)box;
}

void machine_wait(uint64_t ticks)
{
	if (cbx_hal_ticks() < ticks) {
		mock_ticks_set(ticks);
	}
}

bool actor_wait(uint64_t ticks)
{
	(void)ticks;
	return false;
}

const struct cbx_arch_space *machine_space(uint64_t space)
{
	const struct cbx_space *at =
		(const struct cbx_space *)(const void *)mock_page(
			(struct cbx_pfn){ space });

	assert_int_equal(machine_state(space), CBX_PAGE_META);
	assert_int_equal(at->self, space);
	return &at->arch;
}
