/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86 lab's firmware: any message, as if its seal were right.  A level gets
 * reports and keys in its own name and in those below; what fails changes
 * nothing; numbers never come twice.
 *
 * Cryptography here is none: seals of zeros are right, so that the fuzzer gets
 * inside.  An input is a page from its start, 0x60 bytes of header and the
 * payload; the first two bytes are its sequence number's place and the guest's
 * SVN instead of a tag.
 */
#include "fuzz.h"

#include <string.h>

#include "../../lab/x86/snp/bytes.h"
#include "../../lab/x86/snp/report.h"

static unsigned int seals;

bool snp_aead_seal(const struct snp_aead *aead, uint8_t tag[SNP_AEAD_TAG])
{
	FUZZ_ASSERT(aead->aad_size == 0x30);
	FUZZ_ASSERT(aead->text_size <= SNP_MESSAGE_BYTES - SNP_MESSAGE_HEADER);
	seals++;
	memset(tag, 0, SNP_AEAD_TAG);
	return true;
}

bool snp_aead_open(const struct snp_aead *aead, const uint8_t tag[SNP_AEAD_TAG])
{
	(void)aead;
	return snp_is_zero(tag, SNP_AEAD_TAG);
}

bool snp_hmac(const uint8_t key[SNP_DIGEST], const uint8_t *text, size_t size,
	uint8_t digest[SNP_DIGEST])
{
	(void)text;
	FUZZ_ASSERT(size > 3);
	memcpy(digest, key, SNP_DIGEST);
	return true;
}

bool snp_sign(const uint8_t scalar[SNP_SCALAR], const uint8_t *text,
	size_t size, uint8_t r[SNP_SCALAR], uint8_t s[SNP_SCALAR])
{
	(void)text;
	FUZZ_ASSERT(size == SNP_REPORT_SIGNED);
	memcpy(r, scalar, SNP_SCALAR);
	memcpy(s, scalar, SNP_SCALAR);
	return true;
}

static void check_granted(const struct snp_firmware *firmware,
	const uint8_t *asked, const uint8_t *answer)
{
	const uint8_t *payload = answer + SNP_MESSAGE_HEADER;
	bool report = asked[0x34] == SNP_MESSAGE_REPORT;
	uint64_t vmpl = snp_load(asked + 0x60 + (report ? 0x40 : 0x10), 4);

	FUZZ_ASSERT(vmpl < SNP_KEYS && vmpl >= asked[0x3c]);
	if (report) {
		FUZZ_ASSERT(snp_load(payload + 0x20 + 0x30, 4) == vmpl);
		FUZZ_ASSERT(
			memcmp(payload + 0x20 + 0x50, asked + 0x60, 64) == 0);
	} else {
		FUZZ_ASSERT(snp_load(asked + 0x60 + 0x14, 4) <=
			    firmware->guest.svn);
		FUZZ_ASSERT(!snp_is_zero(payload + 0x20, 32));
	}
}

static void check_answer(const struct snp_firmware *before,
	const struct snp_firmware *after, const uint8_t *asked,
	const uint8_t *answer)
{
	uint8_t key = asked[0x3c];
	uint64_t size = snp_load(answer + 0x36, 2);

	FUZZ_ASSERT(key < SNP_KEYS && seals == 1);
	FUZZ_ASSERT(answer[0x34] == asked[0x34] + 1 && answer[0x3c] == key);
	FUZZ_ASSERT(snp_load(asked + 0x20, 8) == before->count[key] + 1);
	FUZZ_ASSERT(snp_load(answer + 0x20, 8) == before->count[key] + 2);
	FUZZ_ASSERT(after->count[key] == before->count[key] + 2);
	FUZZ_ASSERT(snp_is_zero(answer + 0x60 + size, 4096 - 0x60 - size));
	if (snp_load(answer + 0x60, 4) == SNP_STATUS_SUCCESS) {
		check_granted(after, asked, answer);
	} else {
		FUZZ_ASSERT(snp_is_zero(answer + 0x64, size - 4));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct snp_firmware firmware = { .platform = { .version = 3 } };
	struct snp_firmware before;
	uint8_t asked[SNP_MESSAGE_BYTES] = { 0 };
	uint8_t answer[SNP_MESSAGE_BYTES];

	memcpy(asked, input, size < sizeof(asked) ? size : sizeof(asked));
	memset(firmware.root, 1, sizeof(firmware.root));
	firmware.platform.committed = UINT64_C(0x0202020202020202);
	firmware.guest.svn = asked[1];
	for (unsigned int i = 0; i < SNP_KEYS; i++) {
		firmware.count[i] =
			asked[0] == 0xff ? UINT64_MAX - 1 : asked[0];
	}
	asked[0] = 0;
	asked[1] = 0;
	before = firmware;
	memset(answer, 0xee, sizeof(answer));
	seals = 0;
	if (snp_message_serve(&firmware, asked, answer) == SNP_STATUS_SUCCESS) {
		check_answer(&before, &firmware, asked, answer);
		return 0;
	}
	FUZZ_ASSERT(memcmp(&before, &firmware, sizeof(before)) == 0);
	FUZZ_ASSERT(answer[0] == 0xee && answer[SNP_MESSAGE_BYTES - 1] == 0xee);
	return 0;
}
