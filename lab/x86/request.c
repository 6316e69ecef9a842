/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include "chip.h"
#include "host.h"
#include "machine.h"
#include "say.h"

static bool are_shared(uint64_t gpa, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++) {
		if (!lab_is_shared(gpa + i * LAB_PAGE)) {
			return false;
		}
	}
	return true;
}

/* One message.  The page is read once; nothing is written unless it is served. */
static struct snp_nae_answer send(
	struct lab_cpu *cpu, const struct snp_nae *nae)
{
	static uint8_t request[LAB_PAGE]; /* of who has the lock */
	static uint8_t response[LAB_PAGE];
	enum snp_status status;

	if (!lab_is_shared(nae->info1) || !lab_is_shared(nae->info2)) {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	if (lab_host_does(LAB_ACT_REPLAY)) {
		memcpy((void *)nae->info2, response, LAB_PAGE);
		return snp_nae_done(0);
	}
	memcpy(request, (const void *)nae->info1, LAB_PAGE);
	status = lab_chip_serve(cpu, request, response);
	if (status == SNP_STATUS_SUCCESS) {
		response[SNP_MESSAGE_HEADER] ^=
			lab_host_does(LAB_ACT_ALTER) ? 1 : 0;
		memcpy((void *)nae->info2, response, LAB_PAGE);
	}
	return snp_nae_done(SNP_REQUEST_INFO2(status, 0));
}

static struct snp_nae_answer send_extended(
	struct lab_cpu *cpu, const struct snp_nae *nae)
{
	uint64_t bytes;
	const uint8_t *table = lab_chip_certificates(&bytes);
	uint64_t pages = (bytes + LAB_PAGE - 1) / LAB_PAGE;
	struct snp_nae_answer answer;

	if (nae->rbx < pages) {
		answer =
			snp_nae_done(SNP_REQUEST_INFO2(0, SNP_REQUEST_NO_ROOM));
		answer.fields = SNP_FIELD_RBX;
		answer.rbx = pages;
		return answer;
	}
	if (!are_shared(nae->rax, pages)) {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	answer = send(cpu, nae);
	if (answer.info1 == 0 && answer.info2 == 0) {
		memcpy((void *)nae->rax, table, bytes);
	}
	return answer;
}

struct snp_nae_answer lab_request(
	struct lab_cpu *cpu, const struct snp_nae *nae)
{
	uint64_t bytes;

	if (lab_chip_certificates(&bytes) == NULL) {
		return snp_nae_refused(SNP_GHCB_INVALID_EVENT);
	}
	return nae->event == SNP_EVENT_REQUEST ? send(cpu, nae)
					       : send_extended(cpu, nae);
}
