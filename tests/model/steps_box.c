/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boxes' steps.
 */
#include <model/choose.h>
#include <model/judge.h>
#include <model/pick.h>
#include <model/steps.h>

static struct spec_space *own_space(const struct spec_run *run)
{
	return space_of(run->box, run->thread->space);
}

/* Mostly small: buffers seldom lie in two pages that are both mapped. */
static uint64_t size_below(uint32_t most)
{
	return choose(once_in(4) ? most : 200);
}

static uint64_t buffer_of(const struct spec_run *run)
{
	uint64_t at = pick_mapped(own_space(run));

	return once_in(3) ? at + choose(CBX_PAGE_SIZE) : at;
}

static void make_map(const struct spec_run *run, struct cbx_call *call)
{
	call->id = CBX_CALL_MAP;
	call->arg[0] = pick_space(run->box);
	call->arg[1] = pick_va();
	call->arg[2] = 1 + choose(3);
	call->arg[3] = pick_rights();
}

static void make_unmap(const struct spec_run *run, struct cbx_call *call)
{
	call->id = CBX_CALL_UNMAP;
	call->arg[0] = pick_space(run->box);
	call->arg[1] =
		pick_mapped(call->arg[0] != 0 ? space_of(run->box, call->arg[0])
					      : own_space(run));
	call->arg[2] = 1 + choose(2);
}

static void make_alias(const struct spec_run *run, struct cbx_call *call)
{
	call->id = CBX_CALL_MAP_ALIAS;
	call->arg[0] = pick_space(run->box);
	call->arg[1] = pick_va();
	call->arg[2] = 1 + choose(2);
	call->arg[3] = pick_rights();
	call->arg[4] = pick_space(run->box);
	call->arg[5] =
		pick_mapped(call->arg[4] != 0 ? space_of(run->box, call->arg[4])
					      : own_space(run));
}

static void make_memory_call(const struct spec_run *run, struct cbx_call *call)
{
	switch (choose(8)) {
	case 0:
	case 1:
	case 2:
		make_map(run, call);
		break;
	case 3:
	case 4:
		make_unmap(run, call);
		break;
	case 5:
		make_alias(run, call);
		break;
	default:
		make_unmap(run, call);
		call->id = CBX_CALL_PROTECT;
		call->arg[3] = pick_rights();
		break;
	}
}

/* A place in the space where there is code, if there is. */
static uint64_t entry_in(const struct spec_space *space)
{
	for (uint32_t i = 0; i < space->slots; i++) {
		const struct spec_slot *slot = &space->slot[i];

		if ((slot->rights & CBX_RIGHT_X) != 0 &&
			slot->va >= WORLD_CODE(0) &&
			slot->va < WORLD_CODE(WORLD_CODES)) {
			return slot->va;
		}
	}
	return WORLD_CODE(choose(WORLD_CODES));
}

/* Everything a new space needs to be switched to. */
static void make_space_call(const struct spec_run *run, struct cbx_call *call)
{
	const struct spec_space *space =
		space_of(run->box, run->box->space[choose(3)].handle);

	switch (choose(4)) {
	case 0:
		call->id = CBX_CALL_SPACE_CREATE;
		break;
	case 1:
		call->id = CBX_CALL_SPACE_DESTROY;
		call->arg[0] = space != NULL ? space->handle : choose(64);
		break;
	case 2:
		call->id = CBX_CALL_MAP_ALIAS;
		call->arg[0] = space != NULL ? space->handle : 0;
		call->arg[1] = WORLD_CODE(0);
		call->arg[2] = 1;
		call->arg[3] = pick_code_rights(run->box);
		call->arg[5] = WORLD_CODE(0);
		break;
	default:
		call->id = once_in(2) ? CBX_CALL_SPACE_SWITCH
				      : CBX_CALL_THREAD_CREATE;
		call->arg[0] =
			space != NULL && space->slots != 0 ? space->handle : 0;
		call->arg[1] = WORLD_CODE(choose(WORLD_CODES));
		break;
	}
}

static void make_thread_call(const struct spec_run *run, struct cbx_call *call)
{
	switch (choose(8)) {
	case 0:
	case 1:
		call->id = CBX_CALL_THREAD_PARK;
		call->arg[0] = threads_of(run->box) == 1 || once_in(2)
				       ? spec.ticks + choose(100)
				       : 0;
		break;
	case 2:
	case 3:
		call->id = CBX_CALL_THREAD_UNPARK;
		call->arg[0] = pick_thread(run->box);
		break;
	case 4:
		call->id = CBX_CALL_UPCALL_ENTRY;
		call->arg[0] = entry_in(own_space(run)) == WORLD_CODE(0);
		call->arg[1] = pick_va();
		break;
	case 5:
		call->id = CBX_CALL_UPCALL_DEADLINE;
		call->arg[0] = once_in(2) ? spec.ticks + choose(100) : 0;
		call->arg[1] = choose(3) == 0 ? 0 : pick_thread(run->box);
		break;
	case 6:
		call->id = CBX_CALL_UPCALL_RESUME;
		call->arg[0] = choose(256);
		break;
	default:
		call->id = threads_of(run->box) > 1 || once_in(16)
				   ? CBX_CALL_THREAD_EXIT
				   : CBX_CALL_THREAD_CREATE;
		call->arg[1] =
			call->id == CBX_CALL_THREAD_CREATE ? WORLD_CODE(0) : 0;
		break;
	}
}

static bool holds_output(const struct spec_box *box)
{
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		if (box->thread[i].handle != 0 &&
			box->thread[i].doing == DOES_HOLD) {
			return true;
		}
	}
	return false;
}

static void make_write(const struct spec_run *run, struct cbx_call *call)
{
	call->id = CBX_CALL_CHANNEL_WRITE;
	call->arg[0] = 1 + choose(2);
	call->arg[1] = buffer_of(run);
	call->arg[2] = size_below(5000);
	/* Of two outputs that wait, the host cannot tell which one went. */
	if (run->box->life == LIFE_SEALED && holds_output(run->box)) {
		call->id = CBX_CALL_TIME;
		call->arg[0] = call->arg[1] = call->arg[2] = 0;
	}
}

/* Where the space has a window, if it has one. */
static uint64_t window_in(const struct spec_space *space)
{
	for (uint32_t i = 0; i < space->slots; i++) {
		if (spec.page[space->slot[i].page].is == IS_WINDOW) {
			return space->slot[i].va;
		}
	}
	return pick_va();
}

static void make_talk(const struct spec_run *run, struct cbx_call *call)
{
	bool ready = run->box->life == LIFE_READY || once_in(40);

	switch (ready ? choose(8) : 0) {
	case 0:
	case 1:
		make_write(run, call);
		break;
	case 2:
	case 3:
	case 4:
		call->id = CBX_CALL_CHANNEL_READ;
		call->arg[0] = once_in(2) ? CBX_PORT_CLIENT : CBX_PORT_INPUT;
		call->arg[1] = buffer_of(run);
		call->arg[2] = 1 + size_below(5000);
		break;
	case 5:
		call->id = CBX_CALL_FORWARD;
		call->arg[0] = PICK_FORWARD + choose(3);
		call->arg[1] = buffer_of(run);
		call->arg[2] = size_below(4000);
		call->arg[3] = buffer_of(run);
		call->arg[4] = size_below(4000);
		break;
	case 6:
		call->id = CBX_CALL_WINDOW_SHARE;
		call->arg[0] = pick_va();
		call->arg[1] = 1 + choose(2);
		break;
	default:
		call->id = CBX_CALL_WINDOW_UNSHARE;
		call->arg[0] = window_in(own_space(run));
		call->arg[1] = 1;
		break;
	}
}

static void make_small_call(struct cbx_call *call)
{
	static const uint64_t small[] = { CBX_CALL_RANDOM, CBX_CALL_TIME,
		CBX_CALL_VERSION, CBX_CALL_TIME };

	call->id = once_in(60) ? CBX_CALL_END : small[choose(4)];
}

/* Reports between boxes, and a key. */
static void make_trust(const struct spec_run *run, struct cbx_call *call)
{
	static const uint64_t ids[] = { CBX_CALL_REPORT, CBX_CALL_REPORT_CHECK,
		CBX_CALL_REPORT_CHECK, CBX_CALL_SEAL_KEY };

	call->id = ids[choose(4)];
	if (call->id == CBX_CALL_SEAL_KEY) {
		call->arg[0] = choose(6);
		call->arg[1] = once_in(2) ? 0 : choose(3);
		call->arg[2 + choose(4)] = choose(9);
	} else {
		call->arg[0] = buffer_of(run);
	}
}

static void make_call(const struct spec_run *run, struct cbx_call *call)
{
	switch (choose(11)) {
	case 0:
	case 1:
	case 2:
	case 3:
		make_memory_call(run, call);
		break;
	case 4:
		make_space_call(run, call);
		break;
	case 5:
	case 6:
		make_thread_call(run, call);
		break;
	case 7:
	case 8:
		make_talk(run, call);
		break;
	case 9:
		make_trust(run, call);
		break;
	default:
		make_small_call(call);
		break;
	}
	if (once_in(40)) {
		call->arg[choose(CBX_CALL_ARGS)] = pick_wild();
	}
	/* A sealed box that errs is no more: seldom. */
	if (once_in(run->box->life == LIFE_SEALED ? 1000 : 100)) {
		call->id = choose(0x160);
	}
	pick_entries(call);
}

/* A system call of the program. */
static void make_syscall(struct world_act *act)
{
	act->kind = ACT_SYSCALL;
	act->call = (struct cbx_call){ .id = choose(400) };
	for (unsigned int i = 0; i < CBX_CALL_ARGS; i++) {
		act->call.arg[i] = choose(256);
	}
}

/* A box with nobody who takes its traps dies of them: seldom. */
static bool may_trap(const struct spec_run *run)
{
	return run->thread->upcall != 0 ||
	       (run->box->policy.flags & CBX_POLICY_TRACE) != 0 || once_in(50);
}

void steps_act(const struct spec_run *run, struct world_act *act)
{
	uint32_t what = choose(32);

	if (choose_over() || what < 2) {
		act->kind = ACT_INTERRUPT;
	} else if (what == 2 && may_trap(run)) {
		make_syscall(act);
	} else if (what == 3 && run->thread->upcall != 0) {
		act->kind = ACT_TRAP;
		act->fault = choose(6);
	} else if (what == 4 && once_in(100)) {
		act->kind = ACT_LOST;
	} else {
		act->kind = ACT_GATE;
		make_call(run, &act->call);
	}
	if (act->kind == ACT_GATE && !pick_fits_box(run->box, &act->call)) {
		act->kind = ACT_INTERRUPT;
	}
}
