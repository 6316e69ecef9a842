/* SPDX-License-Identifier: Apache-2.0 */
/* The machine and its boxes, set up to be measured. */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"

#define CODE 0x400000ull

void bench_down(void)
{
	machine_down(NULL);
}

void bench_boot(uint64_t pages)
{
	const struct mock_options options = { .pages = pages };

	machine_again(&options, true);
}

uint64_t bench_must(enum cbx_call_id id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply;

	do {
		reply = machine_gate(id, arg);
	} while (reply.status == (uint64_t)CBX_E_BUSY);
	if (reply.status != (uint64_t)CBX_OK) {
		fprintf(stderr, "bench_core: call 0x%x: status %ju\n",
			(unsigned int)id, (uintmax_t)reply.status);
		exit(EXIT_FAILURE);
	}
	return reply.ret[0];
}

/* A program that does nothing and is interrupted at once. */
static void idle(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	mock_box_interrupted(box);
}

uint64_t bench_box(void)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t root = machine_pool(BENCH_BOX_PAGES);
	uint64_t code = root + BENCH_BOX_PAGES - 1;
	uint64_t stage = machine_pages(1);

	machine_put(stage, &policy, sizeof(policy));
	CALL(BOX_CREATE, root, root + 1, stage);
	CALL(BOX_GRANT, root, root + 2, code - root - 2);
	CALL(BOX_ADD, root, CODE, code, 1, CBX_RIGHT_R | CBX_RIGHT_X,
		CBX_NO_PAGE);
	mock_program(CODE, idle, NULL);
	CALL(BOX_THREAD, root, CODE, 0, 0);
	CALL(BOX_FINALIZE, root);
	return root;
}

void bench_box_end(uint64_t box, uint64_t count)
{
	CALL(BOX_KILL, box);
	CALL(BOX_RECLAIM, box, box + 1, count - 1);
	CALL(BOX_DESTROY, box);
}
