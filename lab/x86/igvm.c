/* SPDX-License-Identifier: Apache-2.0 */
#include "igvm.h"

#include "chip.h"
#include "machine.h"
#include "put.h"
#include "say.h"
#include "snp/igvm.h"

bool lab_igvm_is(const uint8_t *file, uint64_t bytes)
{
	return snp_igvm_is(file, bytes);
}

static void check_memory(const struct snp_igvm_step *step)
{
	for (uint64_t at = 0; at < step->bytes; at += LAB_PAGE) {
		if (lab_machine_type(step->gpa + at) != LAB_E820_RAM) {
			lab_stop("the guest cannot have the page",
				step->gpa + at);
		}
	}
}

void lab_igvm_mark(const uint8_t *file, uint64_t bytes)
{
	struct snp_igvm_step step;
	struct snp_igvm_bad bad;
	uint64_t at = 0;
	uint64_t start = 0;
	uint64_t end = 0;

	if (!snp_igvm_check(file, bytes, LAB_CHIP_POLICY, &bad)) {
		lab_stop(bad.why, bad.at);
	}
	while (snp_igvm_next(file, &at, &step)) {
		check_memory(&step);
		if (step.gpa != end) { /* one range for pages in a row */
			if (start != end) {
				lab_machine_mark(start, end, LAB_E820_MONITOR);
			}
			start = step.gpa;
		}
		end = step.gpa + step.bytes;
	}
	lab_machine_mark(start, end, LAB_E820_MONITOR);
}

void lab_igvm_load(struct lab_cpu *cpu, const uint8_t *file,
	const struct lab_param_host *host, bool is_valid)
{
	struct snp_igvm_step step;
	uint64_t at = 0;

	while (snp_igvm_next(file, &at, &step)) {
		uint64_t bytes = step.data == NULL ? 0 : LAB_PAGE;

		switch (step.what) {
		case SNP_IGVM_DATA:
			lab_put_data(step.gpa, step.data, bytes);
			break;
		case SNP_IGVM_SECRETS:
			lab_put_secrets(step.gpa);
			break;
		case SNP_IGVM_CPUID:
			lab_put_cpuid(step.gpa);
			break;
		case SNP_IGVM_PARAM:
			lab_put_param(step.gpa, host, is_valid);
			break;
		case SNP_IGVM_ASKED:
			break; /* it is given with the rest */
		case SNP_IGVM_VMSA:
			lab_put_bytes(step.gpa, step.data, bytes);
			lab_put_vmsa(cpu, step.gpa);
			break;
		}
	}
}
