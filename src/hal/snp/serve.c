/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/insn.h>
#include <hal/snp/serve.h>
#include <hal/snp/talk.h>
#include <hal/snp/use.h>

#define LARGE	   512u /* pages; there are no registers at their multiples */
#define WORD	   8u
#define NEXT_AT	   2u
#define FAIL_INPUT 1u
#define READABLE   ((struct cbx_view){ CBX_VIEW_R }) /* as kernels do */

/* A list of PVALIDATE, as far as it was done: its head was read once. */
struct work {
	struct cbx_pfn page;
	uint32_t offset;
	struct cbx_svsm_list list;
	struct cbx_svsm_entry entry; /* list.next, as it was read last */
	uint64_t word;		     /* the same */
	uint64_t done;		     /* pages of it */
	bool asks;		     /* for the next one */
};

static struct work works[CBX_SNP_CPUS];
static uint64_t host_features;

void cbx_snp_serve_start(uint32_t cpu, struct cbx_pfn vmsa, struct cbx_pfn area,
	uint64_t features)
{
	cbx_snp_vcpus[cpu].vmsa = vmsa;
	cbx_snp_vcpus[cpu].area = area;
	host_features = features;
}

/* What it runs from it has until it takes others, and it takes none while those
 * run elsewhere. */
static bool take(struct cbx_snp_vcpu *cpu)
{
	cbx_snp_lock();
	if (!cpu->stays) {
		cpu->runs = cpu->vmsa;
		cpu->calls = cpu->area;
	}
	cbx_snp_unlock();
	return cpu->runs.n != 0;
}

enum cbx_status cbx_snp_serve_run(
	uint32_t id, struct cbx_snp_host *host, struct cbx_snp_left *left)
{
	struct cbx_snp_vcpu *cpu = &cbx_snp_vcpus[id];
	enum cbx_status status;
	void *vmsa;
	void *area;

	if (!take(cpu)) {
		return CBX_E_STATE;
	}
	vmsa = cbx_hal_page_map(cpu->runs);
	area = cbx_hal_page_map(cpu->calls);
	host->vmsa = vmsa;
	host->area = area;
	status = cbx_snp_host_run(host, left);
	cpu->stays = status == CBX_E_BUSY;
	cbx_hal_page_unmap(area);
	cbx_hal_page_unmap(vmsa);
	return status;
}

/* @param r  NULL: as they were */
static bool answer(
	uint32_t id, uint32_t result, const struct cbx_svsm_registers *r)
{
	struct cbx_vmsa *vmsa = cbx_hal_page_map(cbx_snp_vcpus[id].runs);

	vmsa->rax = result;
	if (r != NULL) {
		vmsa->rcx = r->rcx;
		vmsa->rdx = r->rdx;
		vmsa->r8_15[0] = r->r8;
	}
	cbx_hal_page_unmap(vmsa);
	return false;
}

static uint32_t remap(uint32_t id, struct cbx_pfn page)
{
	struct cbx_snp_vcpu *cpu = &cbx_snp_vcpus[id];
	uint64_t *area;

	if (page.n == cpu->area.n) {
		return CBX_SVSM_OK;
	}
	if (!cbx_snp_is_whole(page) || cbx_snp_is_used(page, NULL)) {
		return CBX_SVSM_BAD_ADDRESS;
	}
	area = cbx_hal_page_map(page);
	*area = 0; /* no call is pending */
	cbx_hal_page_unmap(area);
	cpu->area = page;
	return CBX_SVSM_OK;
}

/* What the host may do with the page, which is no registers. */
static enum cbx_status adjust(struct cbx_pfn pfn, struct cbx_view view)
{
	void *page = cbx_hal_page_map(pfn);
	enum cbx_status status = cbx_snp_adjust(page, CBX_SNP_HOST, view, 0);

	cbx_hal_page_unmap(page);
	return status;
}

/* Of a page that nobody else can write to any more. */
static bool make_registers(struct cbx_pfn pfn)
{
	void *vmsa = cbx_hal_page_map(pfn);
	enum cbx_status status = cbx_snp_make_registers(
		vmsa, CBX_SNP_HOST, host_features, READABLE);

	cbx_hal_page_unmap(vmsa);
	return status == CBX_OK;
}

/* A page that was the host's until the call failed it has back by writing to it. */
static uint32_t create(uint32_t id, const struct cbx_svsm_request *q)
{
	struct cbx_snp_vcpu *by = &cbx_snp_vcpus[id];
	struct cbx_snp_vcpu *cpu =
		q->apic < cbx_hal_cpu_count() ? &cbx_snp_vcpus[q->apic] : NULL;
	bool again = by->closing.n == q->page.n;

	if (cpu == NULL || q->page.n % LARGE == 0 || cpu->before.n != 0) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	if (!cbx_snp_is_whole(q->area) || cbx_snp_is_used(q->area, cpu) ||
		cbx_snp_is_used(q->page, NULL) ||
		!(again || cbx_snp_is_whole(q->page))) {
		return CBX_SVSM_BAD_ADDRESS;
	}
	if (!again) {
		if (adjust(q->page, READABLE) != CBX_OK) {
			return CBX_SVSM_BUSY;
		}
		cbx_snp_note(q->page, READABLE);
		by->closing = q->page;
		by->token = cbx_hal_view_flush();
	}
	if (!cbx_hal_view_flushed(by->token)) {
		return CBX_SVSM_INCOMPLETE;
	}
	by->closing.n = 0;
	if (!make_registers(q->page)) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	cpu->before = cpu->vmsa;
	cpu->vmsa = q->page;
	cpu->area = q->area;
	cbx_hal_cpu_kick(q->apic);
	return CBX_SVSM_OK;
}

static struct cbx_snp_vcpu *owner_of(struct cbx_pfn vmsa)
{
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		struct cbx_snp_vcpu *cpu = &cbx_snp_vcpus[i];

		if (cpu->vmsa.n == vmsa.n || cpu->before.n == vmsa.n) {
			return cpu;
		}
	}
	return NULL;
}

/* They are no longer taken first, and no longer registers when no CPU runs from
 * them; then nobody's until the host touches them, if they were its. */
static uint32_t delete (struct cbx_pfn page)
{
	struct cbx_snp_vcpu *cpu = page.n != 0 ? owner_of(page) : NULL;

	if (cpu == NULL) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	if (cpu->vmsa.n == page.n && cpu->before.n == 0) {
		cpu->before = page;
		cpu->vmsa.n = 0;
	}
	if (cpu->runs.n == page.n || adjust(page, CBX_SNP_NO_VIEW) != CBX_OK) {
		return CBX_SVSM_BUSY;
	}
	if (cpu->before.n == page.n) {
		cpu->before.n = 0;
	} else {
		cpu->vmsa.n = 0;
	}
	return CBX_SVSM_OK;
}

/* A word of the list, which is memory of the host's as long as it is read; or how
 * far it was done is written there. */
static uint32_t list_word(
	uint32_t id, uint32_t offset, const uint16_t *next, uint64_t *word)
{
	const struct work *w = &works[id];
	uint32_t result = CBX_SVSM_BAD_ADDRESS;

	cbx_snp_lock();
	if (cbx_snp_is_whole(w->page) ||
		w->page.n == cbx_snp_vcpus[id].area.n) {
		uint8_t *page = cbx_hal_page_map(w->page);

		*word = *(volatile uint64_t *)(page + offset);
		if (next != NULL) {
			*(volatile uint16_t *)(page + offset + NEXT_AT) = *next;
		}
		cbx_hal_page_unmap(page);
		result = CBX_SVSM_OK;
	}
	cbx_snp_unlock();
	return result;
}

/* Ask for the next page of the list.  Of an entry that is another one now
 * nothing is done. */
static uint32_t go_on(uint32_t id, struct cbx_event *event)
{
	struct work *w = &works[id];
	uint64_t word = 0;
	uint32_t result = list_word(
		id, w->offset + WORD + w->list.next * WORD, NULL, &word);

	if (result == CBX_SVSM_OK) {
		result = cbx_svsm_entry(word, cbx_hal_page_count(), &w->entry);
	}
	w->asks = result == CBX_SVSM_OK;
	if (w->asks) {
		w->done = word == w->word ? w->done : 0;
		w->word = word;
		event->kind = CBX_EVENT_PAGE_STATE;
		event->pfn = cbx_pfn_add(w->entry.pfn, w->done);
		event->count = 1;
		event->shared = !w->entry.validate;
	}
	return result;
}

/* What was busy is gone on with. */
static uint32_t validate(
	uint32_t id, const struct cbx_svsm_request *q, struct cbx_event *event)
{
	struct work *w = &works[id];
	uint64_t word;
	uint32_t result;

	if (w->page.n != q->page.n || w->offset != q->offset) {
		*w = (struct work){ .page = q->page, .offset = q->offset };
	}
	result = list_word(id, q->offset, NULL, &word);
	if (result == CBX_SVSM_OK) {
		result = cbx_svsm_list(word, q->offset, &w->list);
	}
	return result == CBX_SVSM_OK ? go_on(id, event) : result;
}

static uint32_t result_of(enum cbx_status status, bool same_is_fine)
{
	return status == CBX_OK || (status == CBX_E_STATE && same_is_fine)
		       ? CBX_SVSM_OK
	       : status == CBX_E_STATE	  ? CBX_SVSM_UNCHANGED
	       : status == CBX_E_BUSY	  ? CBX_SVSM_BUSY
	       : status == CBX_E_HARDWARE ? CBX_SVSM_INSTRUCTION + FAIL_INPUT
					  : CBX_SVSM_BAD_ADDRESS;
}

/* Of an entry that is done. */
static uint32_t count_entry(uint32_t id)
{
	struct work *w = &works[id];
	uint64_t word;

	w->done = 0;
	w->list.next++;
	return list_word(id, w->offset, &w->list.next, &word);
}

bool cbx_snp_serve_more(
	uint32_t id, const struct cbx_reply *reply, struct cbx_event *event)
{
	struct work *w = &works[id];
	uint32_t result = result_of(
		(enum cbx_status)reply->status, w->entry.same_is_fine);

	w->asks = false;
	w->done += result == CBX_SVSM_OK;
	if (w->done == w->entry.pages) {
		result = count_entry(id);
	}
	if (result == CBX_SVSM_OK && w->list.next < w->list.count) {
		result = go_on(id, event);
	}
	if (!w->asks && result != CBX_SVSM_BUSY) {
		w->done = 0;
	}
	return w->asks || answer(id, result, NULL);
}

/* What takes no event; under the lock. */
static uint32_t act(uint32_t id, const struct cbx_svsm_request *q,
	struct cbx_svsm_registers *r)
{
	switch (q->call) {
	case CBX_SVSM_REMAP_CA:
		return remap(id, q->page);
	case CBX_SVSM_CREATE_VCPU:
		return create(id, q);
	case CBX_SVSM_DELETE_VCPU:
		return delete (q->page);
	case CBX_SVSM_QUERY_PROTOCOL:
	case CBX_SVSM_CONFIGURE_VTOM:
		r->rcx = q->answer;
		return CBX_SVSM_OK;
	case CBX_SVSM_SERVICES:
		return cbx_snp_serve_attest(id, q, r);
	case CBX_SVSM_PVALIDATE:
	case CBX_SVSM_SINGLE_SERVICE:
		break;
	}
	return CBX_SVSM_NO_CALL;
}

bool cbx_snp_serve(uint32_t id, const struct cbx_svsm_registers *call,
	struct cbx_event *event)
{
	struct cbx_svsm_request q = { 0 };
	struct cbx_svsm_registers r = *call;
	uint32_t result = cbx_svsm_decode(call, cbx_hal_page_count(), &q);

	works[id].asks = false;
	if (result == CBX_SVSM_OK && q.call == CBX_SVSM_PVALIDATE) {
		result = validate(id, &q, event);
	} else if (result == CBX_SVSM_OK) {
		cbx_snp_lock();
		result = act(id, &q, &r);
		cbx_snp_unlock();
	}
	return works[id].asks || answer(id, result, &r);
}
