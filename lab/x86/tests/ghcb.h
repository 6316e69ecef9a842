/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest says at VMGEXIT, and hears. */
#ifndef LAB_TESTS_GHCB_H
#define LAB_TESTS_GHCB_H

#include <stddef.h>
#include <stdint.h>

/** The MSR's low 12 bits; an answer is its request's and one. */
enum lab_ghcb_msr {
	LAB_GHCB_PAGE = 0x000,
	LAB_GHCB_INFO_ANSWER = 0x001,
	LAB_GHCB_INFO = 0x002,
	LAB_GHCB_CPUID = 0x004,
	LAB_GHCB_HOLD = 0x006,
	LAB_GHCB_PREFERRED = 0x010,
	LAB_GHCB_REGISTER = 0x012,
	LAB_GHCB_PAGE_STATE = 0x014,
	LAB_GHCB_RUN = 0x016,
	LAB_GHCB_FEATURES = 0x080,
	LAB_GHCB_TERMINATE = 0x100,
};
#define LAB_GHCB_CODE	 0xfffull
#define LAB_GHCB_NONE	 0xfffffffffffffull
#define LAB_GHCB_PRIVATE 1u
#define LAB_GHCB_SHARED	 2u
#define LAB_GHCB_VERSION 2u
#define LAB_GHCB_HAS	 0x27ull /* SNP, AP creation, restricted, VMPLs */

/** SW_EXITCODE, of the page. */
enum lab_nae {
	LAB_NAE_NONE = 0x12345678,
	LAB_NAE_CPUID = 0x72,
	LAB_NAE_IOIO = 0x7b,
	LAB_NAE_MSR = 0x7c,
	LAB_NAE_MMIO_READ = 0x80000001,
	LAB_NAE_MMIO_WRITE = 0x80000002,
	LAB_NAE_PAGE_STATE = 0x80000010,
	LAB_NAE_REQUEST = 0x80000011,
	LAB_NAE_EXTENDED_REQUEST = 0x80000012,
	LAB_NAE_AP_CREATION = 0x80000013,
	LAB_NAE_DOORBELL = 0x80000014,
	LAB_NAE_IPI = 0x80000015,
	LAB_NAE_RUN_VMPL = 0x80000018,
	LAB_NAE_FEATURES = 0x8000fffd,
	LAB_NAE_TERMINATE = 0x8000fffe,
};
enum lab_doorbell_op {
	LAB_DOORBELL_PREFERRED = 0,
	LAB_DOORBELL_SET = 1,
	LAB_DOORBELL_QUERY = 2,
	LAB_DOORBELL_CLEAR = 3,
};
enum lab_ap_creation {
	LAB_AP_ON_INIT = 0,
	LAB_AP_NOW = 1,
	LAB_AP_DESTROY = 2,
};

/** SW_EXITINFO1 and 2 of an answer. */
#define LAB_NAE_FAILED 2ull
enum lab_nae_failure {
	LAB_NAE_NOT_REGISTERED = 1,
	LAB_NAE_BAD_USAGE = 2,
	LAB_NAE_BAD_SCRATCH = 3,
	LAB_NAE_MISSING = 4,
	LAB_NAE_INVALID = 5,
	LAB_NAE_EVENT = 6,
};

struct lab_ghcb {
	uint8_t reserved0[0x1f8];
	uint64_t rax;
	uint8_t reserved1[0x108];
	uint64_t rcx, rdx, rbx;
	uint8_t reserved2[0x70];
	uint64_t exit_code, exit_info1, exit_info2, scratch;
	uint8_t reserved3[0x38];
	uint64_t xcr0;
	uint64_t valid[2];
	uint8_t reserved4[0x400];
	uint64_t buffer[0xfe];
	uint8_t reserved5[10];
	uint16_t version;
	uint32_t usage;
};
_Static_assert(offsetof(struct lab_ghcb, rax) == 0x1f8, "rax");
_Static_assert(offsetof(struct lab_ghcb, exit_code) == 0x390, "exit_code");
_Static_assert(offsetof(struct lab_ghcb, xcr0) == 0x3e8, "xcr0");
_Static_assert(offsetof(struct lab_ghcb, valid) == 0x3f0, "valid");
_Static_assert(offsetof(struct lab_ghcb, rcx) == 0x308, "rcx");
_Static_assert(offsetof(struct lab_ghcb, buffer) == 0x800, "buffer");
_Static_assert(offsetof(struct lab_ghcb, version) == 0xffa, "version");
_Static_assert(sizeof(struct lab_ghcb) == 0x1000, "a page");

/** The bit of a field in valid[]. */
#define LAB_GHCB_BIT(field) (offsetof(struct lab_ghcb, field) / 8)

#endif
