/* SPDX-License-Identifier: Apache-2.0 */
/* Letters: messages between the monitor and its machine's firmware. */
#include <string.h>

#include <mbedtls/platform_util.h>

#include <base/letter.h>
#include <keeper/psp.h>
#include <keeper/secret.h>
#include <keeper/work.h>
#include <trust/aead.h>

#define IV_BYTES 12u

static struct {
	psa_key_id_t key; /* 0: none yet, or dead */
	struct cbx_psp psp;
	bool had_key;
} firmware;

/* A message as PSA has it: the tag behind the text. */
static struct {
	struct cbx_psp_header header;
	uint8_t text[CBX_PSP_TEXT_MAX + CBX_AEAD_TAG];
	uint8_t plain[CBX_PSP_TEXT_MAX];
} message;

void cbx_letter_forget(void)
{
	(void)psa_destroy_key(firmware.key);
	mbedtls_platform_zeroize(&firmware, sizeof(firmware));
	mbedtls_platform_zeroize(&message, sizeof(message));
}

/* Nothing is sealed or opened with it from here on. */
static enum cbx_status wipe(enum cbx_status why)
{
	(void)psa_destroy_key(firmware.key);
	firmware.key = 0;
	firmware.psp.dead = true;
	return why;
}

static void answer(struct cbx_letter *letter, const void *body, uint32_t bytes)
{
	memset(letter, 0, sizeof(*letter));
	letter->bytes = bytes;
	if (bytes != 0) {
		memcpy(letter->body, body, bytes);
	}
}

static const uint8_t *additional(void)
{
	return (const uint8_t *)&message.header + CBX_PSP_AAD;
}
#define ADDITIONAL_BYTES (sizeof(struct cbx_psp_header) - CBX_PSP_AAD)

static void make_iv(uint8_t iv[IV_BYTES])
{
	memset(iv, 0, IV_BYTES);
	for (size_t i = 0; i < sizeof(message.header.number); i++) {
		iv[i] = (uint8_t)(message.header.number >> 8 * i);
	}
}

static bool seal(const uint8_t *text, size_t bytes)
{
	uint8_t iv[IV_BYTES];
	size_t size = 0;

	make_iv(iv);
	if (psa_aead_encrypt(firmware.key, PSA_ALG_GCM, iv, sizeof(iv),
		    additional(), ADDITIONAL_BYTES, text, bytes, message.text,
		    sizeof(message.text), &size) != PSA_SUCCESS ||
		size != bytes + CBX_AEAD_TAG) {
		return false;
	}
	memcpy(message.header.tag, message.text + bytes, CBX_AEAD_TAG);
	return true;
}

/* The number that cbx_psp_begin gives out is this text's, once and for all. */
static enum cbx_status ask(struct cbx_letter *letter, enum cbx_psp_type type,
	const uint8_t *text, uint16_t bytes)
{
	enum cbx_status status =
		cbx_psp_begin(&firmware.psp, type, bytes, &message.header);

	if (status != CBX_OK) {
		return wipe(status);
	}
	if (!seal(text, bytes)) {
		return wipe(CBX_E_HARDWARE);
	}
	answer(letter, &message.header, (uint32_t)sizeof(message.header));
	memcpy(letter->body + sizeof(message.header), message.text, bytes);
	letter->bytes += bytes;
	return CBX_OK;
}

static enum cbx_status ask_report(
	struct cbx_letter *letter, const uint8_t data[CBX_LETTER_DATA_BYTES])
{
	uint8_t text[CBX_PSP_REPORT_TEXT];

	if (letter->bytes != CBX_LETTER_DATA_BYTES) {
		return wipe(CBX_E_INVALID);
	}
	cbx_psp_report_text(text, data);
	return ask(letter, CBX_PSP_REPORT, text, sizeof(text));
}

static enum cbx_status ask_attest(struct cbx_letter *letter)
{
	static const uint8_t manifest[CBX_LETTER_MANIFEST_BYTES] =
		CBX_LETTER_MANIFEST;
	uint8_t text[CBX_LETTER_DATA_BYTES + CBX_LETTER_MANIFEST_BYTES];
	uint8_t data[CBX_LETTER_DATA_BYTES];
	size_t size = 0;

	memcpy(text, letter->body, CBX_LETTER_DATA_BYTES);
	memcpy(text + CBX_LETTER_DATA_BYTES, manifest, sizeof(manifest));
	if (psa_hash_compute(PSA_ALG_SHA_512, text, sizeof(text), data,
		    sizeof(data), &size) != PSA_SUCCESS ||
		size != sizeof(data)) {
		return wipe(CBX_E_HARDWARE);
	}
	return ask_report(letter, data);
}

static enum cbx_status ask_root(struct cbx_letter *letter)
{
	uint8_t text[CBX_PSP_KEY_TEXT];

	cbx_psp_key_text(text);
	return ask(letter, CBX_PSP_KEY, text, sizeof(text));
}

/* One key in a keeper's life: its numbers begin with the machine. */
static enum cbx_status take_key(struct cbx_letter *letter)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	if (firmware.had_key) {
		return CBX_E_STATE;
	}
	if (letter->bytes != CBX_LETTER_KEY_BYTES) {
		return CBX_E_INVALID;
	}
	psa_set_key_usage_flags(
		&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
	psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
	firmware.had_key = true;
	firmware.psp = (struct cbx_psp){ .number = 1 };
	if (psa_import_key(&attributes, letter->body, letter->bytes,
		    &firmware.key) != PSA_SUCCESS) {
		firmware.key = 0;
		return wipe(CBX_E_HARDWARE);
	}
	return ask_root(letter);
}

/* The letter's message into plain, if it is authentic. */
static bool open(const struct cbx_letter *letter)
{
	uint16_t bytes = message.header.bytes;
	uint8_t iv[IV_BYTES];
	size_t size = 0;

	if (bytes > letter->bytes - sizeof(message.header)) {
		return false;
	}
	make_iv(iv);
	memcpy(message.text, letter->body + sizeof(message.header), bytes);
	memcpy(message.text + bytes, message.header.tag, CBX_AEAD_TAG);
	return psa_aead_decrypt(firmware.key, PSA_ALG_GCM, iv, sizeof(iv),
		       additional(), ADDITIONAL_BYTES, message.text,
		       bytes + CBX_AEAD_TAG, message.plain,
		       sizeof(message.plain), &size) == PSA_SUCCESS &&
	       size == bytes;
}

/* cbx_psp_answer lets only headers through whose length fits into a message. */
static enum cbx_status take_answer(struct cbx_letter *letter)
{
	const uint8_t *text = message.plain + CBX_PSP_GRANTED;
	enum cbx_psp_type type = firmware.psp.under_way;
	bool granted;

	if (letter->bytes < sizeof(message.header)) {
		return wipe(CBX_E_DENIED);
	}
	memcpy(&message.header, letter->body, sizeof(message.header));
	if (cbx_psp_answer(&firmware.psp, &message.header) != CBX_OK ||
		!open(letter)) {
		return wipe(CBX_E_DENIED);
	}
	cbx_psp_end(&firmware.psp, true);
	granted = cbx_psp_granted(type, message.plain, message.header.bytes);
	if (granted && type == CBX_PSP_KEY) {
		cbx_secret_keep_root(CBX_ROOT_PLATFORM, text);
	}
	answer(letter, text,
		granted && type == CBX_PSP_REPORT ? CBX_PSP_REPORT_BYTES : 0);
	mbedtls_platform_zeroize(message.plain, sizeof(message.plain));
	return CBX_OK;
}

static enum cbx_status work_on(struct cbx_letter *letter)
{
	switch (letter->op) {
	case CBX_LETTER_KEY:
		return take_key(letter);
	case CBX_LETTER_REPORT:
		return ask_report(letter, letter->body);
	case CBX_LETTER_ATTEST:
		return ask_attest(letter);
	case CBX_LETTER_ANSWER:
		return take_answer(letter);
	case CBX_LETTER_LOST:
		(void)wipe(CBX_OK);
		answer(letter, NULL, 0);
		return CBX_OK;
	default:
		return CBX_E_UNSUPPORTED;
	}
}

enum cbx_status cbx_work_letter(struct cbx_work work)
{
	static struct cbx_letter letter;
	enum cbx_status status;

	if (work.room < sizeof(letter)) {
		return CBX_E_INVALID;
	}
	memcpy(&letter, work.data, sizeof(letter));
	mbedtls_platform_zeroize(work.data, sizeof(letter));
	status = letter.bytes <= sizeof(letter.body) ? work_on(&letter)
						     : wipe(CBX_E_INVALID);
	if (status == CBX_OK) {
		memcpy(work.data, &letter, sizeof(letter));
	}
	mbedtls_platform_zeroize(&letter, sizeof(letter));
	return status;
}
