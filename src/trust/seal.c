/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/seal.h>

#include <string.h>

#include <mbedtls/platform_util.h>

#include <trust/aead.h>
#include <trust/seal_key.h>

const char *cbx_seal_text(enum cbx_seal_result result)
{
	static const char *const text[] = {
		[CBX_SEAL_OK] = "done",
		[CBX_SEAL_E_INVALID] = "an argument is out of range",
		[CBX_SEAL_E_FORMAT] = "not a sealed blob of this version",
		[CBX_SEAL_E_SIZE] = "shorter or longer than it says",
		[CBX_SEAL_E_UNEXPECTED] =
			"sealed for another selector, version or counter",
		[CBX_SEAL_E_DENIED] = "this box gets no such key",
		[CBX_SEAL_E_ROOT] =
			"there is no root for keys, or one of another kind",
		[CBX_SEAL_E_ALTERED] = "altered, or sealed by another box",
		[CBX_SEAL_E_OLD] = "rolled back: its counter is further",
		[CBX_SEAL_E_BEHIND] = "its counter went back",
		[CBX_SEAL_E_COUNTER] = "its counter has to be asked",
		[CBX_SEAL_E_SILENT] = "no answer",
		[CBX_SEAL_E_FORGED] = "the answer is not the service's",
		[CBX_SEAL_E_MOVED] = "the counter was advanced by another",
		[CBX_SEAL_E_NOMEM] = "out of memory",
		[CBX_SEAL_E_LIBRARY] = "the cryptographic library failed",
	};

	return (size_t)result < sizeof(text) / sizeof(text[0]) ? text[result]
							       : "unknown";
}

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum |= at[i];
	}
	return sum == 0;
}

static bool counter_valid(const struct cbx_seal_header *h)
{
	return (h->flags & CBX_SEAL_COUNTED) != 0
		       ? !is_zero(h->counter.id.service,
				 sizeof(h->counter.id.service))
		       : is_zero(&h->counter, sizeof(h->counter));
}

static bool header_valid(const struct cbx_seal_header *h)
{
	return memcmp(h->magic, CBX_SEAL_MAGIC, sizeof(h->magic)) == 0 &&
	       h->version == CBX_SEAL_VERSION && h->root <= CBX_ROOT_RELEASED &&
	       h->selector >= CBX_SEAL_EXACT &&
	       h->selector <= CBX_SEAL_FAMILY &&
	       (h->flags & ~CBX_SEAL_COUNTED) == 0 && counter_valid(h) &&
	       (h->selector != CBX_SEAL_EXACT || h->security_version == 0) &&
	       h->reserved == 0 && h->size <= CBX_SEAL_DATA_MAX;
}

enum cbx_seal_result cbx_seal_look(
	const void *blob, size_t bytes, struct cbx_seal_header *header)
{
	struct cbx_seal_header h;

	if (bytes < sizeof(h)) {
		return CBX_SEAL_E_SIZE;
	}
	memcpy(&h, blob, sizeof(h));
	if (!header_valid(&h)) {
		return CBX_SEAL_E_FORMAT;
	}
	if (bytes - sizeof(h) < CBX_SEAL_TAG_BYTES ||
		bytes - CBX_SEAL_MORE != h.size) {
		return CBX_SEAL_E_SIZE;
	}
	*header = h;
	return CBX_SEAL_OK;
}

/* What is authenticated beside the data. */
struct additional {
	struct cbx_seal_header header;
	uint8_t context[CBX_SEAL_CONTEXT_MAX];
};

static struct cbx_span additional_of(struct additional *a,
	const struct cbx_seal_header *header, struct cbx_span context)
{
	a->header = *header;
	if (context.size != 0) {
		memcpy(a->context, context.bytes, context.size);
	}
	return (struct cbx_span){ (const uint8_t *)a,
		sizeof(a->header) + context.size };
}

/* The cipher of a blob; false when PSA refuses. */
static bool start(struct cbx_aead *aead, const struct cbx_seal_header *header,
	const uint8_t key[CBX_SEAL_KEY_BYTES])
{
	static const uint8_t label[32] = CBX_SEAL_BLOB_LABEL;
	const struct cbx_span about = { label, sizeof(label) };
	uint8_t blob_key[CBX_SEAL_KEY_BYTES];
	bool started = cbx_seal_derive(key, about, blob_key) &&
		       cbx_aead_start(aead,
			       (struct cbx_span){ blob_key, sizeof(blob_key) },
			       header->nonce);

	mbedtls_platform_zeroize(blob_key, sizeof(blob_key));
	return started;
}

enum cbx_seal_result cbx_seal_wrap(const struct cbx_seal_header *header,
	const uint8_t key[CBX_SEAL_KEY_BYTES], struct cbx_span context,
	struct cbx_span data, uint8_t *blob)
{
	struct additional additional;
	struct cbx_aead aead;
	bool sealed;

	if (!header_valid(header) || header->size != data.size ||
		context.size > CBX_SEAL_CONTEXT_MAX) {
		return CBX_SEAL_E_INVALID;
	}
	memset(blob, 0, data.size + CBX_SEAL_MORE);
	if (!start(&aead, header, key)) {
		return CBX_SEAL_E_LIBRARY;
	}
	sealed = cbx_aead_seal(&aead,
		additional_of(&additional, header, context), data,
		blob + sizeof(*header));
	cbx_aead_stop(&aead);
	if (!sealed) {
		memset(blob, 0, data.size + CBX_SEAL_MORE);
		return CBX_SEAL_E_LIBRARY;
	}
	memcpy(blob, header, sizeof(*header));
	return CBX_SEAL_OK;
}

enum cbx_seal_result cbx_seal_unwrap(const uint8_t key[CBX_SEAL_KEY_BYTES],
	struct cbx_span context, struct cbx_span blob, uint8_t *data)
{
	struct additional additional;
	struct cbx_seal_header header;
	struct cbx_aead aead;
	enum cbx_seal_result result =
		cbx_seal_look(blob.bytes, blob.size, &header);
	bool opened;

	if (result != CBX_SEAL_OK) {
		return result;
	}
	if (context.size > CBX_SEAL_CONTEXT_MAX) {
		return CBX_SEAL_E_INVALID;
	}
	if (!start(&aead, &header, key)) {
		return CBX_SEAL_E_LIBRARY;
	}
	opened = cbx_aead_open(&aead,
		additional_of(&additional, &header, context),
		(struct cbx_span){ blob.bytes + sizeof(header),
			blob.size - sizeof(header) },
		data);
	cbx_aead_stop(&aead);
	return opened ? CBX_SEAL_OK : CBX_SEAL_E_ALTERED;
}
