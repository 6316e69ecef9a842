/* SPDX-License-Identifier: Apache-2.0 */
/* The host's part of VMGEXIT: what models of the exchange (snp/ghcb.h and its
 * like) decode, a host that means well does. */
#include "asm.h"
#include "count.h"
#include "cpu.h"
#include "device.h"
#include "doorbell.h"
#include "host.h"
#include "machine.h"
#include "npt.h"
#include "other.h"
#include "request.h"
#include "rows.h"
#include "say.h"
#include "snp/ghcb.h"
#include "snp/ghcb_msr.h"
#include "snp/ghcb_psc.h"
#include "walk.h"

#define VMGEXIT_BYTES 4
#define REFUSED	      1u
#define VERSION	      2u
#define OFFERED \
	(SNP_FEATURE_AP_CREATION | SNP_FEATURE_VMPLS | SNP_FEATURE_RESTRICTED)

static bool run(struct lab_cpu *cpu, uint64_t vmpl)
{
	if (lab_host_does(LAB_ACT_REFUSE_RUN)) {
		return false;
	}
	if (lab_host_does(LAB_ACT_FALSE_RUN)) {
		return true;
	}
	if (lab_host_does(LAB_ACT_OTHER_RUN)) {
		vmpl = lab_host_argument(LAB_ACT_OTHER_RUN);
	}
	if (vmpl == cpu->vmpl || vmpl >= SNP_VMPLS ||
		!lab_cpu_runnable(cpu, (uint8_t)vmpl)) {
		return false;
	}
	lab_counts.calls += vmpl == 0;
	lab_cpu_switch(cpu, (uint8_t)vmpl);
	return true;
}

/* A GHCB is memory guest and host share. */
static bool take_page(struct lab_cpu *cpu, uint64_t gpa)
{
	if (!lab_is_shared(gpa)) {
		return false;
	}
	lab_world(cpu)->ghcb_page = gpa;
	return true;
}

/* One page; one that is so already stays as it is. */
static bool change_page(uint64_t gpa, enum snp_state_op op)
{
	const struct snp_update shared = { 0 };

	if (op == SNP_STATE_SMASH || op == SNP_STATE_UNSMASH) {
		return true; /* all entries are of 4 KiB, and remain so */
	}
	if (!lab_is_ram(gpa) ||
		lab_is_shared(gpa) == (op == SNP_STATE_SHARED)) {
		return lab_guest(gpa, LAB_PAGE) != NULL;
	}
	if (op == SNP_STATE_SHARED ? snp_rmpupdate(&lab_machine.rmp, gpa,
					     &shared) != SNP_SUCCESS
				   : !lab_assign(gpa)) {
		return false;
	}
	lab_counts.state++;
	lab_npt_drop(gpa, LAB_PAGE);
	return true;
}

static _Noreturn void terminate(
	const struct lab_cpu *cpu, uint64_t set, uint64_t reason)
{
	lab_say("lab: terminated: cpu %u vmpl %u set %u reason %u\n",
		(uint64_t)cpu->id, (uint64_t)cpu->vmpl, set, reason);
	lab_end(LAB_END_GUEST);
}

static uint32_t register_of(const struct lab_cpuid *r, uint8_t index)
{
	const uint32_t values[] = { r->eax, r->ebx, r->ecx, r->edx };

	return values[index & 3];
}

static uint64_t answer_msr(struct lab_cpu *cpu, uint64_t value)
{
	const struct snp_msr_request r = snp_msr_decode(value);
	struct lab_cpuid cpuid;
	uint64_t answer;

	if (lab_rows_answer(value, &answer)) {
		return answer;
	}
	lab_counts.msr++;
	if (!r.sane) {
		lab_lost(cpu, "a request by MSR that is none:", value);
	}
	switch (r.code) {
	case SNP_MSR_INFO:
		return snp_msr_info(VERSION, VERSION, LAB_C_BIT);
	case SNP_MSR_CPUID:
		cpuid = lab_host_cpuid(lab_cpuid_of(cpu, r.function, 0));
		return snp_msr_cpuid(&r, register_of(&cpuid, r.index));
	case SNP_MSR_PREFERRED:
		return snp_msr_no_preferred();
	case SNP_MSR_REGISTER:
		return snp_msr_registered(&r, take_page(cpu, r.gpa));
	case SNP_MSR_STATE:
		return snp_msr_state(change_page(r.gpa, (enum snp_state_op)r.op)
					     ? 0
					     : REFUSED);
	case SNP_MSR_RUN:
		return snp_msr_run(run(cpu, r.vmpl) ? 0 : REFUSED);
	case SNP_MSR_FEATURES:
		return snp_msr_features(OFFERED);
	case SNP_MSR_TERMINATE:
		terminate(cpu, r.set, r.reason);
	case SNP_MSR_HOLD:
		cpu->holds = true;
		return snp_msr_hold(false);
	case SNP_MSR_PAGE:
	case SNP_MSR_UNKNOWN:
	default:
		lab_lost(cpu, "a request by MSR the lab has not:", value);
	}
}

/* Those of a VMSA are those the guest says beside it. */
static bool has_features(uint64_t gpa, uint64_t features)
{
	const struct lab_save *save = lab_guest(gpa, LAB_PAGE);

	return save != NULL && save->features == features;
}

/* A level of a processor gets registers, or loses them; none that runs.  One that
 * holds has none. */
static bool create(const struct snp_nae *nae)
{
	const struct snp_ap ap = snp_nae_ap(nae);
	struct lab_cpu *target = &lab_cpus[ap.apic % LAB_CPUS];

	if (ap.apic >= LAB_CPUS || ap.vmpl >= SNP_VMPLS ||
		(target->started && target->vmpl == ap.vmpl &&
			lab_world(target)->save != NULL)) {
		return false;
	}
	if (ap.op == SNP_AP_DESTROY) {
		target->world[ap.vmpl] = (struct lab_world){ 0 };
		return true;
	}
	if (!has_features(nae->info2, nae->rax) ||
		!lab_cpu_set_vmsa(target, ap.vmpl, nae->info2)) {
		return false;
	}
	lab_counts.create++;
	if (ap.op == SNP_AP_NOW && !target->started) {
		target->vmpl = ap.vmpl;
		lab_other_start(target);
	}
	return true;
}

static uint64_t change_pages(uint8_t *page, const struct snp_nae *nae)
{
	uint8_t *list = page + nae->scratch;
	struct snp_psc_step step;
	uint64_t error;

	for (;;) {
		switch (snp_psc_next(list, nae->scratch_bytes, &step, &error)) {
		case SNP_PSC_END:
			return SNP_PSC_DONE;
		case SNP_PSC_REFUSE:
			return error;
		case SNP_PSC_NEXT:
			break;
		}
		for (uint16_t i = 0; i < step.pages; i++) {
			if (!change_page(step.gpa + i * LAB_PAGE, step.op)) {
				return SNP_PSC_FAILED | REFUSED;
			}
			snp_psc_advance(list, &step, 1);
		}
	}
}

static struct snp_nae_answer answer_cpuid(
	struct lab_cpu *cpu, const struct snp_nae *nae)
{
	struct snp_nae_answer answer = snp_nae_done(0);
	struct lab_cpuid r = lab_host_cpuid(
		lab_cpuid_of(cpu, (uint32_t)nae->rax, (uint32_t)nae->rcx));

	answer.fields =
		SNP_FIELD_RAX | SNP_FIELD_RBX | SNP_FIELD_RCX | SNP_FIELD_RDX;
	answer.rax = r.eax;
	answer.rbx = r.ebx;
	answer.rcx = r.ecx;
	answer.rdx = r.edx;
	return answer;
}

static struct snp_nae_answer answer_msr_event(const struct snp_nae *nae)
{
	struct snp_nae_answer answer = snp_nae_done(0);
	uint64_t value = (uint32_t)nae->rax | nae->rdx << 32;

	if (!lab_msr_of((uint32_t)nae->rcx, nae->info1 != 0, &value)) {
		return snp_nae_raise(true);
	}
	if (nae->info1 == 0) {
		answer.fields = SNP_FIELD_RAX | SNP_FIELD_RDX;
		answer.rax = (uint32_t)value;
		answer.rdx = value >> 32;
	}
	return answer;
}

static struct snp_nae_answer done_if(bool done)
{
	return done ? snp_nae_done(0) : snp_nae_refused(SNP_GHCB_INVALID_INPUT);
}

/* @param page  the copy, which has what is left of a list afterwards, and what a
 * device said */
static struct snp_nae_answer answer_nae(
	struct lab_cpu *cpu, uint8_t *page, const struct snp_nae *nae)
{
	switch (nae->event) {
	case SNP_EVENT_AP_CREATION:
		return done_if(create(nae));
	case SNP_EVENT_RESET_HOLD:
		cpu->holds = true;
		return snp_nae_done(0);
	case SNP_EVENT_RUN_VMPL:
		return done_if(run(cpu, nae->info1));
	case SNP_EVENT_PAGE_STATE:
		return snp_nae_done(change_pages(page, nae));
	case SNP_EVENT_IPI:
		return lab_doorbell_ipi(cpu, nae);
	case SNP_EVENT_DOORBELL:
		return lab_doorbell(cpu, nae);
	case SNP_EVENT_REQUEST:
	case SNP_EVENT_EXTENDED_REQUEST:
		return lab_request(cpu, nae);
	case SNP_EVENT_CPUID:
		return answer_cpuid(cpu, nae);
	case SNP_EVENT_MSR:
		return answer_msr_event(nae);
	case SNP_EVENT_IOIO:
		return lab_device_port(page, nae);
	case SNP_EVENT_MMIO_READ:
	case SNP_EVENT_MMIO_WRITE:
		return lab_device_memory(cpu, page, nae);
	case SNP_EVENT_WBINVD:
	case SNP_EVENT_MONITOR:
	case SNP_EVENT_MWAIT:
		return snp_nae_done(0); /* nothing is lost without them */
	case SNP_EVENT_RDPMC:
		return snp_nae_raise(true);
	case SNP_EVENT_FEATURES:
		return snp_nae_done(OFFERED);
	case SNP_EVENT_TERMINATE:
		terminate(cpu, nae->info1 & 0xf, nae->info1 >> 4 & 0xff);
	default:
		return snp_nae_refused(SNP_GHCB_INVALID_EVENT);
	}
}

static void serve_page(struct lab_cpu *cpu, uint64_t gpa)
{
	static uint8_t copy[LAB_PAGE]; /* of who has the lock */
	const struct snp_ghcb_host host = {
		.registered = lab_world(cpu)->ghcb_page,
		.features = OFFERED,
		.min = VERSION,
		.max = VERSION,
	};
	void *page = lab_guest(gpa, LAB_PAGE);
	struct snp_nae_answer answer;
	enum snp_ghcb_error error;
	struct snp_nae nae;

	lab_counts.page++;
	if (page == NULL || !lab_is_shared(gpa)) {
		lab_lost(cpu, "the GHCB is not shared:", gpa);
	}
	memcpy(copy, page, sizeof(copy));
	error = snp_ghcb_decode(copy, &host, gpa, &nae);
	answer = error == SNP_GHCB_OK ? answer_nae(cpu, copy, &nae)
				      : snp_nae_refused(error);
	if (!lab_is_shared(gpa)) {
		return; /* it was made private: nothing to write to */
	}
	if (nae.scratch != 0) {
		memcpy((uint8_t *)page + nae.scratch, copy + nae.scratch,
			nae.scratch_bytes);
	}
	snp_ghcb_answer(page, &answer);
}

static bool is_vmgexit(const struct lab_save *state)
{
	uint8_t prefix;

	return lab_fetch(state, &prefix, 1) &&
	       (prefix == 0xf3 || prefix == 0xf2);
}

void lab_exit_vmmcall(struct lab_cpu *cpu)
{
	struct lab_world *world = lab_world(cpu);
	struct lab_save *state = lab_state(cpu);

	if (!is_vmgexit(state)) {
		if (!lab_host_ask(cpu)) {
			lab_inject(cpu, LAB_UD);
		}
		return;
	}
	lab_skip(cpu, VMGEXIT_BYTES);
	state->exit_code = LAB_EXIT_VMGEXIT;
	state->exit_info1 = 0;
	state->exit_info2 = 0;
	if (snp_msr_decode(world->ghcb).code == SNP_MSR_PAGE) {
		serve_page(cpu, world->ghcb);
	} else {
		world->ghcb = answer_msr(cpu, world->ghcb);
	}
}
