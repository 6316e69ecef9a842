/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest and host say to each other in the GHCB, the page they share.
 *
 * The page is read once: the caller copies it, decodes the copy and never looks
 * at a field again.  Decoding checks all the specification lets a host check
 * before it acts, and names the error otherwise; answering writes a page and
 * reads nothing.  Clauses are the GHCB specification's (README.md).
 */
#ifndef LAB_X86_SNP_GHCB_H
#define LAB_X86_SNP_GHCB_H

#include <stdbool.h>
#include <stdint.h>

#define SNP_GHCB_BYTES 4096

/** The shared buffer inside the page: all scratch areas lie in it. */
#define SNP_GHCB_BUFFER	      0x800
#define SNP_GHCB_BUFFER_BYTES 0x7f0

/** What a host offers (answers to FEATURES; enum bits). */
enum snp_feature {
	SNP_FEATURE_SNP = 0x001,
	SNP_FEATURE_AP_CREATION = 0x002 | SNP_FEATURE_SNP,
	SNP_FEATURE_RESTRICTED = 0x004 | SNP_FEATURE_SNP,
	SNP_FEATURE_TIMER = 0x008 | SNP_FEATURE_RESTRICTED,
	SNP_FEATURE_APIC_IDS = 0x010,
	SNP_FEATURE_VMPLS = 0x020 | SNP_FEATURE_SNP,
};

/** SW_EXITCODE. */
enum snp_event {
#define EVENT(code, NAME, fields, feature) SNP_EVENT_##NAME = (code),
#include "ghcb_event.def"
#undef EVENT
};

/** Fields an event has to bring, and an answer may bring. */
enum snp_field {
	SNP_FIELD_RAX = 0x01,
	SNP_FIELD_RBX = 0x02,
	SNP_FIELD_RCX = 0x04,
	SNP_FIELD_RDX = 0x08,
	SNP_FIELD_RSI = 0x10,
	SNP_FIELD_CPL = 0x20,
	SNP_FIELD_XCR0 = 0x40,
	SNP_FIELD_XSS = 0x80,
	SNP_FIELD_SCRATCH = 0x100,
};

/** Why a page is refused: SW_EXITINFO2 beside 2 in SW_EXITINFO1. */
enum snp_ghcb_error {
	SNP_GHCB_OK = 0,
	SNP_GHCB_NOT_REGISTERED = 1,
	SNP_GHCB_BAD_USAGE = 2,
	SNP_GHCB_BAD_SCRATCH = 3,
	SNP_GHCB_MISSING_INPUT = 4,
	SNP_GHCB_INVALID_INPUT = 5,
	SNP_GHCB_INVALID_EVENT = 6,
};

/** What the host knows when a guest comes with a page. */
struct snp_ghcb_host {
	uint64_t registered; /* address the guest has registered; ~0 for none */
	uint64_t features;   /* enum snp_feature */
	uint16_t min, max;   /* protocol versions */
};

/** A page, decoded.  Fields the guest has not marked valid are zero. */
struct snp_nae {
	uint64_t
		event; /* enum snp_event; another number when the error is INVALID_EVENT */
	uint64_t info1, info2;
	uint64_t rax, rbx, rcx, rdx, rsi;
	uint64_t xcr0, xss;
	uint8_t cpl;
	uint16_t fields; /* enum snp_field: those that are valid */
	/* The scratch area, as an offset into the page; 0 when the event has none. */
	uint16_t scratch;
	uint16_t scratch_bytes;
};

/**
 * Read a page.
 *
 * @param      page  a private copy
 * @param      gpa   where the original lies
 * @param[out] nae   the request; on an error what could be read of it
 *
 * @retval SNP_GHCB_OK              nae may be acted on: every field the event
 *                                  needs is there and in range, the event is
 *                                  one the host's features offer, and its
 *                                  scratch area lies in the shared buffer
 * @retval SNP_GHCB_NOT_REGISTERED  the page is not the registered one
 * @retval SNP_GHCB_BAD_USAGE       usage is not 0, or a version the host has not
 * @retval SNP_GHCB_MISSING_INPUT   a field the event needs is not marked valid
 * @retval SNP_GHCB_INVALID_EVENT   no such event here
 * @retval SNP_GHCB_INVALID_INPUT   a field is out of range, misaligned, or has
 *                                  a reserved bit
 * @retval SNP_GHCB_BAD_SCRATCH     the scratch area is not in the shared buffer
 */
enum snp_ghcb_error snp_ghcb_decode(const uint8_t page[SNP_GHCB_BYTES],
	const struct snp_ghcb_host *host, uint64_t gpa, struct snp_nae *nae);

/** INFO1 of SNP_EVENT_IOIO. */
struct snp_io {
	uint16_t port;
	uint8_t bytes; /* 1, 2 or 4 */
	bool in, string, repeat;
};

/** Only for what snp_ghcb_decode() let through. */
struct snp_io snp_nae_io(const struct snp_nae *nae);

enum snp_ap_op {
	SNP_AP_ON_INIT = 0,
	SNP_AP_NOW = 1,
	SNP_AP_DESTROY = 2,
};

/** INFO1 of SNP_EVENT_AP_CREATION; INFO2 is the VMSA's address, RAX its SEV_FEATURES. */
struct snp_ap {
	uint32_t apic;
	uint8_t vmpl;
	enum snp_ap_op op;
};

/** Only for what snp_ghcb_decode() let through. */
struct snp_ap snp_nae_ap(const struct snp_nae *nae);

/** INFO1 of SNP_EVENT_DOORBELL; INFO2 is the address with SET. */
enum snp_doorbell_op {
	SNP_DOORBELL_PREFERRED = 0,
	SNP_DOORBELL_SET = 1,
	SNP_DOORBELL_QUERY = 2,
	SNP_DOORBELL_CLEAR = 3,
};

/** What goes back to the guest. */
struct snp_nae_answer {
	uint64_t info1, info2;
	uint16_t fields; /* of RAX to RDX only */
	uint64_t rax, rbx, rcx, rdx;
};

/** All went well. @param info2  as the event has it */
struct snp_nae_answer snp_nae_done(uint64_t info2);

/** The page is refused. @param error  not SNP_GHCB_OK */
struct snp_nae_answer snp_nae_refused(enum snp_ghcb_error error);

/** The guest is to raise #GP(0) (@p gp) or #UD at the instruction it asks about. */
struct snp_nae_answer snp_nae_raise(bool gp);

/**
 * Write an answer: its fields are valid afterwards, and no others.
 *
 * @param page  the guest's, or a copy; nothing in it is read
 */
void snp_ghcb_answer(
	uint8_t page[SNP_GHCB_BYTES], const struct snp_nae_answer *answer);

/** Status of a guest request in an answer's info2: the firmware's, and the host's below. */
#define SNP_REQUEST_INFO2(firmware, host) \
	((uint64_t)(host) << 32 | (uint32_t)(firmware))
#define SNP_REQUEST_NO_ROOM 1u /* for certificates; RBX says how many pages */
#define SNP_REQUEST_BUSY    2u

#endif
