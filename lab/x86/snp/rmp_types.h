/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the reverse map table: entries, codes, faults.  rmp.h works on them.
 */
#ifndef LAB_X86_SNP_RMP_TYPES_H
#define LAB_X86_SNP_RMP_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#define SNP_PAGE_SIZE	UINT64_C(4096)
#define SNP_LARGE_SIZE	UINT64_C(0x200000)
#define SNP_LARGE_PAGES UINT64_C(512)
#define SNP_VMPLS	4

/** What a level may do with a page: bits as RMPADJUST takes them in RDX[15:8]. */
enum snp_right {
	SNP_READ = 0x01,
	SNP_WRITE = 0x02,
	SNP_EXEC_USER = 0x04,
	SNP_EXEC_SUPER = 0x08,
	SNP_SHADOW = 0x10, /* supervisor shadow stack */
	SNP_RIGHTS_ALL = 0x1f,
};

/** What is said of a page. */
enum snp_rmp_flag {
	SNP_RMP_ASSIGNED = 0x01,  /* a guest's, or the firmware's */
	SNP_RMP_VALIDATED = 0x02, /* the guest has said yes to it */
	SNP_RMP_VMSA = 0x04,	  /* holds a virtual processor's registers */
	SNP_RMP_IMMUTABLE =
		0x08,		/* the firmware's: no instruction changes it */
	SNP_RMP_LARGE = 0x10,	/* speaks for 2 MiB */
	SNP_RMP_RUNNING = 0x20, /* a VMSA that is loaded on a processor */
};

/** One page.  All zero: the host's, shared. */
struct snp_rmp_entry {
	uint64_t gpa;  /* where the guest has it; a multiple of the page size */
	uint16_t asid; /* which guest; 0 with ASSIGNED: the firmware's */
	uint8_t flags; /* enum snp_rmp_flag */
	uint8_t rights[SNP_VMPLS]; /* enum snp_right */
};

/** The table.  Memory is the caller's, zeroed; entry[n] is system page n. */
struct snp_rmp {
	struct snp_rmp_entry *entry;
	uint64_t pages;
};

/** Who executes an instruction or touches memory. */
struct snp_cpu {
	uint16_t asid; /* never 0: the host has functions of its own */
	uint8_t vmpl;  /* less than SNP_VMPLS */
	uint8_t cpl;   /* 0 to 3 */
};

/** A guest address and what the nested page tables made of it. */
struct snp_at {
	uint64_t gpa; /* without the C bit; low 12 bits are ignored */
	uint64_t spa; /* likewise; equal to gpa when the host maps one to one */
};

/** Codes in EAX. */
enum snp_code {
	SNP_SUCCESS = 0,
	SNP_FAIL_INPUT = 1,
	SNP_FAIL_PERMISSION = 2,
	SNP_FAIL_INUSE = 3,
	SNP_FAIL_OVERLAP = 4,
	SNP_FAIL_SIZEMISMATCH = 6,
	SNP_FAIL_BADADDR = 7,
};

/** What happens instead of the next instruction. */
enum snp_fault {
	SNP_DONE, /* nothing: code, carry and the outputs hold */
	SNP_GP,	  /* #GP(0) in the guest */
	SNP_VC, /* #VC in the guest with SNP_VC_NOT_VALIDATED; the address in CR2 */
	SNP_NPF, /* exit 0x400 to the host, the guest's RIP unmoved; error holds */
};

/** Error code of #VC for a page the guest has not accepted (PAGE_NOT_VALIDATED). */
#define SNP_VC_NOT_VALIDATED 0x404

/**
 * EXITINFO1 of a nested page fault: the bits of which the table decides.  What
 * the nested walk itself reports (user, final address or walk) is not here.
 */
#define SNP_NPF_PRESENT	  (UINT64_C(1) << 0)
#define SNP_NPF_WRITE	  (UINT64_C(1) << 1)
#define SNP_NPF_USER	  (UINT64_C(1) << 2)
#define SNP_NPF_FETCH	  (UINT64_C(1) << 4)
#define SNP_NPF_SHADOW	  (UINT64_C(1) << 6)
#define SNP_NPF_RMP	  (UINT64_C(1) << 31)
#define SNP_NPF_ENCRYPTED (UINT64_C(1) << 34)
#define SNP_NPF_SIZE	  (UINT64_C(1) << 35)
#define SNP_NPF_VMPL	  (UINT64_C(1) << 36)

/** What an instruction or an access came to. */
struct snp_outcome {
	enum snp_fault fault;
	enum snp_code code; /* EAX; with SNP_DONE only */
	bool carry; /* CF; PVALIDATE with SNP_SUCCESS only, otherwise false */
	uint64_t error; /* EXITINFO1; with SNP_NPF only */
};

#endif
