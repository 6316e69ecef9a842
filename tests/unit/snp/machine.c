/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <arch/x86_64/flush.h>
#include <hal/snp/use.h>

#include "snp/ghcb_msr.h"
#include "snp/ghcb_psc.h"
#include "snp/rmp.h"

#define OWN	 16u /* pages that were launched with the monitor */
#define ICR_NMI	 0x400u
#define PCPU	 77u /* a processor's own number */
#define ANSWERED 0x17u

uint8_t machine_memory[MACHINE_PAGES][CBX_PAGE_SIZE]
	__attribute__((aligned(4096)));
struct machine machine;
static bool whole[MACHINE_PAGES];
static struct snp_rmp_entry entries[MACHINE_PAGES];
static struct snp_rmp rmp = { .entry = entries, .pages = MACHINE_PAGES };
static struct cbx_snp_ghcb ghcb;
static uint64_t registered;
static uint64_t doorbell;
static volatile uint64_t rung[2];

struct cbx_snp_ghcb *cbx_snp_ghcb(void)
{
	return &ghcb;
}

uint32_t cbx_hal_cpu(void)
{
	rung[0] += machine.rings;
	machine.rings = false;
	return machine.cpu;
}

uint32_t cbx_hal_cpu_count(void)
{
	return MACHINE_CPUS;
}

uint64_t cbx_hal_page_count(void)
{
	return MACHINE_PAGES;
}

void *cbx_hal_page_map(struct cbx_pfn pfn)
{
	assert_true(pfn.n < MACHINE_PAGES);
	machine.maps++;
	return machine_memory[pfn.n];
}

void cbx_hal_page_unmap(const void *page)
{
	(void)page;
	machine.maps--;
}

/* A machine that ended holds no lock; a test goes on. */
_Noreturn void cbx_hal_panic(const char *what, const char *file, int line)
{
	cbx_snp_unlock();
	mock_assert(0, what, file, line);
	abort();
}

static uint64_t pfn_of(const void *page)
{
	uint64_t offset = (uint64_t)((const uint8_t *)page - machine_memory[0]);

	assert_int_equal(offset % CBX_PAGE_SIZE, 0);
	assert_true(offset / CBX_PAGE_SIZE < MACHINE_PAGES);
	return offset / CBX_PAGE_SIZE;
}

static struct snp_at at_of(uint64_t pfn)
{
	return (struct snp_at){ pfn << 12, pfn << 12 };
}

/* A fault nothing comes back from. */
static struct cbx_rmp_result result_of(struct snp_outcome outcome)
{
	mock_assert(outcome.fault == SNP_DONE, "stuck", __FILE__, __LINE__);
	return (struct cbx_rmp_result){ outcome.code, outcome.carry };
}

struct cbx_rmp_result cbx_snp_pvalidate(const void *page, bool valid)
{
	const struct snp_cpu monitor = { 1, 0, 0 };
	uint64_t pfn = pfn_of(page);

	if (pfn == machine.at && machine.pvalidate != 0) {
		return (struct cbx_rmp_result){ machine.pvalidate, false };
	}
	return result_of(
		snp_pvalidate(&rmp, monitor, at_of(pfn), false, valid));
}

struct cbx_rmp_result cbx_snp_rmpadjust(const void *page, uint64_t rights)
{
	const struct snp_cpu monitor = { 1, 0, 0 };
	uint64_t pfn = pfn_of(page);

	if (pfn == machine.at && machine.rmpadjust != 0 &&
		(machine.at_vmpl == 0 || machine.at_vmpl == (rights & 0xff))) {
		return (struct cbx_rmp_result){ machine.rmpadjust, false };
	}
	return result_of(
		snp_rmpadjust(&rmp, monitor, at_of(pfn), false, rights));
}

bool machine_is_private(uint64_t pfn)
{
	return (entries[pfn].flags & SNP_RMP_ASSIGNED) != 0;
}

bool machine_is_valid(uint64_t pfn)
{
	return (entries[pfn].flags & SNP_RMP_VALIDATED) != 0;
}

bool machine_is_vmsa(uint64_t pfn)
{
	return (entries[pfn].flags & SNP_RMP_VMSA) != 0;
}

uint8_t machine_rights(uint64_t pfn, uint8_t vmpl)
{
	return entries[pfn].rights[vmpl];
}

void machine_set_rights(uint64_t pfn, uint8_t vmpl, uint8_t rights)
{
	entries[pfn].rights[vmpl] = rights;
}

/* As KVM: what is so already stays. */
static bool change(uint64_t pfn, enum snp_state_op op)
{
	struct snp_update update = { 0 };

	machine.states++;
	if (pfn >= MACHINE_PAGES || pfn == machine.refuse) {
		return false;
	}
	if (machine_is_private(pfn) == (op == SNP_STATE_PRIVATE)) {
		return true;
	}
	if (op == SNP_STATE_PRIVATE) {
		update = (struct snp_update){
			.gpa = pfn << 12, .asid = 1, .assigned = true
		};
	}
	return snp_rmpupdate(&rmp, pfn << 12, &update) == SNP_SUCCESS;
}

static uint64_t change_list(uint8_t *list, uint16_t bytes)
{
	uint64_t most = machine.most;
	struct snp_psc_step step;
	uint64_t error;

	machine.lists++;
	for (;;) {
		switch (snp_psc_next(list, bytes, &step, &error)) {
		case SNP_PSC_END:
			return SNP_PSC_DONE;
		case SNP_PSC_REFUSE:
			return error;
		case SNP_PSC_NEXT:
			break;
		}
		if (most-- == 0) {
			return SNP_PSC_DONE; /* to be asked again */
		}
		if (!change(step.gpa >> 12, step.op)) {
			return SNP_PSC_FAILED | 1;
		}
		snp_psc_advance(list, &step, 1);
	}
}

static struct snp_nae_answer serve_ipi(uint64_t icr)
{
	uint64_t cpu = icr >> 32;

	assert_true(cpu < MACHINE_CPUS);
	assert_int_equal((uint32_t)icr, ICR_NMI);
	if (machine.no_ipi) {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	machine.ipis[cpu]++;
	return snp_nae_done(0);
}

static struct snp_nae_answer serve(uint8_t *page, const struct snp_nae *nae)
{
	if (nae->event == SNP_EVENT_IPI) {
		return serve_ipi(nae->info1);
	}
	if (nae->event == SNP_EVENT_DOORBELL && !machine.no_bell) {
		assert_int_equal(nae->info1, SNP_DOORBELL_SET);
		doorbell = nae->info2;
		assert_false(machine_is_private(doorbell >> 12));
		return snp_nae_done(doorbell);
	}
	if (nae->event == SNP_EVENT_PAGE_STATE && !machine.no_list) {
		return snp_nae_done(
			change_list(page + nae->scratch, nae->scratch_bytes));
	}
	if (nae->event == SNP_EVENT_AP_CREATION && !machine.no_ap) {
		const struct snp_ap ap = snp_nae_ap(nae);

		assert_int_equal(
			ap.op, ap.vmpl == 0 ? SNP_AP_NOW : SNP_AP_ON_INIT);
		machine.created_vmpl = ap.vmpl;
		machine.created_svme =
			(((struct cbx_vmsa *)(void *)
					 machine_memory[MACHINE_VMSA])
					->efer &
				CBX_VMSA_SVME) != 0;
		assert_int_equal(nae->info2, MACHINE_VMSA << 12);
		assert_true(machine_is_vmsa(MACHINE_VMSA));
		return snp_nae_done(0);
	}
	if ((nae->event == SNP_EVENT_REQUEST ||
		    nae->event == SNP_EVENT_EXTENDED_REQUEST) &&
		machine.message != NULL) {
		return machine.message(nae);
	}
	return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
}

static void serve_page(uint64_t gpa)
{
	const struct snp_ghcb_host host = {
		.registered = registered,
		.features = SNP_FEATURE_AP_CREATION | SNP_FEATURE_VMPLS |
			    SNP_FEATURE_RESTRICTED,
		.min = 2,
		.max = 2,
	};
	uint8_t *page = machine_memory[gpa >> 12];
	struct snp_nae_answer answer;
	enum snp_ghcb_error error;
	struct snp_nae nae;

	assert_false(machine_is_private(gpa >> 12));
	error = snp_ghcb_decode(page, &host, gpa, &nae);
	answer = error == SNP_GHCB_OK ? serve(page, &nae)
				      : snp_nae_refused(error);
	snp_ghcb_answer(page, &answer);
}

static uint64_t run(uint8_t vmpl)
{
	struct cbx_vmsa *vmsa = (void *)machine_memory[machine.vmsa];

	assert_int_equal(vmpl, CBX_SNP_HOST);
	machine.had_svme = (vmsa->efer & CBX_VMSA_SVME) != 0;
	if (!machine.no_run && machine.level != NULL) {
		machine.flushed = vmsa->cpu == 0;
		vmsa->cpu = PCPU;
		machine.level();
	}
	return snp_msr_run(0);
}

static uint64_t serve_msr(const struct snp_msr_request *r)
{
	switch (r->code) {
	case SNP_MSR_INFO:
		return machine.info;
	case SNP_MSR_FEATURES:
		return machine.features;
	case SNP_MSR_REGISTER:
		registered = r->gpa;
		return machine.echo == NEVER ? snp_msr_registered(r, true)
					     : machine.echo;
	case SNP_MSR_STATE:
		return snp_msr_state(
			change(r->gpa >> 12, (enum snp_state_op)r->op) ? 0 : 1);
	case SNP_MSR_RUN:
		return run(r->vmpl);
	case SNP_MSR_PAGE:
	case SNP_MSR_CPUID:
	case SNP_MSR_HOLD:
	case SNP_MSR_PREFERRED:
	case SNP_MSR_TERMINATE:
	case SNP_MSR_UNKNOWN:
		break;
	}
	fail();
	return 0;
}

uint64_t cbx_snp_exchange(uint64_t request)
{
	const struct snp_msr_request r = snp_msr_decode(request);
	uint64_t answer;

	assert_true(r.sane);
	if (r.code == SNP_MSR_PAGE) {
		serve_page(r.gpa);
		return request;
	}
	answer = serve_msr(&r);
	return machine.answer == NEVER || r.code == SNP_MSR_INFO ||
			       r.code == SNP_MSR_FEATURES
		       ? answer
		       : machine.answer;
}

uint64_t cbx_snp_enter(const volatile uint64_t *heard)
{
	return heard[0] == heard[1]
		       ? cbx_snp_exchange(cbx_ghcb_ask_run(CBX_SNP_HOST))
		       : ANSWERED;
}

void cbx_snp_quiet(void)
{
}

static void launch(void)
{
	memset(entries, 0, sizeof(entries));
	for (uint64_t pfn = 0; pfn < OWN; pfn++) {
		assert_true(change(pfn, SNP_STATE_PRIVATE));
		assert_int_equal(
			cbx_snp_pvalidate(machine_memory[pfn], true).code, 0);
	}
}

int machine_boot(void **state)
{
	(void)state;
	machine = (struct machine){
		.refuse = NEVER,
		.most = NEVER,
		.answer = NEVER,
		.echo = NEVER,
		.info = snp_msr_info(1, 2, MACHINE_C),
		.features = snp_msr_features(
			SNP_FEATURE_AP_CREATION | SNP_FEATURE_VMPLS),
		.at = NEVER,
		.vmsa = MACHINE_VMSA,
	};
	memset(machine_memory, 0, sizeof(machine_memory));
	memset(whole, 0, sizeof(whole));
	cbx_snp_use_start(whole);
	cbx_snp_unlock(); /* a test that failed may have it */
	memset(cbx_snp_vcpus, 0, sizeof(cbx_snp_vcpus));
	ghcb = (struct cbx_snp_ghcb){ 0 };
	registered = NEVER;
	rung[0] = rung[1] = 0;
	for (uint32_t i = 0; i < MACHINE_CPUS; i++) {
		cbx_flush_end(i, false, 0);
	}
	launch();
	return 0;
}

const char *machine_bell(void)
{
	const struct cbx_snp_two_ways two = {
		.pfn = { MACHINE_BELL },
		.hidden = machine_memory[MACHINE_BELL],
		.shared = machine_memory[MACHINE_BELL],
	};

	return cbx_snp_bell_start(&two, rung);
}
