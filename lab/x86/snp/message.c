/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between a guest and the firmware.
 */
#include "report.h"

#include "bytes.h"

#define AT_TAG		  0x00
#define AT_NUMBER	  0x20
#define AT_RESERVED	  0x28
#define AT_ALGORITHM	  0x30
#define AT_HEADER_VERSION 0x31
#define AT_HEADER_SIZE	  0x32
#define AT_TYPE		  0x34
#define AT_VERSION	  0x35
#define AT_SIZE		  0x36
#define AT_KEY		  0x3c
#define AAD_SIZE	  (SNP_MESSAGE_HEADER - AT_ALGORITHM)
#define AES_256_GCM	  1

#define REPORT_REQUEST	0x60
#define REPORT_RESPONSE (0x20 + SNP_REPORT_BYTES)
#define KEY_REQUEST	0x20
#define KEY_RESPONSE	0x40
#define PAYLOAD_MAX	REPORT_RESPONSE

#define KEY_ROOT_VMRK	 0x1
#define KEY_SELECT(word) ((word) >> 1 & 3)
#define SELECT_AUTO	 0 /* VLEK when there is one; there is none here */
#define SELECT_VLEK	 2
#define SELECT_RESERVED	 3
#define FIELDS_KNOWN	 UINT64_C(0x3f)

/* What a header says. */
struct header {
	uint64_t number;
	uint8_t type;
	uint8_t key;
	uint16_t size;
};

static bool read_header(const uint8_t *page, struct header *header)
{
	header->number = snp_load(page + AT_NUMBER, 8);
	header->type = page[AT_TYPE];
	header->key = page[AT_KEY];
	header->size = (uint16_t)snp_load(page + AT_SIZE, 2);
	return snp_is_zero(page + AT_TAG + SNP_AEAD_TAG, 16) &&
	       snp_is_zero(page + AT_RESERVED, 8) &&
	       page[AT_ALGORITHM] == AES_256_GCM &&
	       page[AT_HEADER_VERSION] == 1 &&
	       snp_load(page + AT_HEADER_SIZE, 2) == SNP_MESSAGE_HEADER &&
	       page[AT_VERSION] == 1 && snp_is_zero(page + AT_SIZE + 2, 4) &&
	       header->key < SNP_KEYS &&
	       snp_is_zero(page + AT_KEY + 1, SNP_MESSAGE_HEADER - AT_KEY - 1);
}

static uint16_t request_size(uint8_t type)
{
	switch (type) {
	case SNP_MESSAGE_REPORT:
		return REPORT_REQUEST;
	case SNP_MESSAGE_KEY:
		return KEY_REQUEST;
	default:
		return 0;
	}
}

/* Which of the chip's keys; there is no VLEK. */
static enum snp_status check_select(uint32_t select)
{
	if (select == SELECT_RESERVED) {
		return SNP_STATUS_INVALID_PARAM;
	}
	return select == SELECT_VLEK ? SNP_STATUS_INVALID_KEY
				     : SNP_STATUS_SUCCESS;
}

/* A level speaks for itself and for those below. */
static bool is_level(uint64_t vmpl, const struct header *header)
{
	return vmpl >= header->key && vmpl < SNP_KEYS;
}

static enum snp_status answer_report(const struct snp_firmware *firmware,
	const struct header *header, const uint8_t *asked, uint8_t *answer)
{
	uint32_t vmpl = (uint32_t)snp_load(asked + 0x40, 4);
	uint32_t word = (uint32_t)snp_load(asked + 0x44, 4);
	enum snp_status status = check_select(word & 3);

	if (!is_level(vmpl, header) || word >> 2 != 0 ||
		!snp_is_zero(asked + 0x48, 24)) {
		return SNP_STATUS_INVALID_PARAM;
	}
	if (status != SNP_STATUS_SUCCESS) {
		return status;
	}
	if (!snp_report_make(firmware, vmpl, asked, answer + 0x20)) {
		return SNP_STATUS_INVALID_KEY;
	}
	snp_store(answer + 0x04, SNP_REPORT_BYTES, 4);
	return SNP_STATUS_SUCCESS;
}

/* Versions are compared part by part. */
static bool is_at_most(uint64_t tcb, uint64_t limit)
{
	for (unsigned int i = 0; i < 64; i += 8) {
		if ((tcb >> i & 0xff) > (limit >> i & 0xff)) {
			return false;
		}
	}
	return true;
}

static bool is_key_request(const struct snp_firmware *firmware,
	const struct header *header, const uint8_t *asked)
{
	return (snp_load(asked, 4) & ~UINT64_C(7)) == 0 &&
	       snp_is_zero(asked + 0x04, 4) &&
	       (snp_load(asked + 0x08, 8) & ~FIELDS_KNOWN) == 0 &&
	       is_level(snp_load(asked + 0x10, 4), header) &&
	       snp_load(asked + 0x14, 4) <= firmware->guest.svn &&
	       is_at_most(
		       snp_load(asked + 0x18, 8), firmware->platform.committed);
}

/* The key's context: what was asked, and of the guest what was selected. */
struct context {
	uint8_t fields, root, vmpl;
	uint8_t policy[8], image[16], family[16], measurement[48], svn[4],
		tcb[8];
};

static void fill_context(const struct snp_launched *guest, const uint8_t *asked,
	struct context *context)
{
	uint8_t fields = asked[0x08];

	*context = (struct context){
		.fields = fields, .root = asked[0x00], .vmpl = asked[0x10]
	};
	if ((fields & 0x01) != 0) {
		snp_store(context->policy, guest->policy, 8);
	}
	if ((fields & 0x02) != 0) {
		snp_copy(context->image, guest->image, 16);
	}
	if ((fields & 0x04) != 0) {
		snp_copy(context->family, guest->family, 16);
	}
	if ((fields & 0x08) != 0) {
		snp_copy(context->measurement, guest->measurement, 48);
	}
	if ((fields & 0x10) != 0) {
		snp_copy(context->svn, asked + 0x14, 4);
	}
	if ((fields & 0x20) != 0) {
		snp_copy(context->tcb, asked + 0x18, 8);
	}
}

static enum snp_status answer_key(const struct snp_firmware *firmware,
	const struct header *header, const uint8_t *asked, uint8_t *answer)
{
	uint32_t word = (uint32_t)snp_load(asked, 4);
	enum snp_status status = check_select(KEY_SELECT(word));
	uint8_t digest[SNP_DIGEST];
	struct context context;

	if (!is_key_request(firmware, header, asked) ||
		(word & KEY_ROOT_VMRK) != 0) {
		return SNP_STATUS_INVALID_PARAM;
	}
	if (status != SNP_STATUS_SUCCESS) {
		return status;
	}
	fill_context(&firmware->guest, asked, &context);
	if (!snp_hmac(firmware->root, (const uint8_t *)&context,
		    sizeof(context), digest)) {
		return SNP_STATUS_INVALID_KEY;
	}
	snp_copy(answer + 0x20, digest, 32);
	return SNP_STATUS_SUCCESS;
}

static struct snp_aead aead_of(const struct snp_firmware *firmware,
	const struct header *header, const uint8_t *page, uint8_t *text)
{
	return (struct snp_aead){
		.key = firmware->vmpck[header->key],
		.number = header->number,
		.aad = page + AT_ALGORITHM,
		.aad_size = AAD_SIZE,
		.text = text,
		.text_size = header->size,
	};
}

/* Header and sequence; nothing was decrypted yet. */
static enum snp_status check_request(const struct snp_firmware *firmware,
	const uint8_t *request, struct header *header)
{
	if (!read_header(request, header) || request_size(header->type) == 0 ||
		header->size != request_size(header->type)) {
		return SNP_STATUS_INVALID_PARAM;
	}
	if (firmware->count[header->key] >= UINT64_MAX - 1) {
		return SNP_STATUS_AEAD_OVERFLOW;
	}
	return header->number == firmware->count[header->key] + 1
		       ? SNP_STATUS_SUCCESS
		       : SNP_STATUS_INVALID_PARAM;
}

static bool seal_response(const struct snp_firmware *firmware,
	struct header *header, uint8_t *page)
{
	struct snp_aead aead;

	header->number++;
	header->type++;
	snp_store(page + AT_NUMBER, header->number, 8);
	page[AT_ALGORITHM] = AES_256_GCM;
	page[AT_HEADER_VERSION] = 1;
	snp_store(page + AT_HEADER_SIZE, SNP_MESSAGE_HEADER, 2);
	page[AT_TYPE] = header->type;
	page[AT_VERSION] = 1;
	snp_store(page + AT_SIZE, header->size, 2);
	page[AT_KEY] = header->key;
	aead = aead_of(firmware, header, page, page + SNP_MESSAGE_HEADER);
	return snp_aead_seal(&aead, page + AT_TAG);
}

/* The payload of a response: its status first, and zeros unless it is granted. */
static void fill_response(const struct snp_firmware *firmware,
	struct header *header, const uint8_t *asked, uint8_t *payload)
{
	bool report = header->type == SNP_MESSAGE_REPORT;
	enum snp_status status =
		report ? answer_report(firmware, header, asked, payload)
		       : answer_key(firmware, header, asked, payload);

	header->size = report ? REPORT_RESPONSE : KEY_RESPONSE;
	snp_store(payload, status, 4);
}

enum snp_status snp_message_serve(struct snp_firmware *firmware,
	const uint8_t request[SNP_MESSAGE_BYTES],
	uint8_t response[SNP_MESSAGE_BYTES])
{
	uint8_t asked[REPORT_REQUEST];
	uint8_t page[SNP_MESSAGE_HEADER + PAYLOAD_MAX] = { 0 };
	struct header header;
	struct snp_aead aead;
	enum snp_status status = check_request(firmware, request, &header);

	if (status != SNP_STATUS_SUCCESS) {
		return status;
	}
	snp_copy(asked, request + SNP_MESSAGE_HEADER, header.size);
	aead = aead_of(firmware, &header, request, asked);
	if (!snp_aead_open(&aead, request + AT_TAG)) {
		return SNP_STATUS_BAD_MEASUREMENT;
	}
	fill_response(firmware, &header, asked, page + SNP_MESSAGE_HEADER);
	if (!seal_response(firmware, &header, page)) {
		return SNP_STATUS_BAD_MEASUREMENT;
	}
	firmware->count[header.key] += 2;
	snp_clear(response, SNP_MESSAGE_BYTES);
	snp_copy(response, page, sizeof(page));
	return SNP_STATUS_SUCCESS;
}
