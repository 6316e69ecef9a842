/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/hpke.h>

#include <string.h>

#include <mbedtls/platform_util.h>

#include <trust/labeled.h>

#define MODE_BASE 0

static size_t key_size(enum cbx_hpke_aead id)
{
	switch (id) {
	case CBX_HPKE_AES_128_GCM:
		return 16;
	case CBX_HPKE_AES_256_GCM:
		return 32;
	default:
		return 0;
	}
}

/* ExtractAndExpand of DHKEM: the shared secret of enc and the receiver's key. */
static bool kem_secret(const uint8_t dh[CBX_X25519],
	const uint8_t enc[CBX_X25519], const uint8_t receiver[CBX_X25519],
	uint8_t secret[CBX_HKDF_BYTES])
{
	const struct cbx_suite suite = cbx_suite_kem();
	uint8_t context[2 * CBX_X25519];
	uint8_t prk[CBX_HKDF_BYTES];
	bool made;

	memcpy(context, enc, CBX_X25519);
	memcpy(context + CBX_X25519, receiver, CBX_X25519);
	made = cbx_labeled_extract(&suite, (struct cbx_span){ 0 }, "eae_prk",
		       (struct cbx_span){ dh, CBX_X25519 }, prk) &&
	       cbx_labeled_expand(&suite, prk, "shared_secret",
		       (struct cbx_span){ context, sizeof(context) },
		       (struct cbx_hkdf_output){ secret, CBX_HKDF_BYTES });
	mbedtls_platform_zeroize(prk, sizeof(prk));
	return made;
}

/* What KeySchedule binds: mode || psk_id_hash || info_hash. */
struct schedule_context {
	uint8_t mode;
	uint8_t psk_id_hash[CBX_HKDF_BYTES];
	uint8_t info_hash[CBX_HKDF_BYTES];
};
_Static_assert(sizeof(struct schedule_context) == 1 + 2 * CBX_HKDF_BYTES,
	"no padding");

/* Key and base nonce out of the schedule's secret; the context begins. */
static bool start(struct cbx_hpke *hpke, const struct cbx_suite *suite,
	const uint8_t secret[CBX_HKDF_BYTES], struct cbx_span context)
{
	uint8_t key[CBX_AEAD_KEY];
	uint8_t nonce[CBX_AEAD_NONCE];
	size_t size = key_size(hpke->id);
	bool made = cbx_labeled_expand(suite, secret, "key", context,
			    (struct cbx_hkdf_output){ key, size }) &&
		    cbx_labeled_expand(suite, secret, "base_nonce", context,
			    (struct cbx_hkdf_output){ nonce, sizeof(nonce) }) &&
		    cbx_labeled_expand(suite, secret, "exp", context,
			    (struct cbx_hkdf_output){
				    hpke->exporter, sizeof(hpke->exporter) }) &&
		    cbx_aead_start(
			    &hpke->aead, (struct cbx_span){ key, size }, nonce);

	mbedtls_platform_zeroize(key, sizeof(key));
	return made;
}

/* KeySchedule, base mode. */
static bool schedule(struct cbx_hpke *hpke,
	const uint8_t shared[CBX_HKDF_BYTES], struct cbx_span info)
{
	const struct cbx_suite suite = cbx_suite_hpke((uint16_t)hpke->id);
	const struct cbx_span none = { 0 };
	struct schedule_context context = { .mode = MODE_BASE };
	uint8_t secret[CBX_HKDF_BYTES];
	bool made = key_size(hpke->id) != 0 &&
		    cbx_labeled_extract(&suite, none, "psk_id_hash", none,
			    context.psk_id_hash) &&
		    cbx_labeled_extract(&suite, none, "info_hash", info,
			    context.info_hash) &&
		    cbx_labeled_extract(&suite,
			    (struct cbx_span){ shared, CBX_HKDF_BYTES },
			    "secret", none, secret) &&
		    start(hpke, &suite, secret,
			    (struct cbx_span){ (const uint8_t *)&context,
				    sizeof(context) });

	mbedtls_platform_zeroize(secret, sizeof(secret));
	return made;
}

/* Both sides, once each has what the other sees.  A failure leaves nothing. */
static bool set_up(struct cbx_hpke *hpke, const uint8_t dh[CBX_X25519],
	const uint8_t enc[CBX_X25519], const uint8_t receiver[CBX_X25519],
	struct cbx_span info)
{
	uint8_t shared[CBX_HKDF_BYTES];
	bool made = kem_secret(dh, enc, receiver, shared) &&
		    schedule(hpke, shared, info);

	mbedtls_platform_zeroize(shared, sizeof(shared));
	if (!made) {
		cbx_hpke_end(hpke);
	}
	return made;
}

/* The public part of a key pair. */
static bool public_of(psa_key_id_t key, uint8_t public[CBX_X25519])
{
	size_t size = 0;

	return psa_export_public_key(key, public, CBX_X25519, &size) ==
		       PSA_SUCCESS &&
	       size == CBX_X25519;
}

bool cbx_hpke_send_with(struct cbx_hpke *hpke, enum cbx_hpke_aead id,
	const uint8_t peer[CBX_X25519], struct cbx_span info,
	psa_key_id_t ephemeral)
{
	uint8_t enc[CBX_X25519];
	uint8_t dh[CBX_X25519];
	bool made;

	*hpke = (struct cbx_hpke){ .id = id };
	made = public_of(ephemeral, enc) &&
	       cbx_x25519_agree(ephemeral, peer, dh) &&
	       set_up(hpke, dh, enc, peer, info);
	mbedtls_platform_zeroize(dh, sizeof(dh));
	return made;
}

bool cbx_hpke_send(struct cbx_hpke *hpke, enum cbx_hpke_aead id,
	const uint8_t peer[CBX_X25519], struct cbx_span info,
	uint8_t enc[CBX_X25519])
{
	psa_key_id_t ephemeral;
	bool made;

	*hpke = (struct cbx_hpke){ .id = id };
	made = cbx_x25519_generate(&ephemeral, enc) &&
	       cbx_hpke_send_with(hpke, id, peer, info, ephemeral);
	(void)psa_destroy_key(ephemeral);
	return made;
}

bool cbx_hpke_receive(struct cbx_hpke *hpke, enum cbx_hpke_aead id,
	psa_key_id_t key, const uint8_t enc[CBX_X25519], struct cbx_span info)
{
	uint8_t receiver[CBX_X25519];
	uint8_t dh[CBX_X25519];
	bool made;

	*hpke = (struct cbx_hpke){ .id = id };
	made = public_of(key, receiver) && cbx_x25519_agree(key, enc, dh) &&
	       set_up(hpke, dh, enc, receiver, info);
	mbedtls_platform_zeroize(dh, sizeof(dh));
	return made;
}

bool cbx_hpke_export(const struct cbx_hpke *hpke, struct cbx_span context,
	struct cbx_hkdf_output output)
{
	const struct cbx_suite suite = cbx_suite_hpke((uint16_t)hpke->id);

	return cbx_labeled_expand(
		&suite, hpke->exporter, "sec", context, output);
}

void cbx_hpke_end(struct cbx_hpke *hpke)
{
	cbx_aead_stop(&hpke->aead);
	mbedtls_platform_zeroize(hpke, sizeof(*hpke));
}
