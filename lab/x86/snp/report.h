/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware of the modelled platform: attestation reports, derived keys, and
 * the messages a guest asks for them with (SNP_GUEST_REQUEST).
 *
 * Formats are the SNP firmware ABI's (README.md).  Cryptography is crypto.h's.
 */
#ifndef LAB_X86_SNP_REPORT_H
#define LAB_X86_SNP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"

#define SNP_REPORT_BYTES 0x4a0
#define SNP_REPORT_SIGNED \
	0x2a0 /* its first bytes, which the signature covers */
#define SNP_MESSAGE_BYTES  4096
#define SNP_MESSAGE_HEADER 0x60
#define SNP_KEYS	   4

/** What a chip is and which firmware it has. */
struct snp_platform {
	uint32_t version;		 /* of reports: 2 or 3 */
	uint8_t family, model, stepping; /* version 3 only */
	uint8_t chip[64];
	uint64_t info; /* PLATFORM_INFO */
	/* Eight bytes each, as reports have them: byte 0 is the lowest. */
	uint64_t current, reported, committed, launch;
	uint8_t major, minor, build; /* of the firmware */
};

/** What a guest was launched with. */
struct snp_launched {
	uint32_t svn;
	uint64_t policy;
	uint8_t family[16], image[16];
	uint8_t measurement[48];
	uint8_t host_data[32];
	uint8_t id_key[48], author_key[48]; /* digests; zero: there is none */
	uint8_t report_id[32];
};

/** The firmware's state for one guest. */
struct snp_firmware {
	struct snp_platform platform;
	struct snp_launched guest;
	uint8_t vmpck[SNP_KEYS][SNP_AEAD_KEY]; /* as in the secrets page */
	uint64_t count[SNP_KEYS]; /* messages that went either way, per key */
	uint8_t vcek[SNP_SCALAR]; /* signs reports */
	uint8_t root[SNP_DIGEST]; /* what keys are derived from */
};

/** What SNP_GUEST_REQUEST returns to the host, and it to the guest in INFO2. */
enum snp_status {
	SNP_STATUS_SUCCESS = 0x00,
	SNP_STATUS_BAD_MEASUREMENT = 0x0b, /* not authentic under that key */
	SNP_STATUS_INVALID_PARAM = 0x16,
	SNP_STATUS_AEAD_OVERFLOW = 0x1d, /* no sequence numbers left */
	SNP_STATUS_INVALID_KEY = 0x27,	 /* inside a response only */
};

/** Types of messages; a response is its request's and one. */
enum snp_message {
	SNP_MESSAGE_KEY = 3,
	SNP_MESSAGE_REPORT = 5,
};

/**
 * Make and sign a report.
 *
 * @param      vmpl    of the requester, as it may claim it
 * @param[out] report  untouched on failure
 *
 * @retval false  the key is none
 */
bool snp_report_make(const struct snp_firmware *firmware, uint32_t vmpl,
	const uint8_t data[64], uint8_t report[SNP_REPORT_BYTES]);

/**
 * Serve a guest's message.
 *
 * The level a message is from is that of the key it is sealed with.  A level may
 * ask in its own name and in those of levels below, and nothing else.
 *
 * @param      request   a private copy of the guest's page
 * @param[out] response  the page for the guest; untouched unless SUCCESS
 *
 * @retval SNP_STATUS_SUCCESS          there is a response; whether the request
 *                                     was granted is inside.  Two messages are
 *                                     counted
 * @retval SNP_STATUS_INVALID_PARAM    the header is not one, of a type that is
 *                                     not served, or out of sequence
 * @retval SNP_STATUS_BAD_MEASUREMENT  it was not sealed with the key it names
 * @retval SNP_STATUS_AEAD_OVERFLOW    the key has no numbers left
 *
 * Nothing changes unless SUCCESS.
 */
enum snp_status snp_message_serve(struct snp_firmware *firmware,
	const uint8_t request[SNP_MESSAGE_BYTES],
	uint8_t response[SNP_MESSAGE_BYTES]);

#endif
