/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates: the input's bytes are the choices of a host, its boxes and the
 * machine, and the executable specification (tests/model) checks each step, so
 * that a wrong answer is a crash, too.
 *
 * A byte decides: a raw call, or one that fits the moment.  A raw call is its
 * number, two bytes, and six arguments, each a byte that says of what kind,
 * then none, one or eight bytes: what the dictionary holds.
 */
#include "fuzz.h"

#include <model/choose.h>
#include <model/pick.h>
#include <model/steps.h>

#define PAGES	  72u
#define STEPS_MAX 400u

static uint64_t raw_argument(void)
{
	switch (choose(4)) {
	case 0:
		return 0;
	case 1:
		return choose(256);
	case 2:
		return pick_wild();
	default:
		return choose_any();
	}
}

static struct cbx_call raw_call(void)
{
	struct cbx_call call = { .id = choose(65536) };

	for (unsigned int i = 0; i < CBX_CALL_ARGS; i++) {
		call.arg[i] = raw_argument();
	}
	pick_entries(&call);
	return call;
}

/* A box's will. */
static void act(const struct spec_run *run, struct world_act *what)
{
	if (choose_over() || choose(4) != 0) {
		steps_act(run, what);
		return;
	}
	what->kind = ACT_GATE;
	what->call = raw_call();
	if (!pick_fits_box(run->box, &what->call)) {
		what->kind = ACT_INTERRUPT;
	}
}

static void step(void)
{
	struct cbx_call call;

	if (choose(4) != 0) {
		steps_next();
		return;
	}
	call = raw_call();
	if (pick_fits(&call)) {
		(void)world_call(&call);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static bool booted;

	if (!booted) {
		world_begin(PAGES, act, CARE_OFTEN);
		world_name("fuzzer");
		booted = true;
	}
	choose_bytes(input, size);
	for (unsigned int i = 0; i < STEPS_MAX && !choose_over(); i++) {
		step();
	}
	/* From wherever that led there is a way back. */
	choose_bytes(input, 0);
	world_compare_all();
	world_reset();
	world_cpu(0);
	return 0;
}
