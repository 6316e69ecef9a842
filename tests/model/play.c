/* SPDX-License-Identifier: Apache-2.0 */
#include <model/play.h>

#include <string.h>

#include <core/gate.h>
#include <hal/mock/mock.h>
#include <model/judge.h>
#include <model/sync.h>
#include <support/machine.h>

static world_act_fn *act_of;
static struct spec_run run;

/* A gate call of which the answer has not been heard. */
static struct {
	bool open;
	struct spec_thread *thread;
	struct cbx_call call;
} asked;

/* An up-call the machine owes the thread that runs. */
static struct {
	bool open;
	enum cbx_upcall_kind kind;
	uint64_t code;
} owed;

/* ---- the answer to a gate call ---- */

static bool waits(const struct spec_thread *thread)
{
	return thread->doing == DOES_INPUT || thread->doing == DOES_CLIENT ||
	       thread->doing == DOES_FORWARD;
}

/* The thread is gone, and perhaps its box. */
static void let_go(void)
{
	struct spec_box *box = run.box;

	if (spec_ended(box)) {
		return;
	}
	box->last_space = run.thread->space;
	thread_drop(box, run.thread);
	if (threads_of(box) == 0) {
		spec_end(box, CBX_END_EXIT, 0);
	}
}

/* The call came to this; @p later: the thread will hear of it when it runs. */
static void answered(struct spec_answer *answer, bool later)
{
	struct spec_thread *thread = asked.thread;

	asked.open = false;
	spec_call(&run, &asked.call, answer);
	world_note_call("  box", &asked.call, answer->status);
	if (!later) {
		sync_answer(answer, &asked.call);
	} else if ((answer->right & 1u << answer->status) == 0 &&
		   !spec_ended(run.box)) {
		world_fail("box call %#jx left; right were %#x",
			(uintmax_t)asked.call.id, answer->right);
	}
	world_counted(&asked.call, answer->status);
	if (run.gone) {
		let_go();
	} else if (later && !waits(thread)) {
		thread->answered = true;
		thread->reply = (struct cbx_reply){ .status = answer->status };
		memcpy(thread->reply.ret, answer->ret,
			sizeof(thread->reply.ret));
	}
	sync_look(run.box);
}

/* The thread that SPACE_SWITCH made tells nobody its handle: look. */
static uint64_t unknown_thread(void)
{
	for (uint32_t i = 0; i < spec.pages; i++) {
		const struct cbx_page *page = cbx_page_at(i);

		if (page->owner == run.box->root &&
			page->state == CBX_PAGE_META &&
			page->detail == CBX_META_THREAD &&
			thread_of(run.box, i) == NULL) {
			return i;
		}
	}
	world_fail("there is no new thread");
}

static void answered_later(enum cbx_status status)
{
	struct spec_answer answer = { .status = status };

	if (asked.call.id == CBX_CALL_SPACE_SWITCH) {
		answer.got[0] = unknown_thread();
	}
	answered(&answer, true);
}

/* The box ended before the thread could hear, or an up-call came first: look
 * what it would have been told.  (Of a thread that is gone there is nothing
 * left: zeros.) */
static void answered_unheard(void)
{
	struct spec_thread *thread = asked.thread;
	const struct cbx_thread *truth =
		(const struct cbx_thread *)(const void *)mock_page(
			(struct cbx_pfn){ thread->handle });
	const struct cbx_reply reply = truth->reply;
	struct spec_answer answer = sync_heard(&reply);

	if (asked.call.id == CBX_CALL_SPACE_SWITCH && reply.status == CBX_OK) {
		answer.got[0] = unknown_thread();
	}
	answered(&answer, false);
	thread->answered = thread->handle != 0;
	thread->reply = reply;
}

/* ---- a thread runs ---- */

static uint32_t handle_of(const struct mock_box_cpu *cpu)
{
	const uint8_t *from = mock_page((struct cbx_pfn){ 0 });
	const uint8_t *at = (const uint8_t *)cpu->vcpu;

	return (uint32_t)((size_t)(at - from) / CBX_PAGE_SIZE);
}

/* The machine runs a thread: it must be one that can. */
static void pick(struct spec_thread *thread)
{
	bool goes_on = run.thread == thread && !run.yields && !run.gone;

	if (goes_on) {
		return;
	}
	if (run.thread != NULL && !run.yields && !run.gone) {
		world_fail("thread %#x had not finished", run.thread->handle);
	}
	if (!spec_runnable(thread)) {
		world_fail("thread %#x cannot run", thread->handle);
	}
	spec_picked(&run, thread);
}

/* Whether the thread can fetch code there now. */
static bool executable(const struct spec_thread *thread, uint64_t at)
{
	struct spec_space *space = space_of(run.box, thread->space);
	const struct spec_slot *slot = slot_at(space, at);

	return slot != NULL && (slot->rights & CBX_RIGHT_X) != 0;
}

/* Whether the up-call tells of a trap the thread made, or ran into: it cannot
 * fetch its code. */
static bool is_owed(
	const struct cbx_upcall *upcall, const struct spec_thread *thread)
{
	if (upcall->kind == CBX_UPCALL_FAULT &&
		upcall->code == CBX_FAULT_EXECUTE &&
		!executable(thread, thread->entry)) {
		return true;
	}
	return owed.open && upcall->kind == (uint32_t)owed.kind &&
	       upcall->code == owed.code;
}

static void hear_upcall(
	const struct cbx_upcall *upcall, struct spec_thread *thread)
{
	bool due = thread->deadline != 0 && thread->deadline <= spec.ticks;

	if (upcall->kind == CBX_UPCALL_DEADLINE) {
		if (!due || thread->upcall == 0 ||
			upcall->value != spec.ticks) {
			world_fail("an up-call for deadline %ju, at %ju; "
				   "it is %ju now",
				(uintmax_t)thread->deadline,
				(uintmax_t)upcall->value,
				(uintmax_t)spec.ticks);
		}
	} else if (thread->owed) {
		if (upcall->kind != CBX_UPCALL_SYSCALL ||
			upcall->code != (uint32_t)thread->call.id) {
			world_fail("not the system call's up-call");
		}
		thread->owed = false;
	} else if (!is_owed(upcall, thread)) {
		world_fail("up-call %u, code %u nobody owed", upcall->kind,
			upcall->code);
	}
	owed.open = false;
}

/* The answer to a call of an earlier run. */
static void hear_reply(
	const struct cbx_reply *reply, struct spec_thread *thread)
{
	if ((reply != NULL) != thread->answered) {
		world_fail("thread %#x: %s answer", thread->handle,
			reply != NULL ? "an unexpected" : "no");
	}
	thread->answered = false;
	if (reply != NULL &&
		memcmp(reply, &thread->reply, sizeof(*reply)) != 0) {
		world_fail("thread %#x: a wrong answer: %jd %jx %jx",
			thread->handle, (intmax_t)reply->status,
			(uintmax_t)reply->ret[0], (uintmax_t)reply->ret[1]);
	}
}

/* What the thread is told, first thing. */
static void hear(const struct mock_box_cpu *cpu, struct spec_thread *thread)
{
	bool due;
	bool now = asked.open && asked.thread == thread && cpu->reply != NULL;

	if (now) {
		struct spec_answer answer = sync_heard(cpu->reply);

		answered(&answer, false);
	} else if (asked.open) {
		answered_unheard();
	}
	if (run.leaves || spec_ended(run.box)) {
		world_fail("the box should have left");
	}
	pick(thread);
	due = thread->deadline != 0 && thread->deadline <= spec.ticks;
	if (cpu->upcall != NULL) {
		hear_upcall(cpu->upcall, thread);
	} else if (due && thread->upcall != 0) {
		world_fail("a deadline was missed");
	} else if (!now) {
		hear_reply(cpu->reply, thread);
	}
	if (due) {
		thread->deadline = 0;
	}
}

/* Touch what the thread can reach, and something it cannot. */
static void touch(struct mock_box_cpu *cpu, const struct spec_thread *thread)
{
	struct spec_space *space = space_of(run.box, thread->space);
	uint32_t n = (uint32_t)(world_count.calls % (space->slots + 1u));
	uint64_t word;

	if (n == space->slots || spec.holding != 0) {
		return;
	}

	const struct spec_slot *slot = &space->slot[n];
	uint64_t at = world_count.calls % 512 * 8;
	uint64_t *shadow = (uint64_t *)(void *)&spec.bytes[slot->page][at];
	bool reads = mock_box_read(cpu, slot->va + at, &word, sizeof(word));

	if (reads != ((slot->rights & CBX_RIGHT_R) != 0) ||
		(reads && word != *shadow)) {
		world_fail("box %#x reads %#jx", run.box->root,
			(uintmax_t)(slot->va + at));
	}
	word = world_count.calls;
	if (mock_box_write(cpu, slot->va + at, &word, sizeof(word)) !=
		((slot->rights & CBX_RIGHT_W) != 0)) {
		world_fail("box %#x writes %#jx", run.box->root,
			(uintmax_t)(slot->va + at));
	}
	if ((slot->rights & CBX_RIGHT_W) != 0) {
		*shadow = word;
	}
}

/* A trap: an up-call if there is who takes it, else the end. */
static void trap(const struct spec_thread *thread, enum cbx_upcall_kind kind,
	uint64_t upcall_code, uint64_t fault)
{
	if (thread->upcall == 0) {
		spec_end(run.box, CBX_END_FAULT, fault);
		return;
	}
	owed.open = true;
	owed.kind = kind;
	owed.code = upcall_code;
}

static void make_syscall(struct mock_box_cpu *cpu, struct spec_thread *thread,
	const struct cbx_call *call)
{
	mock_box_syscall(cpu, call);
	if ((run.box->policy.flags & CBX_POLICY_TRACE) == 0) {
		trap(thread, CBX_UPCALL_SYSCALL, (uint32_t)call->id,
			CBX_FAULT_INSTRUCTION);
		return;
	}
	thread->owed = true;
	thread->call = *call;
	if (run.box->life == LIFE_READY) {
		spec_exit_trace(&run, call);
	}
}

static void make_gate(struct mock_box_cpu *cpu, struct spec_thread *thread,
	const struct cbx_call *call)
{
	asked.open = true;
	asked.thread = thread;
	asked.call = *call;
	mock_box_gate(cpu, call);
}

static void do_act(struct mock_box_cpu *cpu, struct spec_thread *thread,
	const struct world_act *act)
{
	switch (act->kind) {
	case ACT_GATE:
		make_gate(cpu, thread, &act->call);
		break;
	case ACT_SYSCALL:
		make_syscall(cpu, thread, &act->call);
		break;
	case ACT_TRAP:
		mock_box_trap(cpu, (enum cbx_fault)act->fault, 0);
		trap(thread, CBX_UPCALL_FAULT, act->fault, act->fault);
		break;
	case ACT_LOST:
		mock_box_lost(cpu);
		spec_end(run.box, CBX_END_LOST, 0);
		break;
	case ACT_INTERRUPT:
	default:
		mock_box_interrupted(cpu);
		spec_exit(&run, CBX_EXIT_INTERRUPTED);
		break;
	}
}

/* Acts that need the up-call's code are made only if it is there. */
static bool sensible(
	const struct spec_thread *thread, const struct world_act *act)
{
	return act->kind == ACT_GATE || act->kind == ACT_LOST ||
	       (thread->deadline == 0 &&
		       (thread->upcall == 0 ||
			       executable(thread, thread->upcall)));
}

static void program(struct mock_box_cpu *cpu, void *arg)
{
	uint32_t handle = handle_of(cpu);
	struct world_act act = { .kind = ACT_INTERRUPT };
	struct spec_thread *thread;

	(void)arg;
	/* Another thread runs: what the last one asked for made it stop. */
	if (asked.open && asked.thread->handle != handle) {
		answered_later(CBX_OK);
	}
	thread = thread_of(run.box, handle);
	if (thread == NULL) {
		world_fail("page %#x runs, and is no thread of box %#x", handle,
			run.box->root);
	}
	hear(cpu, thread);
	if (cpu->upcall != NULL) {
		world_note("  up-call %u", cpu->upcall->kind);
		mock_box_return(cpu);
	} else {
		touch(cpu, thread);
		act_of(&run, &act);
	}
	if (!sensible(thread, &act)) {
		act.kind = ACT_INTERRUPT;
	}
	do_act(cpu, thread, &act);
}

/* ---- entering ---- */

void play_begin(world_act_fn *act)
{
	act_of = act;
	for (unsigned int i = 0; i < WORLD_CODES; i++) {
		mock_program(WORLD_CODE(i), program, NULL);
	}
}

/* Whether running the thread ends its box before the program is asked. */
static bool dies(const struct spec_thread *thread, uint64_t status)
{
	if (thread->handle == 0 || !spec_runnable(thread)) {
		return false;
	}
	if (status == CBX_FAULT_INSTRUCTION) {
		return thread->owed && thread->upcall == 0;
	}
	return status == CBX_FAULT_EXECUTE &&
	       (!executable(thread, thread->entry) ||
		       (thread->upcall != 0 &&
			       !executable(thread, thread->upcall)));
}

/* The box ended and no call of its was the reason. */
static void die(const struct cbx_reply *reply)
{
	static const uint64_t causes[] = { CBX_FAULT_EXECUTE,
		CBX_FAULT_INSTRUCTION };

	for (unsigned int i = 0; i < 2 * SPEC_THREADS; i++) {
		uint64_t cause = causes[i % 2];
		bool told = run.box->sealed_once || reply->ret[1] == cause;

		if (told && dies(&run.box->thread[i / 2], cause)) {
			spec_end(run.box, CBX_END_FAULT, cause);
			return;
		}
	}
	world_fail("the box ended for no reason");
}

/* Whether the box ended although no thread of it did it: a sealed one seems to
 * sleep then, with threads that could run. */
static bool died_unseen(const struct cbx_reply *reply)
{
	bool idle = (uint32_t)reply->ret[0] == CBX_EXIT_IDLE &&
		    run.box->life == LIFE_SEALED;
	bool runs = false;

	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		runs = runs || (run.box->thread[i].handle != 0 &&
				       spec_runnable(&run.box->thread[i]));
	}
	return !spec_ended(run.box) &&
	       ((idle && runs) || (uint32_t)reply->ret[0] == CBX_EXIT_ENDED);
}

/* What the host must be told, when the threads did not say. */
static void leave(const struct cbx_reply *reply)
{
	switch ((enum cbx_exit_reason)(uint32_t)reply->ret[0]) {
	case CBX_EXIT_IDLE:
		spec_exit_idle(&run);
		break;
	case CBX_EXIT_OUTPUT:
		if (!spec_release(&run)) {
			world_fail("an output nobody made");
		}
		break;
	case CBX_EXIT_ENDED:
	case CBX_EXIT_INTERRUPTED:
	case CBX_EXIT_INPUT:
	case CBX_EXIT_FORWARD:
	case CBX_EXIT_TRACE:
	case CBX_EXIT_RESULT:
	case CBX_EXIT_REFUSED:
	default:
		world_fail("exit %ju for no reason", (uintmax_t)reply->ret[0]);
	}
}

static void compare_exit(
	const struct cbx_call *call, const struct cbx_reply *reply)
{
	const uint32_t reason = (uint32_t)reply->ret[0];
	bool unheard = reason == CBX_EXIT_ENDED ||
		       (reason == CBX_EXIT_IDLE && run.box->sealed_once);

	if (asked.open && unheard) {
		answered_unheard();
	} else if (asked.open) {
		answered_later((uint32_t)reply->ret[0] == CBX_EXIT_REFUSED
				       ? CBX_E_DENIED
				       : CBX_OK);
	}
	if (!run.leaves && died_unseen(reply)) {
		die(reply);
	}
	if (run.box->life == LIFE_ENDING ||
		(!run.leaves && spec_ended(run.box))) {
		spec_exit_ending(&run);
	} else if (!run.leaves) {
		leave(reply);
	}
	run.exit.status = (enum cbx_status)reply->status;
	run.exit.right = 1u << CBX_OK;
	memcpy(run.exit.got, reply->ret, sizeof(run.exit.got));
	sync_answer(&run.exit, call);
	world_count.entries++;
	world_count.sealed += run.box->sealed_once;
	world_count.exits[reply->ret[0] % 9]++;
}

void play_enter(const struct cbx_call *call, struct cbx_reply *reply)
{
	struct spec_answer answer = { 0 };
	bool begins;

	asked.open = false;
	owed.open = false;
	begins = spec_enter(call, &answer, &run);
	world_note_call("enter", call, UINT64_MAX);
	memset(reply, 0x77, sizeof(*reply));
	cbx_gate_host(call, reply);
	world_note("  exit %ju, %#jx, %#jx: status %jd",
		(uintmax_t)reply->ret[0], (uintmax_t)reply->ret[1],
		(uintmax_t)reply->ret[2], (intmax_t)reply->status);
	if (begins) {
		compare_exit(call, reply);
		return;
	}
	answer.status = (enum cbx_status)reply->status;
	memcpy(answer.got, reply->ret, sizeof(answer.got));
	for (unsigned int i = 0; i < CBX_REPLY_RETS; i++) {
		returns(&answer, i, 0);
	}
	sync_answer(&answer, call);
}
