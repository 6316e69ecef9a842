/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host asks of a monitor at VMPL0 in the way stock kernels do: protocol
 * 0 (core) and 1 (attestation) of the SVSM specification.
 *
 * Numbers are the host's.  What is decoded is in range; whose the pages are is
 * for the core to say.
 *
 * @source AMD 58019, 4 to 7
 */
#ifndef CBX_HAL_SNP_PURE_SVSM_H
#define CBX_HAL_SNP_PURE_SVSM_H

#include <base/types.h>

/** RAX of an answer. */
enum cbx_svsm_result {
	CBX_SVSM_OK = 0,
	CBX_SVSM_INCOMPLETE = 0x80000000u, /* repeat */
	CBX_SVSM_NO_PROTOCOL = 0x80000001u,
	CBX_SVSM_NO_CALL = 0x80000002u,
	CBX_SVSM_BAD_ADDRESS = 0x80000003u,
	CBX_SVSM_BAD_PARAMETER = 0x80000005u,
	CBX_SVSM_BAD_REQUEST = 0x80000006u,
	CBX_SVSM_BUSY = 0x80000007u,
	CBX_SVSM_INSTRUCTION = 0x80001000u, /* core: and PVALIDATE's code */
	CBX_SVSM_UNCHANGED = 0x80001010u,
};

/** What is asked.  DEPOSIT_MEM and WITHDRAW_MEM are no calls here: all memory
 * the monitor needs was set aside at its start, or comes through gates.  A number
 * is the call's, and 16 times its protocol's. */
enum cbx_svsm_call {
	CBX_SVSM_REMAP_CA,	     /* page */
	CBX_SVSM_PVALIDATE,	     /* page, offset */
	CBX_SVSM_CREATE_VCPU,	     /* page: VMSA; area; apic */
	CBX_SVSM_DELETE_VCPU,	     /* page: VMSA */
	CBX_SVSM_QUERY_PROTOCOL = 6, /* answer: RCX */
	CBX_SVSM_CONFIGURE_VTOM,     /* a query; answer: RCX */
	CBX_SVSM_SERVICES = 0x10,    /* page, offset */
	CBX_SVSM_SINGLE_SERVICE,     /* never decoded: there are none */
};

/** Registers of a call. */
struct cbx_svsm_registers {
	uint64_t rax, rcx, rdx, r8;
};

struct cbx_svsm_request {
	enum cbx_svsm_call call;
	struct cbx_pfn page;
	struct cbx_pfn area;
	uint32_t offset; /* of a structure in the page; it ends there, too */
	uint32_t apic;
	uint64_t answer;
};

/**
 * Decode a call.
 *
 * @param[out] request  untouched unless CBX_SVSM_OK
 */
uint32_t cbx_svsm_decode(const struct cbx_svsm_registers *r,
	uint64_t page_count, struct cbx_svsm_request *request);

/** A list of PVALIDATE, which begins with a word of its own. */
struct cbx_svsm_list {
	uint16_t count;
	uint16_t next; /* less than count */
};

/**
 * Decode the first word of a list.
 *
 * @param offset  where the word lies in its page
 *
 * @return CBX_SVSM_OK when entries up to count lie in the page, next among them
 */
uint32_t cbx_svsm_list(
	uint64_t word, uint32_t offset, struct cbx_svsm_list *list);

/** An entry of it. */
struct cbx_svsm_entry {
	struct cbx_pfn pfn;
	uint64_t pages; /* 1, or 512 at a multiple of them */
	bool validate;
	bool same_is_fine; /* a page that is so already is no error */
};
uint32_t cbx_svsm_entry(
	uint64_t word, uint64_t page_count, struct cbx_svsm_entry *entry);

#define CBX_SVSM_NONCE	     64u
#define CBX_SVSM_OP_WORDS    8u
#define CBX_SVSM_CERTIFICATE 0x4000u

/** Memory of the host's, in a row. */
struct cbx_svsm_buffer {
	uint64_t address; /* of a page, but for a nonce */
	uint32_t bytes;
};

/** What is to be attested, and where to. */
struct cbx_svsm_attest {
	struct cbx_svsm_buffer report, nonce, manifest, certificate;
};

/**
 * Decode the structure of an attestation call.
 *
 * @param op  a copy
 */
uint32_t cbx_svsm_attest(const uint64_t op[CBX_SVSM_OP_WORDS],
	uint64_t page_count, struct cbx_svsm_attest *attest);

#endif
