/* SPDX-License-Identifier: Apache-2.0 */
/* What a service that accepted a monitor sends it. */
#include <confbox/release.h>

#include <string.h>

#include <psa/crypto.h>

#include <trust/cose.h>
#include <trust/labels.h>
#include <trust/release.h>
#include <trust/seal_key.h>

#define ITEMS 512u /* evidence has fewer */

_Static_assert(sizeof(struct cbx_root_message) == CBX_RELEASE_MESSAGE_BYTES,
	"as declared");

/* The monitor's map, in the claims. */
static const struct cbx_cbor *find_monitor(
	struct cbx_span evidence, struct cbx_cbor items[ITEMS])
{
	struct cbx_cose_sign1 sign1;

	if (cbx_cose_sign1_read(evidence,
		    CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN,
		    &sign1) != CBX_COSE_FINE ||
		cbx_cbor_decode(sign1.payload, CBX_CBOR_DETERMINISTIC, items,
			ITEMS) != CBX_CBOR_FINE) {
		return NULL;
	}
	return cbx_cbor_find_text(
		cbx_cbor_find(items, CBX_EAT_SUBMODS), CBX_SUBMOD_MONITOR);
}

static enum cbx_refusal read_monitor(
	struct cbx_span evidence, struct cbx_root_monitor *monitor)
{
	struct cbx_cbor items[ITEMS];
	const struct cbx_cbor *map = find_monitor(evidence, items);
	const struct cbx_cbor *x = cbx_cbor_find(
		cbx_cbor_find(map, CBX_LABEL_CHANNEL_KEY), CBX_COSE_KEY_X);
	size_t size = 0;

	if (x == NULL || x->kind != CBX_CBOR_BYTES ||
		x->bytes.size != sizeof(monitor->key)) {
		return CBX_REFUSED_MALFORMED;
	}
	memcpy(monitor->key, x->bytes.bytes, sizeof(monitor->key));
	return psa_crypto_init() == PSA_SUCCESS &&
			       psa_hash_compute(PSA_ALG_SHA_384,
				       map->whole.bytes, map->whole.size,
				       monitor->digest, sizeof(monitor->digest),
				       &size) == PSA_SUCCESS &&
			       size == sizeof(monitor->digest)
		       ? CBX_ACCEPTED
		       : CBX_REFUSED_INTERNAL;
}

enum cbx_refusal cbx_release_seal(const struct cbx_verdict *verdict,
	struct cbx_span evidence, const uint8_t root[CBX_RELEASE_ROOT_BYTES],
	uint8_t *message)
{
	struct cbx_root_monitor monitor;
	struct cbx_root_message made;
	enum cbx_refusal refusal = cbx_verdict_reason(verdict);

	memset(message, 0, CBX_RELEASE_MESSAGE_BYTES);
	if (refusal == CBX_ACCEPTED) {
		refusal = read_monitor(evidence, &monitor);
	}
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (!cbx_root_seal(&monitor, root, &made)) {
		return CBX_REFUSED_INTERNAL;
	}
	memcpy(message, &made, sizeof(made));
	return CBX_ACCEPTED;
}

enum cbx_refusal cbx_release_name(const uint8_t root[CBX_RELEASE_ROOT_BYTES],
	const char *backend, uint8_t name[CBX_RELEASE_NAME_BYTES])
{
	struct cbx_seal_info info = { .label = CBX_SEAL_KEY_LABEL,
		.selector = CBX_SEAL_ROOT };
	size_t length = strlen(backend);

	memset(name, 0, CBX_RELEASE_NAME_BYTES);
	if (length >= sizeof(info.backend)) {
		return CBX_REFUSED_INTERNAL;
	}
	memcpy(info.backend, backend, length);
	return psa_crypto_init() == PSA_SUCCESS &&
			       cbx_seal_derive(root,
				       (struct cbx_span){
					       (const uint8_t *)&info,
					       sizeof(info) },
				       name)
		       ? CBX_ACCEPTED
		       : CBX_REFUSED_INTERNAL;
}
