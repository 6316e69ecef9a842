/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GHCB MSR protocol.
 */
#include "ghcb_msr.h"

#define CODE	 UINT64_C(0xfff)
#define PAGES	 UINT64_C(0xfffffffffffff) /* bits 63 to 12, shifted down */
#define GFN_BITS UINT64_C(0xffffffffff)	   /* bits 51 to 12, likewise */

/* An answer's code is its request's and one, but for INFO's. */
#define ANSWER(code) ((uint64_t)(code) + 1)
#define INFO_ANSWER  UINT64_C(0x001)

static uint64_t high(uint32_t value)
{
	return (uint64_t)value << 32;
}

static bool fits(uint64_t value, uint64_t bits)
{
	return (value & ~bits) == 0;
}

static void decode_state(struct snp_msr_request *request, uint64_t value)
{
	request->gpa = (value >> 12 & GFN_BITS) << 12;
	request->op = (uint8_t)(value >> 52 & 0xf);
	request->sane =
		value >> 56 == 0 && (request->op == SNP_STATE_PRIVATE ||
					    request->op == SNP_STATE_SHARED);
}

static void decode_cpuid(struct snp_msr_request *request, uint64_t value)
{
	request->function = (uint32_t)(value >> 32);
	request->index = (uint8_t)(value >> 30 & 3);
	request->sane = (value >> 12 & 0x3ffff) == 0;
}

static void decode_terminate(struct snp_msr_request *request, uint64_t value)
{
	request->set = (uint8_t)(value >> 12 & 0xf);
	request->reason = (uint8_t)(value >> 16 & 0xff);
	request->sane = fits(value, 0xffffff);
}

struct snp_msr_request snp_msr_decode(uint64_t value)
{
	struct snp_msr_request request = { .code = (enum snp_msr_code)(
						   value & CODE) };

	switch (request.code) {
	case SNP_MSR_PAGE:
	case SNP_MSR_REGISTER:
		request.gpa = value & ~CODE;
		request.sane = request.gpa >> 52 == 0;
		break;
	case SNP_MSR_INFO:
	case SNP_MSR_HOLD:
	case SNP_MSR_PREFERRED:
	case SNP_MSR_FEATURES:
		request.sane = fits(value, CODE);
		break;
	case SNP_MSR_CPUID:
		decode_cpuid(&request, value);
		break;
	case SNP_MSR_STATE:
		decode_state(&request, value);
		break;
	case SNP_MSR_RUN:
		request.vmpl = (uint8_t)(value >> 32);
		request.sane = fits(value, UINT64_C(0x3) << 32 | CODE);
		break;
	case SNP_MSR_TERMINATE:
		decode_terminate(&request, value);
		break;
	case SNP_MSR_UNKNOWN:
	default:
		request.code = SNP_MSR_UNKNOWN;
		break;
	}
	return request;
}

uint64_t snp_msr_info(uint16_t min, uint16_t max, uint8_t c_bit)
{
	return (uint64_t)max << 48 | (uint64_t)min << 32 |
	       (uint64_t)c_bit << 24 | INFO_ANSWER;
}

uint64_t snp_msr_cpuid(const struct snp_msr_request *request, uint32_t value)
{
	return high(value) | (uint64_t)(request->index & 3) << 30 |
	       ANSWER(SNP_MSR_CPUID);
}

uint64_t snp_msr_hold(bool started)
{
	return (started ? UINT64_C(1) << 12 : 0) | ANSWER(SNP_MSR_HOLD);
}

uint64_t snp_msr_no_preferred(void)
{
	return PAGES << 12 | ANSWER(SNP_MSR_PREFERRED);
}

uint64_t snp_msr_registered(const struct snp_msr_request *request, bool taken)
{
	return (taken ? request->gpa & ~CODE : PAGES << 12) |
	       ANSWER(SNP_MSR_REGISTER);
}

uint64_t snp_msr_state(uint32_t error)
{
	return high(error) | ANSWER(SNP_MSR_STATE);
}

uint64_t snp_msr_run(uint32_t error)
{
	return high(error) | ANSWER(SNP_MSR_RUN);
}

uint64_t snp_msr_features(uint64_t features)
{
	return features << 12 | ANSWER(SNP_MSR_FEATURES);
}
