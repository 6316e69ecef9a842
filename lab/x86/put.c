/* SPDX-License-Identifier: Apache-2.0 */
#include "put.h"

#include "chip.h"
#include "machine.h"
#include "say.h"
#include "told.h"

/* It is read while pages are written. */
static bool is_module(uint64_t page)
{
	uint64_t module = (uint64_t)lab_machine.module;

	return page + LAB_PAGE > module &&
	       page < module + lab_machine.module_bytes;
}

static _Noreturn void refuse(uint64_t page)
{
	lab_stop("the guest cannot have the page", page);
}

void lab_put_bytes(uint64_t page, const uint8_t *from, uint64_t bytes)
{
	const struct snp_rmp_entry *entry =
		snp_rmp_find(&lab_machine.rmp, page);

	if (!lab_is_ram(page) || is_module(page) || entry == NULL ||
		(entry->flags & SNP_RMP_ASSIGNED) != 0) {
		refuse(page);
	}
	memset((void *)page, 0, LAB_PAGE);
	memcpy((void *)page, from, bytes);
}

static void launch(uint64_t page, enum lab_launched what)
{
	if (page % LAB_PAGE != 0 ||
		!lab_launch(page, 0, what == LAB_LAUNCHED_VMSA)) {
		refuse(page);
	}
	lab_chip_measure(page, what, 0);
}

void lab_put_data(uint64_t page, const uint8_t *from, uint64_t bytes)
{
	lab_put_bytes(page, from, bytes);
	launch(page, LAB_LAUNCHED_DATA);
}

void lab_put_secrets(uint64_t page)
{
	launch(page, LAB_LAUNCHED_SECRETS);
	lab_chip_secrets(page);
}

void lab_put_cpuid(uint64_t page)
{
	launch(page, LAB_LAUNCHED_CPUID);
	lab_told_cpuid(page, true);
}

void lab_put_param(
	uint64_t page, const struct lab_param_host *host, bool is_valid)
{
	launch(page, LAB_LAUNCHED_UNMEASURED);
	lab_param(page, host, is_valid);
}

void lab_put_vmsa(struct lab_cpu *cpu, uint64_t page)
{
	launch(page, LAB_LAUNCHED_VMSA);
	if (!lab_cpu_set_vmsa(cpu, 0, page)) {
		lab_stop("no registers to start with at", page);
	}
}
