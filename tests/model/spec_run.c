/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU lent to a box: who may run, and what the host is told.
 */
#include <model/judge.h>

#include <string.h>

uint64_t step_after(const struct spec_box *box, uint64_t ticks)
{
	uint64_t step = box->policy.wake_step;
	uint64_t from = ticks > spec.ticks ? ticks - 1 : spec.ticks;
	uint64_t steps = from / step + 1;

	return steps > UINT64_MAX / step ? UINT64_MAX : steps * step;
}

uint64_t step_of_frame(struct spec_box *box)
{
	box->frame_wake = step_after(box, box->frame_wake + 1);
	return box->frame_wake;
}

bool spec_enter(const struct cbx_call *call, struct spec_answer *answer,
	struct spec_run *run)
{
	struct spec_box *box = box_of(call->arg[0]);
	uint64_t io = call->arg[1];
	uint64_t pages = call->arg[2];

	refuse_if(answer, pages > CBX_IO_PAGES_MAX, CBX_E_INVALID);
	refuse_if(answer,
		box->life == LIFE_SEALED && pages < box->policy.output_pages,
		CBX_E_INVALID);
	refuse_if(answer,
		pages <= CBX_IO_PAGES_MAX && !host_lends_range(io, pages),
		CBX_E_DENIED);
	refuse_if(answer, pages == 0 && io > spec.pages, CBX_E_DENIED);
	*run = (struct spec_run){ .box = box, .io = io, .io_pages = pages };
	if (answer->right != 0) {
		return false;
	}
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		struct spec_thread *thread = &box->thread[i];

		thread->away = thread->away && thread->away_with != io;
	}
	return true;
}

bool spec_runnable(const struct spec_thread *thread)
{
	switch (thread->doing) {
	case DOES_RUN:
		return !thread->away;
	case DOES_PARK:
	case DOES_HOLD:
		return thread->wake != 0 && thread->wake <= spec.ticks;
	case DOES_INPUT:
	case DOES_CLIENT:
	case DOES_FORWARD:
	default:
		return false;
	}
}

void spec_picked(struct spec_run *run, struct spec_thread *thread)
{
	struct spec_space *space = space_of(run->box, thread->space);

	/* A held output that could not go: its buffer is no more. */
	if (thread->doing == DOES_HOLD) {
		SPEC_CHECK(!may_use(
			space, thread->buffer, thread->capacity, CBX_RIGHT_R));
		thread->reply = (struct cbx_reply){ .status = CBX_E_FAULT };
	}
	thread->doing = DOES_RUN;
	thread->wake = 0;
	thread->offered = false;
	run->box->last_space = thread->space;
	run->thread = thread;
	run->yields = false;
	run->gone = false;
}

/* ---- exits ---- */

void spec_exit(struct spec_run *run, enum cbx_exit_reason reason)
{
	run->leaves = true;
	run->exit = (struct spec_answer){ 0 };
	for (unsigned int i = 0; i < CBX_REPLY_RETS; i++) {
		returns(&run->exit, i, 0);
	}
	returns(&run->exit, 0, reason);
}

void spec_exit_served(struct spec_run *run, struct spec_thread *thread,
	enum cbx_exit_reason reason)
{
	spec_exit(run, reason);
	thread->away = true;
	thread->away_with = run->io;
}

void spec_exit_ended(struct spec_run *run)
{
	spec_exit(run, CBX_EXIT_ENDED);
	if (!run->box->sealed_once) {
		returns(&run->exit, 1, run->box->end_status);
		returns(&run->exit, 2, run->box->end_reason);
	}
}

void spec_exit_ending(struct spec_run *run)
{
	if (run->box->life == LIFE_SEALED && run->box->end_wake > spec.ticks) {
		spec_exit(run, CBX_EXIT_IDLE);
		returns(&run->exit, 1, run->box->end_wake);
	} else {
		run->box->life = LIFE_ENDING;
		spec_exit_ended(run);
	}
}

void spec_exit_idle(struct spec_run *run)
{
	uint64_t wake = 0;

	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		const struct spec_thread *thread = &run->box->thread[i];

		if (thread->handle == 0) {
			continue;
		}
		SPEC_CHECK(!spec_runnable(thread));
		if ((thread->doing == DOES_PARK ||
			    thread->doing == DOES_HOLD) &&
			thread->wake != 0 &&
			(wake == 0 || thread->wake < wake)) {
			wake = thread->wake;
		}
	}
	spec_exit(run, CBX_EXIT_IDLE);
	returns(&run->exit, 1, wake);
}

/* Write into the host's buffer; the host lent it at the entry. */
static void to_host(
	const struct spec_run *run, uint64_t at, const void *from, size_t bytes)
{
	const uint8_t *byte = from;

	for (size_t i = 0; i < bytes; i++) {
		uint64_t page = run->io + (at + i) / CBX_PAGE_SIZE;

		spec.bytes[page][(at + i) % CBX_PAGE_SIZE] =
			from != NULL ? byte[i] : 0;
	}
}

void spec_exit_trace(struct spec_run *run, const struct cbx_call *call)
{
	uint64_t thread = run->thread->handle;

	if (run->io_pages == 0) {
		return; /* nobody wants to see it */
	}
	to_host(run, 0, &thread, sizeof(thread));
	spec_exit_served(run, run->thread, CBX_EXIT_TRACE);
	returns(&run->exit, 0, CBX_EXIT_TRACE | call->id << 32);
	for (unsigned int i = 0; i < CBX_CALL_ARGS; i++) {
		returns(&run->exit, i + 1, call->arg[i]);
	}
}

static void write_held(struct spec_run *run, const struct spec_thread *thread)
{
	static uint8_t data[CBX_IO_BYTES_MAX];
	const uint64_t header[4] = { thread->capacity,
		CBX_OUTPUT_DATA | thread->port << 32 };
	uint64_t whole =
		run->box->policy.output_pages * (uint64_t)CBX_PAGE_SIZE;
	uint64_t end = sizeof(header) + thread->capacity;

	box_load(space_of(run->box, thread->space), thread->buffer, data,
		thread->capacity);
	to_host(run, 0, header, sizeof(header));
	to_host(run, sizeof(header), data, thread->capacity);
	to_host(run, end, NULL, whole - end);
}

bool spec_release(struct spec_run *run)
{
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		struct spec_thread *thread = &run->box->thread[i];

		if (thread->handle != 0 && thread->doing == DOES_HOLD &&
			spec_runnable(thread) &&
			may_use(space_of(run->box, thread->space),
				thread->buffer, thread->capacity,
				CBX_RIGHT_R)) {
			write_held(run, thread);
			spec_exit_served(run, thread, CBX_EXIT_OUTPUT);
			thread->doing = DOES_RUN;
			thread->wake = 0;
			run->box->last_space = thread->space;
			return true;
		}
	}
	return false;
}
