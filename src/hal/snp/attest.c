/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation of a host's, by protocol 1 of the SVSM calls.  There are no services. */
#include <base/string.h>
#include <hal/snp/mail.h>
#include <hal/snp/serve.h>
#include <hal/snp/use.h>

static const uint8_t manifest[CBX_LETTER_MANIFEST_BYTES] = CBX_LETTER_MANIFEST;

/* What a page of the host's is for this call: read, its own calling area, too. */
static bool may(uint32_t id, struct cbx_pfn pfn, bool write)
{
	const struct cbx_snp_vcpu *cpu = &cbx_snp_vcpus[id];

	return write ? cbx_snp_is_whole(pfn) && !cbx_snp_is_used(pfn, NULL)
		     : cbx_snp_is_whole(pfn) || pfn.n == cpu->area.n;
}

/* From here to the host's memory, or from there; without either, whether the
 * first could be. */
static bool copy(uint32_t id, uint64_t address, const uint8_t *from,
	uint8_t *to, uint32_t count)
{
	for (uint32_t at = 0, n; at < count; at += n) {
		struct cbx_pfn pfn = { (address + at) >> CBX_PAGE_SHIFT };
		uint32_t offset = (uint32_t)(address + at) % CBX_PAGE_SIZE;
		uint8_t *mapped;

		if (!may(id, pfn, to == NULL)) {
			return false;
		}
		n = (uint32_t)CBX_PAGE_SIZE - offset;
		n = n < count - at ? n : count - at;
		mapped = cbx_hal_page_map(pfn);
		if (from != NULL) {
			memcpy(mapped + offset, from + at, n);
		} else if (to != NULL) {
			memcpy(to + at, mapped + offset, n);
		}
		cbx_hal_page_unmap(mapped);
	}
	return true;
}

/* Each part to its place; without a report, whether all places are the host's
 * own, which they stay while the lock is held. */
static bool give(uint32_t id, const struct cbx_svsm_attest *a,
	const uint8_t *report, uint32_t table)
{
	const uint8_t *behind =
		report != NULL ? report + CBX_SNP_REPORT_BYTES : NULL;

	return copy(id, a->report.address, report, NULL,
		       CBX_SNP_REPORT_BYTES) &&
	       copy(id, a->manifest.address, report != NULL ? manifest : NULL,
		       NULL, sizeof(manifest)) &&
	       copy(id, a->certificate.address, behind, NULL, table);
}

/* The host's words, read once. */
static uint32_t read_call(uint32_t id, const struct cbx_svsm_request *q,
	struct cbx_svsm_attest *a, uint8_t *nonce)
{
	uint64_t at = (q->page.n << CBX_PAGE_SHIFT) + q->offset;
	uint64_t op[CBX_SVSM_OP_WORDS];
	uint32_t result = CBX_SVSM_BAD_ADDRESS;

	if (copy(id, at, NULL, (uint8_t *)op, sizeof(op))) {
		result = cbx_svsm_attest(op, cbx_hal_page_count(), a);
	}
	if (result == CBX_SVSM_OK &&
		!copy(id, a->nonce.address, NULL, nonce, CBX_SVSM_NONCE)) {
		result = CBX_SVSM_BAD_ADDRESS;
	}
	return result;
}

uint32_t cbx_snp_serve_attest(uint32_t id, const struct cbx_svsm_request *q,
	struct cbx_svsm_registers *r)
{
	uint8_t nonce[CBX_SVSM_NONCE];
	struct cbx_svsm_attest a;
	uint32_t result = read_call(id, q, &a, nonce);
	enum cbx_status status;
	const uint8_t *report;
	uint32_t size;

	if (result != CBX_SVSM_OK) {
		return result;
	}
	status = cbx_snp_attest(nonce, &report, &size);
	if (status != CBX_OK) {
		return status == CBX_E_BUSY ? CBX_SVSM_INCOMPLETE
					    : CBX_SVSM_BAD_REQUEST;
	}
	r->rcx = sizeof(manifest);
	r->rdx = a.certificate.bytes != 0 ? size - CBX_SNP_REPORT_BYTES : 0;
	r->r8 = CBX_SNP_REPORT_BYTES;
	if (a.manifest.bytes < r->rcx || a.certificate.bytes < r->rdx ||
		a.report.bytes < r->r8) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	return give(id, &a, NULL, (uint32_t)r->rdx) &&
			       give(id, &a, report, (uint32_t)r->rdx)
		       ? CBX_SVSM_OK
		       : CBX_SVSM_BAD_ADDRESS;
}
