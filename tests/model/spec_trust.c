/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor vouches for.  The model's keeper opens no record, and
 * its evidence is two words: whether of a box, and the nonce's length.
 */
#include <model/judge.h>

#include <string.h>

#define REPORT_BYTES 296u
#define REPORT_MAC   248u

/* Evidence for a nonce of nonce[1] bytes at nonce[0], into nonce[2] on. */
static void vouch(bool box, const uint64_t *nonce, struct spec_answer *answer)
{
	const uint64_t said[2] = { box, nonce[1] };
	bool named = nonce[1] >= 16 && nonce[1] <= 64 && nonce[3] <= 16;

	refuse_if(answer, !named, CBX_E_INVALID);
	refuse_if(answer, !host_lends(nonce[0]), CBX_E_DENIED);
	refuse_if(answer,
		nonce[3] <= 16 && !host_lends_range(nonce[2], nonce[3]),
		CBX_E_DENIED);
	refuse_if(answer, nonce[3] == 0 && nonce[2] > spec.pages, CBX_E_DENIED);
	refuse_if(answer, nonce[3] == 0, CBX_E_NOMEM);
	if (allowed(answer)) {
		returns(answer, 0, sizeof(said));
		memcpy(spec.bytes[nonce[2]], said, sizeof(said));
	}
}

void spec_monitor_evidence(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	vouch(false, arg, answer);
}

void spec_box_evidence(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	vouch(true, arg + 1, answer);
}

/* The keeper likes signatures that begin with a zero. */
void spec_sign(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	bool lent = host_lends(arg[1]);

	refuse_if(answer, box->has_signer, CBX_E_STATE);
	refuse_if(answer, !lent || spec.bytes[arg[1]][0] != 0, CBX_E_DENIED);
	if (allowed(answer)) {
		box->has_signer = true;
		memset(box->signer, 0x53, CBX_DIGEST_BYTES);
		memcpy(box->signer + CBX_DIGEST_BYTES, spec.bytes[arg[1]] + 96,
			24);
	}
}

void spec_root(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	refuse_if(answer, arg[1] > CBX_PAGE_SIZE, CBX_E_INVALID);
	refuse_if(answer, arg[1] % 8 != 0, CBX_E_DENIED);
	refuse_if(answer, arg[1] != 0 && !host_lends(arg[0]), CBX_E_DENIED);
	(void)allowed(answer);
}

static uint8_t box_flags(const struct spec_box *box)
{
	return (uint8_t)((box->tainted ? CBX_BOX_TAINTED : 0u) |
			 ((box->policy.flags & CBX_POLICY_DEBUG) != 0
					 ? CBX_BOX_DEBUG
					 : 0u) |
			 (box->sealed_once ? CBX_BOX_CONFINED : 0u) |
			 (box->lenders != 0 ? CBX_BOX_CLONE : 0u));
}

void spec_report(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_space *space = space_of(run->box, run->thread->space);
	uint8_t said[REPORT_BYTES] = { 0 };

	refuse_if(answer,
		!may_use(
			space, arg[0], REPORT_BYTES, CBX_RIGHT_R | CBX_RIGHT_W),
		CBX_E_FAULT);
	if (!allowed(answer)) {
		return;
	}
	box_load(space, arg[0] + 184, said + 184, 64);
	memcpy(said, &run->box->number, sizeof(run->box->number));
	said[8] = box_flags(run->box);
	memcpy(said + 16, run->box->digest, sizeof(run->box->digest));
	memcpy(said + 112, run->box->signer, sizeof(run->box->signer));
	memset(said + REPORT_MAC, 0x4d, CBX_DIGEST_BYTES);
	box_store(space, arg[0], said, sizeof(said));
}

void spec_report_check(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_space *space = space_of(run->box, run->thread->space);
	uint8_t said[REPORT_BYTES];
	bool read = may_use(space, arg[0], REPORT_BYTES, CBX_RIGHT_R);

	refuse_if(answer, !read, CBX_E_FAULT);
	if (read) {
		box_load(space, arg[0], said, sizeof(said));
		for (uint32_t i = REPORT_MAC; i < REPORT_BYTES; i++) {
			refuse_if(answer, said[i] != 0x4d, CBX_E_DENIED);
		}
	}
	(void)allowed(answer);
}

void spec_seal_key(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_box *box = run->box;
	bool any = arg[0] == 1 || arg[0] == 4; /* this box, the root */
	uint64_t version;

	memcpy(&version, box->signer + 64, sizeof(version));
	refuse_if(answer, arg[0] < 1 || arg[0] > 4 || (any && arg[1] != 0),
		CBX_E_INVALID);
	if (answer->right == 0) {
		refuse_if(answer,
			!any && (!box->has_signer || arg[1] > version),
			CBX_E_DENIED);
	}
	if (allowed(answer)) {
		for (unsigned int i = 0; i < 4; i++) {
			returns(answer, i, arg[0] * 0x0101010101010101u);
		}
		returns(answer, 4, CBX_ROOT_RELEASED);
		returns(answer, 5, version);
	}
}
