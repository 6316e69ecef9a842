/* SPDX-License-Identifier: Apache-2.0 */
/* Pages into the confidential VM and out of it, and what the host may do. */
#include <hal/hal.h>
#include <hal/snp/host.h>
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>
#include <hal/snp/use.h>

/* The monitor sees to it that neither happens. */
static void assert_asked_well(enum cbx_status status)
{
	CBX_ASSERT(status != CBX_E_INVALID && status != CBX_E_DENIED);
}

/* Lines of the page from before it was the VM's are evicted by touching its
 * first and its last one. */
static void evict(const volatile uint8_t *page)
{
	(void)page[0];
	(void)page[CBX_PAGE_SIZE - 1];
}

enum cbx_status cbx_snp_adjust(const volatile void *page, uint8_t vmpl,
	struct cbx_view view, uint64_t vmsa)
{
	enum cbx_status status =
		cbx_rmp_status(cbx_snp_rmpadjust((const void *)(uintptr_t)page,
			cbx_rmp_rights(vmpl, view) | vmsa));

	assert_asked_well(status);
	return status;
}

/* No level but the monitor's may touch it, whatever was before. */
static enum cbx_status close(const void *page)
{
	enum cbx_status status = CBX_OK;

	for (uint8_t vmpl = 1; status == CBX_OK && vmpl < CBX_RMP_VMPLS;
		vmpl++) {
		status = cbx_snp_adjust(page, vmpl, CBX_SNP_NO_VIEW, 0);
	}
	return status;
}

/* A page that is valid before is another page's double (doc/snp.md). */
static enum cbx_status validate(void *page)
{
	enum cbx_status status = cbx_rmp_status(cbx_snp_pvalidate(page, true));

	assert_asked_well(status);
	CBX_ASSERT(status != CBX_E_STATE);
	if (status != CBX_OK) {
		return CBX_E_BUSY;
	}
	if (close(page) != CBX_OK) {
		status = cbx_rmp_status(cbx_snp_pvalidate(page, false));
		CBX_ASSERT(status == CBX_OK); /* or it cannot be repeated */
		return CBX_E_BUSY;
	}
	evict(page);
	return CBX_OK;
}

enum cbx_status cbx_hal_page_accept(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	struct cbx_psc psc = { pfn, count };
	enum cbx_status status = cbx_snp_change(&psc);
	uint64_t changed = count - psc.count;

	for (*done = 0; *done < changed; ++*done) {
		void *page = cbx_hal_page_map(cbx_pfn_add(pfn, *done));
		enum cbx_status valid = validate(page);

		cbx_hal_page_unmap(page);
		if (valid != CBX_OK) {
			return valid;
		}
	}
	return status;
}

/* Repeated after a refusal, the page is rescinded already. */
static enum cbx_status release(struct cbx_pfn pfn)
{
	void *page = cbx_hal_page_map(pfn);
	enum cbx_status status = cbx_rmp_status(cbx_snp_pvalidate(page, false));

	cbx_hal_page_unmap(page);
	assert_asked_well(status);
	if (status != CBX_OK && status != CBX_E_STATE) {
		return status;
	}
	return cbx_ghcb_state_set(cbx_snp_exchange(
		       cbx_ghcb_ask_state(pfn, true))) == CBX_OK
		       ? CBX_OK
		       : CBX_E_BUSY;
}

enum cbx_status cbx_hal_page_release(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	for (*done = 0; *done < count; ++*done) {
		enum cbx_status status = release(cbx_pfn_add(pfn, *done));

		if (status != CBX_OK) {
			return status;
		}
	}
	return CBX_OK;
}

/* A page in use stays as it is. */
static enum cbx_status set_view(struct cbx_pfn pfn, struct cbx_view view)
{
	enum cbx_status status = CBX_E_HARDWARE;

	cbx_snp_lock();
	if (!cbx_snp_is_used(pfn, NULL)) {
		void *page = cbx_hal_page_map(pfn);

		status = cbx_snp_adjust(page, CBX_SNP_HOST, view, 0);
		cbx_hal_page_unmap(page);
		if (status == CBX_OK) {
			cbx_snp_note(pfn, view);
		}
	}
	cbx_snp_unlock();
	return status;
}

enum cbx_status cbx_hal_view_set(struct cbx_pfn pfn, uint64_t count,
	struct cbx_view view, uint64_t *done)
{
	for (*done = 0; *done < count; ++*done) {
		enum cbx_status status =
			set_view(cbx_pfn_add(pfn, *done), view);

		if (status != CBX_OK) {
			return status;
		}
	}
	return CBX_OK;
}

/* What the host has by every right may be written for it. */
void *cbx_hal_host_map(struct cbx_pfn pfn)
{
	cbx_snp_lock();
	if (cbx_snp_is_whole(pfn)) {
		return cbx_hal_page_map(pfn);
	}
	cbx_snp_unlock();
	return NULL;
}

void cbx_hal_host_unmap(struct cbx_pfn pfn, const void *page)
{
	(void)pfn;
	cbx_hal_page_unmap(page);
	cbx_snp_unlock();
}
