/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <keeper/psp.h>

#define AES_256_GCM 1
#define VERSION	    1
#define TAG	    16u

/* MSG_KEY_REQ: what the key is mixed with. */
#define FIELDS_AT   8u
#define POLICY	    0x1u
#define MEASUREMENT 0x8u

enum cbx_status cbx_psp_begin(struct cbx_psp *psp, enum cbx_psp_type type,
	uint16_t bytes, struct cbx_psp_header *header)
{
	if (psp->under_way != CBX_PSP_NONE) {
		return CBX_E_BUSY;
	}
	if (type == CBX_PSP_NONE || bytes == 0 || bytes > CBX_PSP_TEXT_MAX) {
		return CBX_E_INVALID;
	}
	if (psp->dead || psp->number == UINT64_MAX) {
		psp->dead = true;
		return CBX_E_STATE;
	}
	*header = (struct cbx_psp_header){
		.number = psp->number,
		.algorithm = AES_256_GCM,
		.header_version = VERSION,
		.header_bytes = sizeof(*header),
		.type = (uint8_t)type,
		.version = VERSION,
		.bytes = bytes,
		.key = psp->key,
	};
	psp->under_way = type;
	return CBX_OK;
}

static enum cbx_status kill(struct cbx_psp *psp)
{
	psp->dead = true;
	psp->under_way = CBX_PSP_NONE;
	return CBX_E_DENIED;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
	uint8_t any = 0;

	for (size_t i = 0; i < count; i++) {
		any |= bytes[i];
	}
	return any == 0;
}

static bool is_answer(const struct cbx_psp *psp, const struct cbx_psp_header *h)
{
	return h->number == psp->number + 1 && h->reserved0 == 0 &&
	       h->algorithm == AES_256_GCM && h->header_version == VERSION &&
	       h->header_bytes == sizeof(*h) &&
	       h->type == (uint8_t)psp->under_way + 1 &&
	       h->version == VERSION && h->bytes <= CBX_PSP_TEXT_MAX &&
	       h->reserved1 == 0 && h->key == psp->key &&
	       is_zero(h->tag + TAG, sizeof(h->tag) - TAG) &&
	       is_zero(h->reserved2, sizeof(h->reserved2));
}

enum cbx_status cbx_psp_answer(
	struct cbx_psp *psp, const struct cbx_psp_header *header)
{
	if (psp->under_way == CBX_PSP_NONE) {
		return CBX_E_STATE;
	}
	return is_answer(psp, header) ? CBX_OK : kill(psp);
}

void cbx_psp_end(struct cbx_psp *psp, bool authentic)
{
	if (!authentic) {
		(void)kill(psp);
	} else if (psp->under_way != CBX_PSP_NONE) {
		psp->number += 2;
		psp->under_way = CBX_PSP_NONE;
	}
}

void cbx_psp_report_text(
	uint8_t text[CBX_PSP_REPORT_TEXT], const uint8_t data[64])
{
	memset(text, 0, CBX_PSP_REPORT_TEXT);
	memcpy(text, data, 64);
}

void cbx_psp_key_text(uint8_t text[CBX_PSP_KEY_TEXT])
{
	memset(text, 0, CBX_PSP_KEY_TEXT);
	text[FIELDS_AT] = POLICY | MEASUREMENT;
}

/* The status, and how long a report is: 32 bits, little endian. */
static bool is_word(const uint8_t *text, uint32_t word)
{
	for (uint32_t i = 0; i < 4; i++) {
		if (text[i] != (uint8_t)(word >> 8 * i)) {
			return false;
		}
	}
	return true;
}

bool cbx_psp_granted(
	enum cbx_psp_type type, const uint8_t *text, uint16_t bytes)
{
	if (type == CBX_PSP_REPORT) {
		return bytes == CBX_PSP_GRANTED + CBX_PSP_REPORT_BYTES &&
		       is_word(text, 0) &&
		       is_word(text + 4, CBX_PSP_REPORT_BYTES);
	}
	return type == CBX_PSP_KEY &&
	       bytes == CBX_PSP_GRANTED + CBX_PSP_KEY_BYTES && is_word(text, 0);
}
