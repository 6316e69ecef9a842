/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes for tests: built in one call, driven one gate call at a time. */
#include <string.h>

#include "support/actor.h"

#define TRIES 24u /* entries until each thread must have had its turn */

uint64_t machine_boxes;

static uint64_t add(
	struct machine_box *box, uint64_t va, uint64_t count, uint64_t rights)
{
	uint64_t pfn = machine_pool(count);

	must(BOX_ADD, box->handle, va, pfn, count, rights, box->io);
	return pfn;
}

static uint64_t code_rights(const struct cbx_policy *policy)
{
	return policy != NULL && (policy->flags & CBX_POLICY_EXECUTE_ONLY) != 0
		       ? CBX_RIGHT_X
		       : CBX_RIGHT_R | CBX_RIGHT_X;
}

void machine_bare(struct machine_box *box, const struct cbx_policy *policy)
{
	const struct cbx_policy usual = machine_policy();
	uint64_t root = machine_pool(2);

	*box = (struct machine_box){
		.index = machine_boxes++ % 32,
		.handle = root,
		.space = root + 1,
		.reserve = machine_pool(MACHINE_RESERVE),
		.reserve_count = MACHINE_RESERVE,
		.io = machine_pages(4),
		.io_count = 4,
	};
	machine_put(box->io, policy != NULL ? policy : &usual, sizeof(usual));
	assert_int_equal(
		must(BOX_CREATE, root, root + 1, box->io), box->handle);
	must(BOX_GRANT, root, box->reserve, box->reserve_count);
	actor_code(box);
	box->code = add(box, MACHINE_CODE(box), 2, code_rights(policy));
	box->thread = must(BOX_THREAD, root, MACHINE_CODE(box), 0, 0);
}

void machine_building(struct machine_box *box, const struct cbx_policy *policy)
{
	machine_bare(box, policy);
	box->data = add(box, MACHINE_DATA, MACHINE_DATA_PAGES,
		CBX_RIGHT_R | CBX_RIGHT_W);
	actor_join(box);
}

void machine_lender(struct machine_box *box)
{
	static const uint64_t words[2] = { 0x1eaf, 0x2eaf };
	struct cbx_policy policy = machine_policy();

	policy.flags |= CBX_POLICY_TEMPLATE;
	machine_bare(box, &policy);
	for (uint64_t i = 0; i < 2; i++) {
		machine_put(box->io + i, &words[i], sizeof(words[i]));
	}
	box->data = add(box, MACHINE_LENT, 2, CBX_RIGHT_R | CBX_RIGHT_W);
	must(BOX_FINALIZE, box->handle);
}

void machine_repeat(uint64_t id, uint64_t box, uint64_t other)
{
	const uint64_t arg[CBX_CALL_ARGS] = { box, other };
	struct cbx_reply reply;

	do {
		reply = machine_gate(id, arg);
	} while (reply.status == CBX_E_BUSY);
	assert_int_equal(reply.status, CBX_OK);
}

void machine_box(struct machine_box *box)
{
	machine_building(box, NULL);
	must(BOX_FINALIZE, box->handle);
}

uint32_t machine_enter(struct machine_box *box)
{
	box->exit = gate(BOX_ENTER, box->handle, box->io, box->io_count);
	assert_int_equal(box->exit.status, CBX_OK);
	return (uint32_t)box->exit.ret[0];
}

bool machine_ended(struct machine_box *box)
{
	uint32_t reason = (uint32_t)box->exit.ret[0];

	if (reason == CBX_EXIT_IDLE && box->exit.ret[1] != 0 &&
		must(BOX_QUERY, box->handle) == CBX_DOMAIN_CONFINED) {
		machine_wait(box->exit.ret[1]);
		reason = machine_enter(box);
	}
	return reason == CBX_EXIT_ENDED;
}

/* Enter until the thread's script is done, or the box has another reason. */
static bool enter_until_done(
	struct machine_box *box, const struct machine_script *script)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t reason = machine_enter(box);

		actor_report(box);
		if (script->step == MACHINE_DONE) {
			return true;
		}
		if (reason == CBX_EXIT_REFUSED) {
			box->refused = box->exit;
			continue; /* its answer comes with the next entry */
		}
		if (reason != CBX_EXIT_INTERRUPTED &&
			!(reason == CBX_EXIT_IDLE &&
				script->step == MACHINE_CALL &&
				actor_wait(box->exit.ret[1]))) {
			return false;
		}
	}
	/* It made its call and has no answer: it waits, or is gone. */
	if (script->step != MACHINE_WAIT) {
		fail_msg("the thread got no turn");
	}
	return false;
}

struct cbx_reply machine_in_box(struct machine_box *box, uint32_t thread,
	uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct machine_script *script = &box->script[thread];

	assert_int_not_equal(script->step, MACHINE_CALL);
	script->call = (struct cbx_call){ .id = id };
	memcpy(script->call.arg, arg, sizeof(script->call.arg));
	script->access = 0;
	script->step = MACHINE_CALL;
	actor_order(box, thread);
	if (!enter_until_done(box, script)) {
		return (struct cbx_reply){ .status = MACHINE_NO_ANSWER };
	}
	return script->reply;
}

void machine_begin(struct machine_box *box, uint32_t thread)
{
	box->script[thread].step = MACHINE_CALL;
	actor_order(box, thread);
}

bool machine_finished(struct machine_box *box, uint32_t thread)
{
	actor_report(box);
	return __atomic_load_n(&box->script[thread].step, __ATOMIC_ACQUIRE) ==
	       MACHINE_DONE;
}

bool machine_act(struct machine_box *box, unsigned int access)
{
	struct machine_script *script = &box->script[0];

	script->access = access;
	machine_begin(box, 0);
	return enter_until_done(box, script) && script->reply.status == CBX_OK;
}

static bool touch(struct machine_box *box, uint64_t va, unsigned int access)
{
	box->script[0].address = va;
	return machine_act(box, access);
}

bool machine_write(struct machine_box *box, uint64_t va, uint64_t word)
{
	box->script[0].word = word;
	return touch(box, va, MOCK_WRITE);
}

bool machine_read(struct machine_box *box, uint64_t va, uint64_t *word)
{
	bool let = touch(box, va, MOCK_READ);

	*word = box->script[0].word;
	return let;
}

bool machine_execute(struct machine_box *box, uint64_t va)
{
	return touch(box, va, MOCK_EXECUTE);
}

bool machine_syscall(struct machine_box *box, uint64_t number)
{
	box->script[0].call = (struct cbx_call){ .id = number };
	return touch(box, 0, MACHINE_SYSCALL);
}

/* Reclaim and return every page the box owns, its root at the end. */
static void reclaim_all(uint64_t handle)
{
	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		if (cbx_page_at(i)->owner == handle && i != handle) {
			must(BOX_RECLAIM, handle, i, 1);
			must(PAGE_RETURN, i, 1);
		}
	}
	must(BOX_DESTROY, handle);
	must(PAGE_RETURN, handle, 1);
}

void machine_erase(struct machine_box *box)
{
	while (gate(BOX_KILL, box->handle).status == CBX_E_BUSY) {
	}
	reclaim_all(box->handle);
}

void machine_confine(struct machine_box *box)
{
	const char text[] = "the client's data";
	struct cbx_reply reply = in_box(box, CHANNEL_READ, CBX_PORT_CLIENT,
		MACHINE_DATA, CBX_PAGE_SIZE);

	assert_int_equal(reply.status, MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box->exit.ret[0], CBX_EXIT_INPUT);
	machine_put(box->io, text, sizeof(text));
	must(BOX_CONFINE, box->handle, box->exit.ret[1], box->io, sizeof(text),
		CBX_CONFINE_LAST);
	assert_int_equal(must(BOX_QUERY, box->handle), CBX_DOMAIN_CONFINED);
}
