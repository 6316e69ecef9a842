/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GHCB: the page a CPU of the monitor shares with the hypervisor, and what
 * is asked by it.
 *
 * The hypervisor writes to the page whenever it likes.  What is asked lies in
 * the monitor's own memory and is written out; an answer is read once, word by
 * word, and only what the hypervisor marked valid.
 *
 * @source AMD 56421, 2.3.2 and 4
 */
#ifndef CBX_HAL_SNP_PURE_GHCB_H
#define CBX_HAL_SNP_PURE_GHCB_H

#include <base/types.h>

#define CBX_GHCB_BUFFER 0x800u /* offset of the words for lists */
#define CBX_GHCB_WORDS	0xfeu

struct cbx_ghcb {
	uint64_t reserved0[0x3f];
	uint64_t rax; /* 1f8 */
	uint64_t reserved1[0x21];
	uint64_t rcx, rdx, rbx; /* 308 */
	uint64_t reserved2[0xe];
	uint64_t event, info1, info2, scratch; /* 390 */
	uint64_t reserved3[8];
	uint64_t valid[2]; /* 3f0: a bit a word */
	uint64_t reserved4[0x80];
	uint64_t buffer[CBX_GHCB_WORDS]; /* 800 */
	uint8_t reserved5[0xa];
	uint16_t version; /* ffa */
	uint32_t usage;
};
CBX_AT(0x1f8, 8, cbx_ghcb, rax);
CBX_AT(0x308, 8, cbx_ghcb, rcx);
CBX_AT(0x318, 8, cbx_ghcb, rbx);
CBX_AT(0x390, 8, cbx_ghcb, event);
CBX_AT(0x3a8, 8, cbx_ghcb, scratch);
CBX_AT(0x3f0, 16, cbx_ghcb, valid);
CBX_AT(0x800, 0x7f0, cbx_ghcb, buffer);
CBX_AT(0xffa, 2, cbx_ghcb, version);
CBX_SIZE(0x1000, cbx_ghcb);

/** What may be asked. */
enum cbx_ghcb_event {
	CBX_GHCB_IO = 0x7b,
	CBX_GHCB_STATES = 0x80000010,	/* psc.h */
	CBX_GHCB_REQUEST = 0x80000011,	/* INFO1, INFO2: two shared pages */
	CBX_GHCB_EXTENDED = 0x80000012, /* likewise; RAX, RBX: more, how many */
	CBX_GHCB_AP = 0x80000013,
	CBX_GHCB_BELL = 0x80000014, /* INFO1: CBX_GHCB_BELL_SET, INFO2: page */
	CBX_GHCB_IPI = 0x80000015,  /* INFO1: the command, to one CPU's level */
};
#define CBX_GHCB_BELL_SET 1u

/** Words a call brings, or an answer must. */
#define CBX_GHCB_RAX	 0x01u
#define CBX_GHCB_RBX	 0x02u
#define CBX_GHCB_SCRATCH 0x04u
#define CBX_GHCB_FIELDS	 3

/** What is asked, and what is answered. */
struct cbx_ghcb_call {
	uint64_t event, info1, info2;
	uint64_t field[CBX_GHCB_FIELDS]; /* in the order of their bits */
	uint8_t fields;			 /* CBX_GHCB_RAX and so on */
};
struct cbx_ghcb_answer {
	uint64_t info2;
	uint64_t field[CBX_GHCB_FIELDS]; /* zero but for what was needed */
};

/** INFO1 of IO: a port, 1, 2 or 4 bytes. */
uint64_t cbx_ghcb_io(uint16_t port, uint8_t bytes, bool in);

/** INFO1 of AP: a CPU's level gets registers, to run when it is asked for, or
 * at once if it is the monitor's (INFO2: the VMSA's address, RAX: its features).
 */
uint64_t cbx_ghcb_ap(uint32_t apic, uint8_t vmpl);

/** Write all of a call: no other field is valid. */
void cbx_ghcb_write(
	volatile struct cbx_ghcb *page, const struct cbx_ghcb_call *call);

/**
 * Read what came of it.
 *
 * @param      needed  words without which the answer is none
 * @param[out] answer  on CBX_OK all; else only info2: why
 *
 * @retval CBX_OK          done
 * @retval CBX_E_HARDWARE  the hypervisor refused
 * @retval CBX_E_INVALID   the answer is malformed
 */
CBX_MUST_CHECK enum cbx_status cbx_ghcb_read(
	const volatile struct cbx_ghcb *page, uint8_t needed,
	struct cbx_ghcb_answer *answer);

#endif
