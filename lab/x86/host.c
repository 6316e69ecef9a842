/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include "doorbell.h"
#include "machine.h"
#include "npt.h"
#include "option.h"
#include "other.h"
#include "say.h"
#include "vc.h"

#define VMMCALL_BYTES	3
#define RFLAGS_TF	0x100ull
#define DR6_BS		0x4000ull
#define VECTOR_HV	28
#define VECTOR_VC	29
#define LEVEL(argument) ((argument) >> 16 & 3)
#define EVENT(argument) ((argument)&0xffffffff00000fffull)
#define GARBAGE		0xcc

struct act {
	const char *name;
	bool is_alone;
	uint64_t left, argument, done;
};

static bool may_ask;
static const struct lab_cpu *ringer; /* where somebody asked for LAB_ACT_RING */
static struct act acts[LAB_ACTS] = {
#define ACT(NAME, name_, alone) { .name = (name_), .is_alone = (alone) },
#include "host.def"
#undef ACT
};

void lab_host_start(void)
{
	may_ask = lab_option("host", "ask");
	for (int i = 0; i < LAB_ACTS; i++) {
		if (!lab_option("host", acts[i].name)) {
			continue;
		}
		if (!acts[i].is_alone) {
			lab_stop("lab.host: it has to be asked for that:",
				(uint64_t)i);
		}
		acts[i].left = LAB_HOST_NONE;
	}
}

bool lab_host_does(enum lab_act act)
{
	struct act *a = &acts[act];

	if (a->left == 0) {
		return false;
	}
	a->left -= a->left == LAB_HOST_NONE ? 0 : 1;
	a->done++;
	return true;
}

uint64_t lab_host_argument(enum lab_act act)
{
	return acts[act].argument;
}

struct lab_cpuid lab_host_cpuid(struct lab_cpuid r)
{
	uint32_t bit = 1u << (acts[LAB_ACT_LIE_CPUID].argument & 31);

	if (lab_host_does(LAB_ACT_LIE_CPUID)) {
		r.eax ^= bit;
		r.ebx ^= bit;
		r.ecx ^= bit;
		r.edx ^= bit;
	}
	return r;
}

/* A page of the guest's, to be another one or none; never one of the lab's. */
static bool change(uint64_t gpa, bool to_assigned)
{
	const struct snp_update shared = { 0 };
	void *page = lab_guest(gpa, LAB_PAGE);

	if (page == NULL || gpa % LAB_PAGE != 0 ||
		(to_assigned ? !lab_assign(gpa)
			     : snp_rmpupdate(&lab_machine.rmp, gpa, &shared) !=
					SNP_SUCCESS)) {
		return false;
	}
	memset(page, GARBAGE, LAB_PAGE);
	lab_npt_drop(gpa, LAB_PAGE);
	return true;
}

/* Another processor looks for a moment at which this level's registers are free. */
static bool run_twice(struct lab_cpu *cpu, uint64_t id)
{
	struct lab_cpu *other = &lab_cpus[id % LAB_CPUS];

	if (id >= LAB_CPUS || other == cpu || other->started) {
		return false;
	}
	other->world[cpu->vmpl] = *lab_world(cpu);
	other->vmpl = cpu->vmpl;
	lab_other_start(other);
	return true;
}

/* Whether what is asked for can be; what is done at once is done. */
static bool prepare(struct lab_cpu *cpu, enum lab_act act, uint64_t argument)
{
	switch (act) {
	case LAB_ACT_SWAP:
	case LAB_ACT_TAKE:
		return change(argument, act == LAB_ACT_SWAP) &&
		       lab_host_does(act);
	case LAB_ACT_POST:
		return lab_doorbell_post(
			       cpu, LEVEL(argument), (uint8_t)argument) &&
		       lab_host_does(act);
	case LAB_ACT_TWICE:
		return run_twice(cpu, argument);
	case LAB_ACT_TAMPER:
		if (argument % 8 != 0 || argument >= LAB_PAGE ||
			lab_world(cpu)->ghcb_page == LAB_NO_GHCB) {
			return false;
		}
		lab_npt_drop(lab_world(cpu)->ghcb_page, LAB_PAGE);
		return true;
	case LAB_ACT_RING:
		ringer = cpu;
		return cpu->world[0].save != NULL &&
		       lab_is_restricted(cpu->world[0].save);
	case LAB_ACT_REFUSE_RUN:
	case LAB_ACT_FALSE_RUN:
	case LAB_ACT_OTHER_RUN:
	case LAB_ACT_LIE_CPUID:
	case LAB_ACT_REPLAY:
	case LAB_ACT_ALTER:
	case LAB_ACT_INJECT:
	case LAB_ACT_LOSE:
	case LAB_ACTS:
	default:
		return true;
	}
}

static uint64_t ask(struct lab_cpu *cpu, uint64_t act, const struct lab_save *s)
{
	if (act >= LAB_ACTS) {
		return LAB_HOST_NONE;
	}
	acts[act].left = s->rcx;
	acts[act].argument = s->rdx;
	if (s->rcx != 0 && !prepare(cpu, (enum lab_act)act, s->rdx)) {
		acts[act].left = 0;
		return LAB_HOST_NONE;
	}
	return acts[act].done;
}

bool lab_host_ask(struct lab_cpu *cpu)
{
	struct lab_save *state = lab_state(cpu);

	if (!may_ask || state->cpl != 0 ||
		(state->rax & ~0xffull) != LAB_HOST_ASK) {
		return false;
	}
	state->rax = ask(cpu, state->rax & 0xff, state);
	lab_skip(cpu, VMMCALL_BYTES);
	return true;
}

/* With restricted injection VMRUN takes #HV and fails with all else. */
static bool vmrun_takes(struct lab_cpu *cpu, uint64_t argument)
{
	return !lab_is_restricted(lab_state(cpu)) ||
	       (EVENT(argument) & 0xfff) == (LAB_EVENT_EXCEPTION | VECTOR_HV);
}

static void inject(struct lab_cpu *cpu)
{
	uint64_t argument = acts[LAB_ACT_INJECT].argument;

	if (cpu->vmcb.control.event != 0 || LEVEL(argument) != cpu->vmpl) {
		return;
	}
	if (!vmrun_takes(cpu, argument)) {
		acts[LAB_ACT_INJECT].left = 0; /* it does not try again */
		return;
	}
	if (!lab_host_does(LAB_ACT_INJECT)) {
		return;
	}
	if ((argument & 0xff) == VECTOR_VC) {
		lab_vc(cpu, argument >> 32); /* with a frame of its own */
	} else {
		cpu->vmcb.control.event = EVENT(argument) | LAB_EVENT_VALID;
	}
}

/* Step by step until it is there. */
static void ring(struct lab_cpu *cpu)
{
	if (acts[LAB_ACT_RING].left == 0 || ringer != cpu || cpu->vmpl != 0) {
		return;
	}
	cpu->is_stepped = true;
	if (lab_state(cpu)->rip == acts[LAB_ACT_RING].argument &&
		cpu->vmcb.control.event == 0 && lab_host_does(LAB_ACT_RING)) {
		cpu->vmcb.control.event =
			LAB_EVENT_VALID | LAB_EVENT_EXCEPTION | VECTOR_HV;
		cpu->is_stepped = acts[LAB_ACT_RING].left != 0;
	}
}

void lab_host_enters(struct lab_cpu *cpu)
{
	inject(cpu);
	ring(cpu);
	if (cpu->is_stepped) {
		lab_state(cpu)->rflags |= RFLAGS_TF;
		cpu->vmcb.control.exceptions |= 1u << LAB_DB;
	}
}

void lab_host_leaves(struct lab_cpu *cpu)
{
	if (cpu->is_stepped) {
		lab_state(cpu)->rflags &= ~RFLAGS_TF;
	}
}

void lab_host_touched(struct lab_cpu *cpu, uint64_t gpa)
{
	uint64_t page = lab_world(cpu)->ghcb_page;
	uint64_t *at;

	if ((gpa & ~(LAB_PAGE - 1)) != page || !lab_is_shared(page) ||
		!lab_host_does(LAB_ACT_TAMPER)) {
		return;
	}
	at = (uint64_t *)(page + acts[LAB_ACT_TAMPER].argument);
	*at = ~*at;
	cpu->is_stepped = true;
}

void lab_host_stepped(struct lab_cpu *cpu)
{
	cpu->is_stepped = false;
	lab_state(cpu)->dr6 &= ~DR6_BS;
	if (acts[LAB_ACT_TAMPER].left != 0) {
		lab_npt_drop(lab_world(cpu)->ghcb_page, LAB_PAGE);
	}
}
