/* SPDX-License-Identifier: Apache-2.0 */
/* What a service that accepted a monitor sends it. */
#include <confbox/release.h>

#include <stdbool.h>
#include <string.h>

#include <psa/crypto.h>

#include <trust/release.h>
#include <trust/seal_key.h>
#include <trust/turn.h>

_Static_assert(sizeof(struct cbx_root_message) == CBX_RELEASE_MESSAGE_BYTES,
	"as declared");

/* Bytes of a claim, if it has so many. */
static bool take(const struct cbx_verdict *verdict, const char *name,
	uint8_t *to, size_t size)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);

	if (claim == NULL || claim->value.kind != CBX_VALUE_BYTES ||
		claim->value.span.size != size) {
		return false;
	}
	memcpy(to, claim->value.span.bytes, size);
	return true;
}

enum cbx_refusal cbx_release_seal(const struct cbx_verdict *verdict,
	const uint8_t root[CBX_RELEASE_ROOT_BYTES], uint8_t *message)
{
	struct cbx_root_monitor monitor;
	struct cbx_root_message made;
	bool sealed;
	enum cbx_refusal refusal = cbx_verdict_reason(verdict);

	memset(message, 0, CBX_RELEASE_MESSAGE_BYTES);
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (!take(verdict, "monitor.channel-key", monitor.key,
		    sizeof(monitor.key)) ||
		!take(verdict, "monitor.digest", monitor.digest,
			sizeof(monitor.digest))) {
		return CBX_REFUSED_WRONG_TYPE;
	}
	cbx_psa_take_turn();
	sealed = cbx_root_seal(&monitor, root, &made);
	cbx_psa_end_turn();
	if (!sealed) {
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
	bool made;

	memset(name, 0, CBX_RELEASE_NAME_BYTES);
	if (length >= sizeof(info.backend)) {
		return CBX_REFUSED_INTERNAL;
	}
	memcpy(info.backend, backend, length);
	cbx_psa_take_turn();
	made = psa_crypto_init() == PSA_SUCCESS &&
	       cbx_seal_derive(root,
		       (struct cbx_span){
			       (const uint8_t *)&info, sizeof(info) },
		       name);
	cbx_psa_end_turn();
	return made ? CBX_ACCEPTED : CBX_REFUSED_INTERNAL;
}
