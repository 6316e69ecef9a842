/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware as the tests have it, and the guest's side of its messages.
 */
#ifndef CBX_TESTS_LAB_X86_PSP_H
#define CBX_TESTS_LAB_X86_PSP_H

#include "snp/bytes.h"
#include "snp/report.h"

/** A firmware of Milan with some guest; version 3; the key is 1, 2, ..., 48. */
static inline struct snp_firmware psp_make(void)
{
	struct snp_firmware psp = {
		.platform = {
			.version = 3, .family = 0x19, .model = 0x01, .stepping = 1,
			.info = 0x25,
			.current = UINT64_C(0x0302000000000103),
			.reported = UINT64_C(0x0101010101010101),
			.committed = UINT64_C(0x0202020202020202),
			.launch = UINT64_C(0x0202000000000002),
			.major = 1, .minor = 55, .build = 21,
		},
		.guest = { .svn = 7, .policy = 0x30000 },
	};

	for (unsigned int i = 0; i < 64; i++) {
		psp.platform.chip[i] = (uint8_t)(i + 1);
		psp.guest.measurement[i % 48] = (uint8_t)(0xa0 + i % 48);
		psp.guest.host_data[i % 32] = (uint8_t)(0x60 + i % 32);
		psp.guest.report_id[i % 32] = (uint8_t)(0x40 + i % 32);
	}
	for (unsigned int i = 0; i < SNP_SCALAR; i++) {
		psp.vcek[i] = (uint8_t)(i + 1);
		psp.root[i] = (uint8_t)(i + 101);
	}
	for (unsigned int i = 0; i < SNP_KEYS * SNP_AEAD_KEY; i++) {
		psp.vmpck[i / SNP_AEAD_KEY][i % SNP_AEAD_KEY] =
			(uint8_t)(i * 7 + 1);
	}
	return psp;
}

/** One message of a guest before it is sealed. */
struct psp_message {
	uint8_t key; /* VMPCK */
	uint8_t type;
	uint64_t number;
	uint16_t size;
	uint8_t payload[0x60];
};

static inline struct psp_message psp_ask_report(
	uint8_t key, uint64_t number, uint32_t vmpl)
{
	struct psp_message message = { key, 5, number, 0x60, { 0 } };

	for (unsigned int i = 0; i < 64; i++) {
		message.payload[i] = (uint8_t)(0xd0 + i % 16);
	}
	snp_store(message.payload + 0x40, vmpl, 4);
	return message;
}

static inline struct psp_message psp_ask_key(
	uint8_t key, uint64_t number, uint32_t vmpl, uint64_t fields)
{
	struct psp_message message = { key, 3, number, 0x20, { 0 } };

	snp_store(message.payload + 0x08, fields, 8);
	snp_store(message.payload + 0x10, vmpl, 4);
	return message;
}

/** @retval false  the library failed */
static inline bool psp_seal(const struct snp_firmware *psp,
	const struct psp_message *message, uint8_t *page)
{
	struct snp_aead aead = { psp->vmpck[message->key & 3], message->number,
		page + 0x30, 0x30, page + 0x60, message->size };

	snp_clear(page, SNP_MESSAGE_BYTES);
	snp_store(page + 0x20, message->number, 8);
	page[0x30] = 1;
	page[0x31] = 1;
	page[0x32] = 0x60;
	page[0x34] = message->type;
	page[0x35] = 1;
	snp_store(page + 0x36, message->size, 2);
	page[0x3c] = message->key;
	snp_copy(page + 0x60, message->payload, sizeof(message->payload));
	if (message->size < sizeof(message->payload)) {
		snp_clear(page + 0x60 + message->size,
			sizeof(message->payload) - message->size);
	}
	return snp_aead_seal(&aead, page);
}

/** Decrypt a response, in place; its payload is at 0x60. */
static inline bool psp_open(const struct snp_firmware *psp,
	const struct psp_message *asked, uint8_t *page)
{
	struct snp_aead aead = { psp->vmpck[asked->key & 3], asked->number + 1,
		page + 0x30, 0x30, page + 0x60, snp_load(page + 0x36, 2) };

	return snp_load(page + 0x20, 8) == asked->number + 1 &&
	       page[0x34] == asked->type + 1 && page[0x3c] == asked->key &&
	       aead.text_size <= SNP_MESSAGE_BYTES - 0x60 &&
	       snp_aead_open(&aead, page);
}

#endif
