/* SPDX-License-Identifier: Apache-2.0 */
#include <client/sealed.h>

#include <string.h>

#include <client/evidence.h>
#include <trust/turn.h>

/* The digest of the box's claims. */
static bool digest_of(struct cbx_span box, uint8_t digest[CBX_DIGEST_BYTES])
{
	size_t size = 0;

	return psa_hash_compute(PSA_ALG_SHA_384, box.bytes, box.size, digest,
		       CBX_DIGEST_BYTES, &size) == PSA_SUCCESS &&
	       size == CBX_DIGEST_BYTES;
}

static bool start(struct cbx_channel_session *session, struct cbx_span evidence)
{
	struct cbx_channel_peer peer;
	struct cbx_channel_to to;

	if (!cbx_evidence_channel(evidence, &to) ||
		psa_crypto_init() != PSA_SUCCESS ||
		!digest_of(to.box, peer.digest)) {
		return false;
	}
	memcpy(peer.key, to.key, sizeof(peer.key));
	return cbx_session_start(session, &peer);
}

bool cbx_sealed_start(
	struct cbx_channel_session *session, struct cbx_span evidence)
{
	bool started;

	*session = (struct cbx_channel_session){ .broken = true };
	cbx_psa_take_turn();
	started = start(session, evidence);
	cbx_psa_end_turn();
	return started;
}

bool cbx_sealed_put(struct cbx_channel_session *session, struct cbx_span data,
	bool final, struct cbx_channel_room *room)
{
	bool sealed;

	cbx_psa_take_turn();
	sealed = cbx_session_seal(session, data, final, room);
	cbx_psa_end_turn();
	return sealed;
}

bool cbx_sealed_open(struct cbx_channel_session *session, struct cbx_span frame,
	uint8_t *plain)
{
	struct cbx_channel_frame ignored; /* it is in the plaintext, too */
	bool opened;

	cbx_psa_take_turn();
	opened = cbx_session_open(session, frame, plain, &ignored);
	cbx_psa_end_turn();
	return opened;
}

void cbx_sealed_end(struct cbx_channel_session *session)
{
	cbx_psa_take_turn();
	cbx_session_end(session);
	cbx_psa_end_turn();
}
