/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/pure/ghcb.h>
#include <hal/snp/pure/msr.h>

#define BIT(field) (offsetof(struct cbx_ghcb, field) / 8)
#define INFOS	   (1ull << BIT(info1) % 64 | 1ull << BIT(info2) % 64)

/* INFO1 of an answer.  1 is an exception, which nothing asked here raises. */
#define DONE	0u
#define REFUSED 2u

#define IO_IN	   0x001u
#define IO_SIZE(n) ((uint64_t)(n) << 4)
#define IO_64	   0x200u
#define IO_PORT	   16

#define AP_NOW	1u
#define AP_VMPL 16
#define AP_ID	32

/* Words of the page, in the order of the fields' bits. */
static const uint16_t place[CBX_GHCB_FIELDS] = { BIT(rax), BIT(rbx),
	BIT(scratch) };

uint64_t cbx_ghcb_io(uint16_t port, uint8_t bytes, bool in)
{
	return (uint64_t)port << IO_PORT | IO_SIZE(bytes) | IO_64 |
	       (in ? IO_IN : 0);
}

uint64_t cbx_ghcb_ap(uint32_t apic, uint8_t vmpl)
{
	return (uint64_t)apic << AP_ID | (uint64_t)vmpl << AP_VMPL |
	       (vmpl == 0 ? AP_NOW : 0);
}

static uint64_t bit(uint16_t word, size_t half)
{
	return word / 64 == half ? 1ull << word % 64 : 0;
}

void cbx_ghcb_write(
	volatile struct cbx_ghcb *page, const struct cbx_ghcb_call *call)
{
	volatile uint64_t *word = (volatile uint64_t *)page;
	uint64_t valid[2] = { 0, INFOS | 1ull << BIT(event) % 64 };

	for (size_t i = 0; i < CBX_GHCB_FIELDS; i++) {
		if ((call->fields >> i & 1) != 0) {
			word[place[i]] = call->field[i];
			valid[0] |= bit(place[i], 0);
			valid[1] |= bit(place[i], 1);
		}
	}
	page->event = call->event;
	page->info1 = call->info1;
	page->info2 = call->info2;
	page->version = CBX_GHCB_VERSION;
	page->usage = 0;
	page->valid[0] = valid[0];
	page->valid[1] = valid[1];
}

static bool read_fields(const volatile struct cbx_ghcb *page, uint8_t needed,
	const uint64_t valid[2], struct cbx_ghcb_answer *answer)
{
	const volatile uint64_t *word = (const volatile uint64_t *)page;

	for (size_t i = 0; i < CBX_GHCB_FIELDS; i++) {
		if ((needed >> i & 1) == 0) {
			continue;
		}
		if ((valid[place[i] / 64] & 1ull << place[i] % 64) == 0) {
			return false;
		}
		answer->field[i] = word[place[i]];
	}
	return true;
}

enum cbx_status cbx_ghcb_read(const volatile struct cbx_ghcb *page,
	uint8_t needed, struct cbx_ghcb_answer *answer)
{
	const uint64_t valid[2] = { page->valid[0], page->valid[1] };
	uint32_t info1 = (uint32_t)page->info1;
	struct cbx_ghcb_answer read = { .info2 = page->info2 };

	*answer = (struct cbx_ghcb_answer){ .info2 = read.info2 };
	if ((valid[1] & INFOS) != INFOS) {
		return CBX_E_INVALID;
	}
	if (info1 == REFUSED) {
		return CBX_E_HARDWARE;
	}
	if (info1 != DONE || !read_fields(page, needed, valid, &read)) {
		return CBX_E_INVALID;
	}
	*answer = read;
	return CBX_OK;
}
