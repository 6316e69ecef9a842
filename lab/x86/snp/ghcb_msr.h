/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest and host say to each other in the GHCB MSR (0xC0010130) alone.
 *
 * Requests are decoded and answers encoded; whoever runs the guest decides in
 * between.  The clauses are those of the GHCB specification, section "GHCB MSR
 * protocol" (README.md).
 */
#ifndef LAB_X86_SNP_GHCB_MSR_H
#define LAB_X86_SNP_GHCB_MSR_H

#include <stdbool.h>
#include <stdint.h>

/** Bits 11 to 0 of a request. */
enum snp_msr_code {
	SNP_MSR_PAGE = 0x000, /* the request is in the page at this address */
	SNP_MSR_INFO = 0x002,
	SNP_MSR_CPUID = 0x004,
	SNP_MSR_HOLD = 0x006, /* until a SIPI */
	SNP_MSR_PREFERRED = 0x010,
	SNP_MSR_REGISTER = 0x012,
	SNP_MSR_STATE = 0x014, /* of a 4 KiB page */
	SNP_MSR_RUN = 0x016,   /* another VMPL */
	SNP_MSR_FEATURES = 0x080,
	SNP_MSR_TERMINATE = 0x100,
	SNP_MSR_UNKNOWN = 0xfff, /* none of these */
};

/** What a page becomes; in page lists, too. */
enum snp_state_op {
	SNP_STATE_PRIVATE = 1,
	SNP_STATE_SHARED = 2,
	SNP_STATE_SMASH = 3, /* in lists only, like the next */
	SNP_STATE_UNSMASH = 4,
};

/** A request.  Fields no code names are zero. */
struct snp_msr_request {
	enum snp_msr_code code;
	bool sane;    /* no reserved bit is set and no field is out of range */
	uint64_t gpa; /* PAGE, REGISTER, STATE */
	uint32_t function; /* CPUID: EAX; ECX is 0 */
	uint8_t index;	   /* CPUID: 0 to 3, EAX to EDX of the answer */
	uint8_t op;	   /* STATE: enum snp_state_op */
	uint8_t vmpl;	   /* RUN */
	uint8_t set;	   /* TERMINATE */
	uint8_t reason;	   /* TERMINATE */
};

/** Never fails: what is no request has SNP_MSR_UNKNOWN. */
struct snp_msr_request snp_msr_decode(uint64_t value);

/** The MSR at reset, and the answer to INFO. @param c_bit  below 64 */
uint64_t snp_msr_info(uint16_t min, uint16_t max, uint8_t c_bit);

/** The answer to CPUID. @param value  of the register that was asked for */
uint64_t snp_msr_cpuid(const struct snp_msr_request *request, uint32_t value);

/** The answer to HOLD. @param started  by a SIPI; false when something else woke it */
uint64_t snp_msr_hold(bool started);

/** The answer to PREFERRED: there is none. */
uint64_t snp_msr_no_preferred(void);

/** The answer to REGISTER. @param taken  false: the address is refused */
uint64_t snp_msr_registered(const struct snp_msr_request *request, bool taken);

/** The answer to STATE. @param error  0 when the page changed */
uint64_t snp_msr_state(uint32_t error);

/** The answer to RUN, seen when this level runs again. @param error  0 when another ran */
uint64_t snp_msr_run(uint32_t error);

/** The answer to FEATURES. @param features  enum snp_feature of ghcb.h */
uint64_t snp_msr_features(uint64_t features);

#endif
