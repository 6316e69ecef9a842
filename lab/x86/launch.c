/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include "chip.h"
#include "elf.h"
#include "igvm.h"
#include "linux.h"
#include "machine.h"
#include "npt.h"
#include "put.h"
#include "say.h"
#include "told.h"

#define MONITORED 1 /* the level below a monitor */

/* Bytes of the module; the machine stops when they are not there. */
static const uint8_t *module(uint64_t offset, uint64_t bytes)
{
	if (offset > lab_machine.module_bytes ||
		bytes > lab_machine.module_bytes - offset) {
		lab_stop("the pack is malformed at", offset);
	}
	return lab_machine.module + offset;
}

/* A program at VMPL0. */
struct program {
	const uint8_t *at;
	uint64_t bytes;
	struct lab_elf elf; /* of an IGVM file nothing */
};

/* Its memory is marked as such, and an ELF file's segments are in it. */
static struct program place(const uint8_t *at, uint64_t bytes)
{
	struct program program = { .at = at, .bytes = bytes };

	if (lab_igvm_is(at, bytes)) {
		lab_igvm_mark(at, bytes);
	} else {
		program.elf = lab_elf_load(at, bytes, true);
	}
	return program;
}

static void launch_pages(struct lab_cpu *cpu, const struct lab_elf *elf,
	const struct lab_param_host *host, bool is_valid)
{
	if (elf->secrets != 0) {
		lab_put_secrets(elf->secrets);
	}
	if (elf->cpuid != 0) {
		lab_put_cpuid(elf->cpuid);
	}
	if (elf->param != 0) {
		lab_put_param(elf->param, host, is_valid);
	}
	lab_put_vmsa(cpu, elf->vmsa);
}

static void launch_program(struct lab_cpu *cpu, const struct program *program,
	const struct lab_param_host *host, bool is_valid)
{
	if (lab_igvm_is(program->at, program->bytes)) {
		lab_igvm_load(cpu, program->at, host, is_valid);
	} else {
		launch_pages(cpu, &program->elf, host, is_valid);
	}
}

static bool is_asked(uint64_t page)
{
	return lab_machine_type(page) == LAB_E820_MONITOR;
}

/* A page of low memory that is registers of a guest that brings none. */
static bool is_vmsa(uint64_t page, bool has_monitor)
{
	return !has_monitor && page >= LAB_LOW_VMSA && page < LAB_LOW_TOLD;
}

static void give(uint64_t page, bool is_valid, bool has_monitor)
{
	bool done = is_valid && !is_asked(page)
			    ? lab_launch(page, 0, is_vmsa(page, has_monitor))
			    : lab_assign(page);

	if (!done) {
		lab_stop("a page cannot be given:", page);
	}
}

static bool is_free(uint64_t page)
{
	const struct snp_rmp_entry *entry =
		snp_rmp_find(&lab_machine.rmp, page);

	return (entry->flags & SNP_RMP_ASSIGNED) == 0 && lab_is_ram(page);
}

/* What nobody has yet: no page of it before the module was read, which lies in
 * it. */
static void give_rest(bool is_valid, bool has_monitor)
{
	for (uint64_t page = 0; page < lab_machine.ram_end; page += LAB_PAGE) {
		if (is_free(page)) {
			give(page, is_valid, has_monitor);
		}
	}
}

static void launch_alone(struct lab_cpu *cpu)
{
	const struct lab_param_host none = { 0 };
	const struct program program =
		place(lab_machine.module, lab_machine.module_bytes);

	launch_program(cpu, &program, &none, false);
	give_rest(false, false);
}

/* Alone, at VMPL0. */
static void launch_linux(struct lab_cpu *cpu, const struct lab_linux *guest)
{
	lab_linux_put(guest, (struct lab_save *)LAB_LOW_VMSA);
	if (!guest->is_blind) {
		lab_chip_secrets(LAB_LINUX_SECRETS);
		lab_told_cpuid(LAB_LINUX_CPUID, false);
	}
	lab_npt_set_blind(0, guest->is_blind);
	give_rest(true, false);
	if (!lab_cpu_set_vmsa(cpu, 0, LAB_LOW_VMSA)) {
		lab_stop("no registers to start with at", LAB_LOW_VMSA);
	}
}

static struct lab_param_host put_host(const struct lab_linux *guest)
{
	struct lab_param_host host = { .registers = LAB_LOW_VMSA };

	if (lab_elf_is(guest->kernel, guest->kernel_bytes)) {
		host.registers =
			lab_elf_load(guest->kernel, guest->kernel_bytes, false)
				.vmsa;
		return host;
	}
	lab_linux_put(guest, (struct lab_save *)LAB_LOW_VMSA);
	if (!guest->is_blind) {
		host.secrets = LAB_LINUX_SECRETS;
		lab_told_cpuid(LAB_LINUX_CPUID, false);
	}
	return host;
}

static void launch_monitor(struct lab_cpu *cpu, const struct lab_pack *pack,
	struct lab_linux *guest)
{
	const struct program monitor =
		place(module(pack->monitor, pack->monitor_bytes),
			pack->monitor_bytes);
	struct lab_param_host host;

	lab_machine_mark(LAB_LOW_VMSA, LAB_LOW_END, LAB_E820_TOLD);
	guest->areas = monitor.elf.areas;
	host = put_host(guest);
	lab_npt_set_blind(MONITORED, guest->is_blind);
	launch_program(cpu, &monitor, &host, true);
	give_rest(true, true);
}

void lab_launch_module(struct lab_cpu *cpu)
{
	const struct lab_pack *pack =
		(const void *)module(0, sizeof(pack->magic));
	struct lab_linux guest;

	if (pack->magic != LAB_PACK_MAGIC &&
		pack->magic != LAB_SNP_PACK_MAGIC) {
		launch_alone(cpu);
		return;
	}
	module(0, sizeof(*pack));
	guest = (struct lab_linux){
		.kernel = module(pack->kernel, pack->kernel_bytes),
		.kernel_bytes = pack->kernel_bytes,
		.files = module(pack->files, pack->files_bytes),
		.files_bytes = pack->files_bytes,
		.is_blind = pack->magic == LAB_PACK_MAGIC,
	};
	if (pack->monitor_bytes == 0) {
		launch_linux(cpu, &guest);
	} else {
		launch_monitor(cpu, pack, &guest);
	}
}
