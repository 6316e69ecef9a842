/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of a box, and the small calls.
 */
#include <model/judge.h>

void thread_drop(struct spec_box *box, struct spec_thread *thread)
{
	uint32_t handle = thread->handle;

	become(handle, IS_OWN, box->root);
	wipe(handle);
	*thread = (struct spec_thread){ 0 };
}

void spec_do_end(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	if (allowed(answer)) {
		spec_end(run->box, CBX_END_EXIT, arg[0]);
	}
}

/* @return whether there is a new thread, arg[1] to arg[3] being its start */
static bool start(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_box *box = run->box;
	struct spec_space *space =
		space_of(box, arg[0] != 0 ? arg[0] : run->thread->space);

	refuse_if(answer, space == NULL, CBX_E_INVALID);
	refuse_if(answer, space != NULL && space->ending, CBX_E_STATE);
	refuse_if(answer, reserve_of(box) == 0, CBX_E_NOMEM);
	refuse_if(answer, threads_of(box) >= box->policy.threads_max,
		CBX_E_NOMEM);
	if (!allowed(answer)) {
		return false;
	}
	returns(answer, 0,
		take_table(box, answer->got[0]) ? answer->got[0] : 0);

	struct spec_thread *thread = thread_new(box, (uint32_t)answer->got[0]);

	thread->space = space->handle;
	thread->entry = arg[1];
	return true;
}

void spec_thread_create(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	(void)start(run, arg, answer);
}

void spec_space_switch(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	run->gone = start(run, arg, answer);
}

void spec_thread_exit(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	(void)arg;
	run->gone = allowed(answer);
}

void spec_park(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_thread *thread = run->thread;

	if (!allowed(answer)) {
		return;
	}
	if (thread->permit) {
		thread->permit = false;
		return;
	}
	run->yields = true;
	if (arg[0] == CBX_PARK_YIELD) {
		return;
	}
	thread->doing = DOES_PARK;
	thread->wake = arg[0] != 0 ? step_after(run->box, arg[0]) : 0;
}

void spec_unpark(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_thread *thread = thread_of(run->box, arg[0]);

	refuse_if(answer, thread == NULL, CBX_E_INVALID);
	if (!allowed(answer)) {
		return;
	}
	if (thread->doing == DOES_PARK) {
		thread->doing = DOES_RUN;
	} else {
		thread->permit = true;
	}
}

void spec_upcall_entry(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	if (allowed(answer)) {
		run->thread->upcall = arg[0];
		returns(answer, 0, run->thread->handle);
		returns(answer, 1, run->thread->space);
	}
}

void spec_upcall_resume(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_box *box = run->box;

	if (allowed(answer) && (box->policy.flags & CBX_POLICY_TRACE) != 0 &&
		box->life == LIFE_READY) {
		spec_exit_served(run, run->thread, CBX_EXIT_RESULT);
		returns(&run->exit, 1, arg[0]);
		returns(&run->exit, 2, run->thread->handle);
		returns(&run->exit, 3, arg[1]);
	}
}

void spec_upcall_deadline(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_thread *thread =
		arg[1] == 0 ? run->thread : thread_of(run->box, arg[1]);

	refuse_if(answer, thread == NULL, CBX_E_INVALID);
	if (allowed(answer)) {
		thread->deadline = arg[0];
	}
}

void spec_random(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	uint64_t any = 0;

	(void)run;
	(void)arg;
	if (allowed(answer)) {
		for (unsigned int i = 0; i < CBX_REPLY_RETS; i++) {
			any |= answer->got[i];
			answer->ret[i] = answer->got[i];
		}
		/* Seven zero words are no random bytes. */
		returns(answer, 0, any != 0 ? answer->got[0] : 1);
		answer->known = (1u << CBX_REPLY_RETS) - 1;
	}
}

void spec_time(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	(void)run;
	(void)arg;
	if (allowed(answer)) {
		returns(answer, 0, spec.ticks);
	}
}
