/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing in a box: its keys, fresh numbers, and what the opener asks for. */
#include <confbox/seal.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

#include <seal/device.h>
#include <trust/counter.h>
#include <trust/seal.h>
#include <trust/turn.h>

static bool ready(void)
{
	bool is;

	cbx_psa_take_turn();
	is = psa_crypto_init() == PSA_SUCCESS;
	cbx_psa_end_turn();
	return is;
}

/* Not the library's generator: after a template its clones would share it. */
static bool fresh(void *to, size_t size)
{
	ssize_t got;

	do {
		got = getrandom(to, size, 0);
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)size;
}

static bool options_valid(const struct cbx_seal_options *o, uint32_t flags)
{
	return o->size == sizeof(*o) && o->selector <= CBX_SEAL_FAMILY &&
	       (o->flags & ~flags) == 0 &&
	       o->context_bytes <= CBX_SEAL_CONTEXT_MAX &&
	       (o->context != NULL || o->context_bytes == 0);
}

static struct cbx_span context_of(const struct cbx_seal_options *o)
{
	return (struct cbx_span){ o->context, o->context_bytes };
}

/* Whether the root is the one the caller means. */
static enum cbx_seal_result check_root(const struct cbx_seal_options *o)
{
	const struct cbx_seal_want want = { .selector = CBX_SEAL_ROOT };
	struct cbx_seal_key key;
	enum cbx_seal_result result = CBX_SEAL_OK;

	if (o->root != NULL) {
		result = cbx_seal_key(&want, &key);
		if (result == CBX_SEAL_OK &&
			memcmp(key.key, o->root, sizeof(key.key)) != 0) {
			result = CBX_SEAL_E_ROOT;
		}
	}
	return result;
}

/* The key a header names. */
static enum cbx_seal_result key_of(
	const struct cbx_seal_header *header, struct cbx_seal_key *key)
{
	struct cbx_seal_want want = { .selector = header->selector,
		.security_version = header->security_version };

	memcpy(want.key_id, header->key_id, sizeof(want.key_id));
	return cbx_seal_key(&want, key);
}

static bool make_header(const struct cbx_seal_options *o, size_t bytes,
	struct cbx_seal_header *header)
{
	*header = (struct cbx_seal_header){ .magic = { 'C', 'B', 'X', 'S', 'E',
						    'A', 'L', '1' },
		.version = CBX_SEAL_VERSION,
		.selector = o->selector,
		.security_version = o->security_version,
		.size = bytes };
	if (o->counter != NULL) {
		header->flags = CBX_SEAL_COUNTED;
		header->counter = *o->counter;
	}
	return fresh(header->key_id, sizeof(header->key_id)) &&
	       fresh(header->nonce, sizeof(header->nonce));
}

enum cbx_seal_result cbx_seal(const struct cbx_seal_options *options,
	const void *data, size_t bytes, void *blob)
{
	struct cbx_seal_header header;
	struct cbx_seal_key key;
	enum cbx_seal_result result;

	if (!options_valid(options, 0) || options->selector == 0 ||
		bytes > CBX_SEAL_DATA_MAX) {
		return CBX_SEAL_E_INVALID;
	}
	memset(blob, 0, bytes + CBX_SEAL_MORE);
	if (!ready() || !make_header(options, bytes, &header)) {
		return CBX_SEAL_E_LIBRARY;
	}
	result = check_root(options);
	if (result == CBX_SEAL_OK) {
		result = key_of(&header, &key);
	}
	if (result == CBX_SEAL_OK) {
		header.root = key.root;
		cbx_psa_take_turn();
		result = cbx_seal_wrap(&header, key.key, context_of(options),
			(struct cbx_span){ data, bytes }, blob);
		cbx_psa_end_turn();
		mbedtls_platform_zeroize(&key, sizeof(key));
	}
	return result;
}

/* What can be said before there is a key. */
static enum cbx_seal_result check_asked(
	const struct cbx_seal_options *o, const struct cbx_seal_header *h)
{
	bool counted = (h->flags & CBX_SEAL_COUNTED) != 0;

	if ((o->selector != 0 && o->selector != h->selector) ||
		h->security_version < o->security_version) {
		return CBX_SEAL_E_UNEXPECTED;
	}
	if (o->counter == NULL) {
		return counted && (o->flags & CBX_UNSEAL_UNCOUNTED) == 0
			       ? CBX_SEAL_E_COUNTER
			       : CBX_SEAL_OK;
	}
	return counted && memcmp(&o->counter->id, &h->counter.id,
				  sizeof(h->counter.id)) == 0
		       ? CBX_SEAL_OK
		       : CBX_SEAL_E_UNEXPECTED;
}

/* Whether an authentic blob is the last one. */
static enum cbx_seal_result check_last(
	const struct cbx_seal_options *o, const struct cbx_seal_header *h)
{
	if (o->counter == NULL || o->counter->value == h->counter.value) {
		return CBX_SEAL_OK;
	}
	return h->counter.value < o->counter->value ? CBX_SEAL_E_OLD
						    : CBX_SEAL_E_BEHIND;
}

/* Open with the key of a header that was looked at. */
static enum cbx_seal_result open_with(const struct cbx_seal_options *options,
	const struct cbx_seal_header *header, const void *blob, void *data)
{
	size_t size = (size_t)header->size;
	struct cbx_seal_key key;
	enum cbx_seal_result result = key_of(header, &key);

	if (result != CBX_SEAL_OK) {
		return result;
	}
	cbx_psa_take_turn();
	result = key.root != header->root
			 ? CBX_SEAL_E_ROOT
			 : cbx_seal_unwrap(key.key, context_of(options),
				   (struct cbx_span){
					   blob, size + CBX_SEAL_MORE },
				   data);
	cbx_psa_end_turn();
	mbedtls_platform_zeroize(&key, sizeof(key));
	if (result == CBX_SEAL_OK) {
		result = check_last(options, header);
	}
	if (result != CBX_SEAL_OK && size != 0) {
		mbedtls_platform_zeroize(data, size);
	}
	return result;
}

enum cbx_seal_result cbx_unseal(const struct cbx_seal_options *options,
	const void *blob, size_t bytes, void *data)
{
	struct cbx_seal_header header;
	enum cbx_seal_result result = CBX_SEAL_E_INVALID;

	if (options_valid(options, CBX_UNSEAL_UNCOUNTED)) {
		result = cbx_seal_look(blob, bytes, &header);
	}
	if (result == CBX_SEAL_OK) {
		result = check_asked(options, &header);
	}
	if (result == CBX_SEAL_OK && !ready()) {
		result = CBX_SEAL_E_LIBRARY;
	}
	if (result == CBX_SEAL_OK) {
		result = check_root(options);
	}
	return result == CBX_SEAL_OK ? open_with(options, &header, blob, data)
				     : result;
}

/* Ask, and believe the answer only if it is one. */
static enum cbx_seal_result ask(const struct cbx_counter_service *service,
	struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	static const struct cbx_counter_service device = {
		.ask = cbx_seal_device_ask,
	};
	enum cbx_seal_result result;
	const struct cbx_counter_service *who =
		service == NULL ? &device : service;

	if (!ready() || !fresh(question->nonce, sizeof(question->nonce))) {
		return CBX_SEAL_E_LIBRARY;
	}
	if (who->ask(who->arg, question, answer) != 0) {
		return CBX_SEAL_E_SILENT;
	}
	cbx_psa_take_turn();
	result = cbx_counter_check(question, answer);
	cbx_psa_end_turn();
	return result;
}

enum cbx_seal_result cbx_counter_read(const struct cbx_counter_service *service,
	const struct cbx_counter_id *id, struct cbx_counter_value *value)
{
	struct cbx_counter_question question = { .op = CBX_COUNTER_READ,
		.id = *id };
	struct cbx_counter_answer answer;
	enum cbx_seal_result result = ask(service, &question, &answer);

	if (result == CBX_SEAL_OK && answer.done != 0) {
		result = CBX_SEAL_E_FORGED;
	}
	if (result == CBX_SEAL_OK) {
		*value =
			(struct cbx_counter_value){ question.id, answer.value };
	}
	return result;
}

enum cbx_seal_result cbx_counter_advance(
	const struct cbx_counter_service *service,
	struct cbx_counter_value *value)
{
	struct cbx_counter_question question = {
		.op = CBX_COUNTER_ADVANCE, .from = value->value, .id = value->id
	};
	struct cbx_counter_answer answer;
	enum cbx_seal_result result = ask(service, &question, &answer);

	if (result != CBX_SEAL_OK) {
		return result;
	}
	if (answer.done != 0 && (question.from == UINT64_MAX ||
					answer.value != question.from + 1)) {
		return CBX_SEAL_E_FORGED;
	}
	value->value = answer.value;
	return answer.done != 0 ? CBX_SEAL_OK : CBX_SEAL_E_MOVED;
}
