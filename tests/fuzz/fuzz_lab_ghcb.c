/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86 lab's side of the GHCB: any page, any MSR value.  What is let through
 * is in range, an answer marks what it brings and nothing else, and a list of
 * page states ends.
 *
 * An input is the MSR's value, then the page from its end, so that short inputs
 * reach version, lists and bitmap.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "../../lab/x86/snp/ghcb.h"
#include "../../lab/x86/snp/ghcb_psc.h"

#define GPA UINT64_C(0x7654000)

static void check_msr(uint64_t value)
{
	struct snp_msr_request request = snp_msr_decode(value);

	if (request.code == SNP_MSR_UNKNOWN) {
		return;
	}
	FUZZ_ASSERT((value & 0xfff) == request.code);
	if (!request.sane) {
		return;
	}
	FUZZ_ASSERT(request.gpa % 0x1000 == 0 && request.gpa >> 52 == 0);
	FUZZ_ASSERT(request.vmpl < 4 && request.index < 4 && request.set < 16);
	FUZZ_ASSERT(request.code != SNP_MSR_STATE ||
		    request.op == SNP_STATE_PRIVATE ||
		    request.op == SNP_STATE_SHARED);
}

/* Every step is work that is left, and answering it gets on. */
static void walk_list(uint8_t *list, uint16_t bytes)
{
	struct snp_psc_step step;
	uint64_t error;
	unsigned int steps = 0;
	enum snp_psc next = snp_psc_next(list, bytes, &step, &error);

	while (next == SNP_PSC_NEXT) {
		FUZZ_ASSERT(step.entry < SNP_PSC_ENTRIES);
		FUZZ_ASSERT(SNP_PSC_HEADER + 8 * (step.entry + 1) <= bytes);
		FUZZ_ASSERT(step.pages >= 1 && step.pages <= 512);
		FUZZ_ASSERT(step.gpa % 0x1000 == 0 && step.gpa >> 52 == 0);
		FUZZ_ASSERT(!step.large ||
			    (step.pages == 512 && step.gpa % 0x200000 == 0));
		FUZZ_ASSERT(steps++ < 2 * SNP_PSC_ENTRIES);
		snp_psc_advance(list, &step, steps % 2 == 0 ? 512 : 256);
		next = snp_psc_next(list, bytes, &step, &error);
	}
	FUZZ_ASSERT(next == SNP_PSC_END || error == SNP_PSC_BAD_HEADER ||
		    error == SNP_PSC_BAD_ENTRY);
}

static void check_request(const struct snp_nae *nae, uint8_t *page)
{
	struct snp_io io = snp_nae_io(nae);
	struct snp_ap ap = snp_nae_ap(nae);

	if (nae->scratch != 0) {
		FUZZ_ASSERT(nae->scratch >= SNP_GHCB_BUFFER);
		FUZZ_ASSERT(nae->scratch + nae->scratch_bytes <=
			    SNP_GHCB_BUFFER + SNP_GHCB_BUFFER_BYTES);
	}
	if (nae->event == SNP_EVENT_IOIO) {
		FUZZ_ASSERT(io.bytes == 1 || io.bytes == 2 || io.bytes == 4);
		FUZZ_ASSERT(!io.string ||
			    nae->scratch_bytes == nae->info2 * io.bytes);
	} else if (nae->event == SNP_EVENT_AP_CREATION) {
		FUZZ_ASSERT(ap.vmpl < 4 && ap.op <= SNP_AP_DESTROY);
	} else if (nae->event == SNP_EVENT_PAGE_STATE) {
		walk_list(page + nae->scratch, nae->scratch_bytes);
	}
}

static void check_answer(uint8_t *page, uint16_t fields)
{
	struct snp_nae_answer answer = snp_nae_done(7);
	unsigned int marked = 0;

	answer.fields = fields;
	snp_ghcb_answer(page, &answer);
	for (unsigned int i = 0x3f0; i < 0x400; i++) {
		marked += (unsigned int)__builtin_popcount(page[i]);
	}
	FUZZ_ASSERT(
		marked == 2 + (unsigned int)__builtin_popcount(fields & 0xf));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const struct snp_ghcb_host host = { GPA, 0x3f, 1, 2 };
	uint8_t page[SNP_GHCB_BYTES] = { 0 };
	struct snp_nae nae;
	uint64_t value = 0;
	size_t rest;

	memcpy(&value, input, size < 8 ? size : 8);
	check_msr(value);
	rest = size < 8 ? 0 : size - 8;
	rest = rest < sizeof(page) ? rest : sizeof(page);
	memcpy(page + sizeof(page) - rest, input + size - rest, rest);
	if (snp_ghcb_decode(page, &host, GPA, &nae) == SNP_GHCB_OK) {
		FUZZ_ASSERT((page[0x3f0 + 14] & 0x1c) == 0x1c);
		check_request(&nae, page);
	}
	check_answer(page, (uint16_t)value);
	return 0;
}
