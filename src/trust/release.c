/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/release.h>

#include <string.h>

#include <psa/crypto.h>

#include <trust/hpke.h>

/* label || session || digest, all of fixed length. */
struct info {
	char label[CBX_LABEL_BYTES];
	uint8_t session[CBX_SESSION_BYTES];
	uint8_t digest[CBX_DIGEST_BYTES];
};
_Static_assert(sizeof(struct info) == CBX_CHANNEL_INFO_BYTES, "doc/channel.md");

/* Fill in all but the header's enc; the record is sealed. */
static bool seal_record(struct cbx_hpke *hpke,
	const uint8_t root[CBX_ROOT_KEY_BYTES],
	struct cbx_root_message *message)
{
	message->record =
		(struct cbx_channel_record){ .size = CBX_ROOT_KEY_BYTES,
			.flags = CBX_CHANNEL_FINAL };
	return cbx_hpke_seal(hpke,
		(struct cbx_span){ (const uint8_t *)&message->record,
			sizeof(message->record) },
		(struct cbx_span){ root, CBX_ROOT_KEY_BYTES }, message->root);
}

bool cbx_root_seal(const struct cbx_root_monitor *monitor,
	const uint8_t root[CBX_ROOT_KEY_BYTES],
	struct cbx_root_message *message)
{
	struct info info = { .label = CBX_ROOT_LABEL };
	struct cbx_hpke hpke;
	bool sealed;

	*message = (struct cbx_root_message){ 0 };
	if (psa_crypto_init() != PSA_SUCCESS ||
		psa_generate_random(message->header.session,
			sizeof(message->header.session)) != PSA_SUCCESS) {
		return false;
	}
	memcpy(message->header.magic, CBX_ROOT_MAGIC,
		sizeof(message->header.magic));
	memcpy(info.session, message->header.session, sizeof(info.session));
	memcpy(info.digest, monitor->digest, sizeof(info.digest));
	if (!cbx_hpke_send(&hpke, CBX_HPKE_AES_256_GCM, monitor->key,
		    (struct cbx_span){ (const uint8_t *)&info, sizeof(info) },
		    message->header.enc)) {
		*message = (struct cbx_root_message){ 0 };
		return false;
	}
	sealed = seal_record(&hpke, root, message);
	cbx_hpke_end(&hpke);
	if (!sealed) {
		*message = (struct cbx_root_message){ 0 };
	}
	return sealed;
}
