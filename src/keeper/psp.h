/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the firmware of a machine with SEV-SNP, which are sealed with a
 * key that monitor and firmware share: the header, and which number a message
 * has.  Freestanding: it seals nothing itself.
 *
 * Messages are sealed by AES-256-GCM; the IV is the number, little endian, and
 * four zero bytes; authenticated besides are the header's bytes from
 * CBX_PSP_AAD on.  A number that was given out is used up, whatever becomes of
 * the message: two texts under one number would give the key's secrets away.
 * When it cannot be known whether the firmware has seen a number, the key is
 * dead, and is to be wiped wherever it is.
 *
 * @source AMD 56860, 7 (SNP_GUEST_REQUEST), table 99 and others of chapter 7
 */
#ifndef CBX_KEEPER_PSP_H
#define CBX_KEEPER_PSP_H

#include <base/types.h>

struct cbx_psp_header {
	uint8_t tag[32]; /* the last 16 are zero */
	uint64_t number;
	uint64_t reserved0;
	uint8_t algorithm, header_version;
	uint16_t header_bytes;
	uint8_t type, version;
	uint16_t bytes; /* of the text behind it */
	uint32_t reserved1;
	uint8_t key; /* VMPCK 0 to 3 */
	uint8_t reserved2[35];
};
CBX_AT(0x20, 8, cbx_psp_header, number);
CBX_AT(0x30, 1, cbx_psp_header, algorithm);
CBX_AT(0x34, 1, cbx_psp_header, type);
CBX_AT(0x36, 2, cbx_psp_header, bytes);
CBX_AT(0x3c, 1, cbx_psp_header, key);
CBX_SIZE(0x60, cbx_psp_header);
#define CBX_PSP_AAD	 0x30u
#define CBX_PSP_TEXT_MAX (CBX_PAGE_SIZE - sizeof(struct cbx_psp_header))

/** Requests; an answer's type is its request's and one. */
enum cbx_psp_type {
	CBX_PSP_NONE = 0,
	CBX_PSP_KEY = 3,
	CBX_PSP_REPORT = 5,
};

/** A key's use. */
struct cbx_psp {
	uint64_t number; /* the next request's; odd, from 1 */
	enum cbx_psp_type under_way;
	uint8_t key;
	bool dead;
};

/**
 * Begin a message.
 *
 * @param      bytes   of its text
 * @param[out] header  all but the tag
 *
 * @retval CBX_OK         the number in @p header is this message's for good
 * @retval CBX_E_BUSY     another is under way; nothing changed
 * @retval CBX_E_STATE    the key is dead, or has no number left and is now
 * @retval CBX_E_INVALID  such a text is none
 */
CBX_MUST_CHECK enum cbx_status cbx_psp_begin(struct cbx_psp *psp,
	enum cbx_psp_type type, uint16_t bytes, struct cbx_psp_header *header);

/**
 * Check the answer's header, before it is opened.
 *
 * @param header  a copy
 *
 * @retval CBX_OK        it may be this message's answer
 * @retval CBX_E_DENIED  it is not: the key is dead
 * @retval CBX_E_STATE   no message is under way
 */
CBX_MUST_CHECK enum cbx_status cbx_psp_answer(
	struct cbx_psp *psp, const struct cbx_psp_header *header);

/** The answer was opened: the next message may begin, or, as it was not
 * @p authentic, or never came, the key is dead. */
void cbx_psp_end(struct cbx_psp *psp, bool authentic);

/** A request's text: a report on the monitor (VMPL0) that has @p data; the key
 * derived from the chip, the monitor's policy and its launch measurement. */
#define CBX_PSP_REPORT_TEXT 0x60u
#define CBX_PSP_KEY_TEXT    0x20u
void cbx_psp_report_text(
	uint8_t text[CBX_PSP_REPORT_TEXT], const uint8_t data[64]);
void cbx_psp_key_text(uint8_t text[CBX_PSP_KEY_TEXT]);

/** Where an answer's text has what was asked for, if it was granted. */
#define CBX_PSP_GRANTED	     0x20u
#define CBX_PSP_REPORT_BYTES 0x4a0u
#define CBX_PSP_KEY_BYTES    0x20u

/** Whether it was. @param text  text[bytes], opened */
bool cbx_psp_granted(
	enum cbx_psp_type type, const uint8_t *text, uint16_t bytes);

#endif
