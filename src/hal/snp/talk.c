/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>

#define NEEDED (CBX_GHCB_HAS_SNP | CBX_GHCB_HAS_AP_START | CBX_GHCB_HAS_VMPLS)

/* Lists the hypervisor may leave without progress, or half done. */
#define TRIES 8u

static const char *check_hypervisor(uint8_t c_bit)
{
	uint64_t features = 0;
	uint8_t said = 0;

	if (!cbx_ghcb_info(cbx_snp_exchange(CBX_GHCB_ASK_INFO), &said)) {
		return "The hypervisor does not speak version 2 of the GHCB.";
	}
	if (said != c_bit) {
		return "The hypervisor names another C bit than the CPU.";
	}
	if (!cbx_ghcb_features(
		    cbx_snp_exchange(CBX_GHCB_ASK_FEATURES), &features) ||
		(features & NEEDED) != NEEDED) {
		return "The hypervisor cannot run several levels of a CPU.";
	}
	return NULL;
}

static bool share(const struct cbx_snp_two_ways *page)
{
	uint64_t state = cbx_ghcb_ask_state(page->pfn, true);

	return cbx_rmp_status(cbx_snp_pvalidate(page->hidden, false)) ==
		       CBX_OK &&
	       cbx_ghcb_state_set(cbx_snp_exchange(state)) == CBX_OK;
}

const char *cbx_snp_ghcb_start(
	const struct cbx_snp_two_ways *page, uint8_t c_bit)
{
	const char *why = check_hypervisor(c_bit);
	uint64_t address = cbx_ghcb_ask_register(page->pfn);

	if (why != NULL) {
		return why;
	}
	if (!share(page)) {
		return "The hypervisor does not share a page.";
	}
	if (cbx_ghcb_registered(cbx_snp_exchange(address), page->pfn) !=
		CBX_OK) {
		return "The hypervisor does not take the GHCB.";
	}
	*cbx_snp_ghcb() =
		(struct cbx_snp_ghcb){ .page = page->shared, .pfn = page->pfn };
	return NULL;
}

const char *cbx_snp_bell_start(
	const struct cbx_snp_two_ways *page, volatile uint64_t *rung)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_BELL,
		.info1 = CBX_GHCB_BELL_SET,
		.info2 = page->pfn.n << CBX_PAGE_SHIFT,
	};
	struct cbx_snp_ghcb *ghcb = cbx_snp_ghcb();
	struct cbx_ghcb_answer answer;

	if (!share(page)) {
		return "The hypervisor does not share a page.";
	}
	ghcb->rung = rung;
	ghcb->bell = page->shared;
	*ghcb->bell = 0;
	if (cbx_snp_ask(&call, 0, &answer) != CBX_OK) {
		return "The hypervisor does not take the doorbell.";
	}
	return NULL;
}

enum cbx_status cbx_snp_ask(const struct cbx_ghcb_call *call, uint8_t needed,
	struct cbx_ghcb_answer *answer)
{
	const struct cbx_snp_ghcb *ghcb = cbx_snp_ghcb();
	enum cbx_status status;

	cbx_ghcb_write(ghcb->page, call);
	(void)cbx_snp_exchange(ghcb->pfn.n << CBX_PAGE_SHIFT);
	status = cbx_ghcb_read(ghcb->page, needed, answer);
	ghcb->page->valid[1] = 0; /* nothing is asked by it */
	return status;
}

/* Ask for one list. */
static enum cbx_status change_some(struct cbx_psc *psc)
{
	const struct cbx_snp_ghcb *ghcb = cbx_snp_ghcb();
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_STATES,
		.field = { 0, 0,
			(ghcb->pfn.n << CBX_PAGE_SHIFT) + CBX_GHCB_BUFFER },
		.fields = CBX_GHCB_SCRATCH,
	};
	volatile uint64_t *buffer = ghcb->page->buffer;
	uint64_t listed = cbx_psc_write(buffer, psc);
	struct cbx_ghcb_answer answer;

	if (cbx_snp_ask(&call, 0, &answer) != CBX_OK) {
		return CBX_E_INVALID;
	}
	return cbx_psc_read(buffer, listed, answer.info2, psc);
}

enum cbx_status cbx_snp_change(struct cbx_psc *psc)
{
	uint32_t tries = 0;

	while (psc->count != 0) {
		enum cbx_status status = change_some(psc);

		if (status == CBX_E_HARDWARE) {
			return CBX_E_HARDWARE;
		}
		if (status != CBX_OK && ++tries == TRIES) {
			return CBX_E_BUSY;
		}
	}
	return CBX_OK;
}
