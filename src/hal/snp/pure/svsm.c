/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/pure/svsm.h>

#define VERSION	  1ull /* of both protocols */
#define PROTOCOLS 2u
#define QUERY	  1ull
#define CALLS	  0x10ull /* of a protocol, at most */

#define OFFSET	    (CBX_PAGE_SIZE - 1)
#define WORD	    8u
#define OP_BYTES    0x40u
#define LARGE	    1u
#define LARGE_PAGES 512ull

/* [1:0] size, [2] validate, [3] ignore, [11:4] zero */
#define ENTRY_SIZE     3ull
#define ENTRY_VALIDATE 4ull
#define ENTRY_SAME     8ull
#define ENTRY_ZERO     0xff0ull

static uint32_t page_of(
	uint64_t address, uint64_t page_count, struct cbx_pfn *page)
{
	if (address % CBX_PAGE_SIZE != 0) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	page->n = address >> CBX_PAGE_SHIFT;
	return page->n < page_count ? CBX_SVSM_OK : CBX_SVSM_BAD_ADDRESS;
}

/* A structure that lies in one page. */
static uint32_t place_of(uint64_t address, uint32_t bytes, uint64_t page_count,
	struct cbx_svsm_request *q)
{
	q->offset = address & OFFSET;
	if (address % WORD != 0 || bytes > CBX_PAGE_SIZE - q->offset) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	return page_of(address - q->offset, page_count, &q->page);
}

static uint32_t create(const struct cbx_svsm_registers *r, uint64_t page_count,
	struct cbx_svsm_request *q)
{
	uint32_t result = page_of(r->rcx, page_count, &q->page);

	if (result == CBX_SVSM_OK) {
		result = page_of(r->rdx, page_count, &q->area);
	}
	if (result != CBX_SVSM_OK) {
		return result;
	}
	q->apic = (uint32_t)r->r8;
	return q->page.n != q->area.n && r->r8 == q->apic
		       ? CBX_SVSM_OK
		       : CBX_SVSM_BAD_PARAMETER;
}

/* Both versions a protocol has, or that there is none. */
static uint64_t versions(uint64_t rcx)
{
	return rcx >> 32 < PROTOCOLS && (uint32_t)rcx == VERSION
		       ? VERSION << 32 | VERSION
		       : 0;
}

static uint32_t decode(const struct cbx_svsm_registers *r, uint64_t page_count,
	struct cbx_svsm_request *q)
{
	switch (q->call) {
	case CBX_SVSM_REMAP_CA:
	case CBX_SVSM_DELETE_VCPU:
		return page_of(r->rcx, page_count, &q->page);
	case CBX_SVSM_PVALIDATE:
		return place_of(r->rcx, 2 * WORD, page_count, q);
	case CBX_SVSM_CREATE_VCPU:
		return create(r, page_count, q);
	case CBX_SVSM_QUERY_PROTOCOL:
		q->answer = versions(r->rcx);
		return CBX_SVSM_OK;
	case CBX_SVSM_CONFIGURE_VTOM: /* it cannot be: a query is told so */
		return (r->rcx & QUERY) != 0 ? CBX_SVSM_OK
					     : CBX_SVSM_BAD_REQUEST;
	case CBX_SVSM_SERVICES:
		return place_of(r->rcx, OP_BYTES, page_count, q);
	case CBX_SVSM_SINGLE_SERVICE: /* there is no such service */
		return CBX_SVSM_BAD_PARAMETER;
	}
	return CBX_SVSM_NO_CALL;
}

uint32_t cbx_svsm_decode(const struct cbx_svsm_registers *r,
	uint64_t page_count, struct cbx_svsm_request *request)
{
	uint64_t protocol = r->rax >> 32;
	uint64_t number = (uint32_t)r->rax;
	struct cbx_svsm_request q = {
		.call = (enum cbx_svsm_call)(protocol * CALLS + number),
	};
	uint32_t result;

	if (protocol >= PROTOCOLS) {
		return CBX_SVSM_NO_PROTOCOL;
	}
	result = number < CALLS ? decode(r, page_count, &q) : CBX_SVSM_NO_CALL;
	if (result == CBX_SVSM_OK) {
		*request = q;
	}
	return result;
}

uint32_t cbx_svsm_list(
	uint64_t word, uint32_t offset, struct cbx_svsm_list *list)
{
	uint16_t count = (uint16_t)word;
	uint16_t next = (uint16_t)(word >> 16);

	if (offset % WORD != 0 || offset > CBX_PAGE_SIZE - WORD ||
		count > (CBX_PAGE_SIZE - WORD - offset) / WORD ||
		next >= count || word >> 32 != 0) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	*list = (struct cbx_svsm_list){ count, next };
	return CBX_SVSM_OK;
}

uint32_t cbx_svsm_entry(
	uint64_t word, uint64_t page_count, struct cbx_svsm_entry *entry)
{
	struct cbx_svsm_entry e = {
		.pfn = { word >> CBX_PAGE_SHIFT },
		.pages = (word & ENTRY_SIZE) == LARGE ? LARGE_PAGES : 1,
		.validate = (word & ENTRY_VALIDATE) != 0,
		.same_is_fine = (word & ENTRY_SAME) != 0,
	};

	if ((word & ENTRY_SIZE) > LARGE || (word & ENTRY_ZERO) != 0 ||
		e.pfn.n % e.pages != 0) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	if (!cbx_range_fits(e.pfn.n, e.pages, page_count)) {
		return CBX_SVSM_BAD_ADDRESS;
	}
	*entry = e;
	return CBX_SVSM_OK;
}

/* Whole pages; the first word's address, and bytes in the second. */
static bool read_buffer(
	const uint64_t *word, uint64_t page_count, struct cbx_svsm_buffer *b)
{
	*b = (struct cbx_svsm_buffer){ word[0], (uint32_t)word[1] };
	return word[1] == b->bytes && b->address % CBX_PAGE_SIZE == 0 &&
	       cbx_range_fits(b->address >> CBX_PAGE_SHIFT,
		       cbx_pages_of(b->bytes), page_count);
}

static bool read_nonce(
	const uint64_t *word, uint64_t page_count, struct cbx_svsm_buffer *b)
{
	*b = (struct cbx_svsm_buffer){ word[0], CBX_SVSM_NONCE };
	return word[1] == CBX_SVSM_NONCE &&
	       (b->address & OFFSET) <= CBX_PAGE_SIZE - CBX_SVSM_NONCE &&
	       b->address >> CBX_PAGE_SHIFT < page_count;
}

uint32_t cbx_svsm_attest(const uint64_t op[CBX_SVSM_OP_WORDS],
	uint64_t page_count, struct cbx_svsm_attest *attest)
{
	struct cbx_svsm_attest a = { 0 };

	if (!read_buffer(op, page_count, &a.report) ||
		!read_nonce(op + 2, page_count, &a.nonce) ||
		!read_buffer(op + 4, page_count, &a.manifest) ||
		!read_buffer(op + 6, page_count, &a.certificate) ||
		a.certificate.bytes > CBX_SVSM_CERTIFICATE) {
		return CBX_SVSM_BAD_PARAMETER;
	}
	*attest = a;
	return CBX_SVSM_OK;
}
