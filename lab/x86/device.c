/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "asm.h"
#include "count.h"
#include "lapic.h"
#include "machine.h"
#include "npt.h"
#include "option.h"
#include "say.h"
#include "vc.h"

/* What turns a machine of this kind (q35) off: SLP_EN in PM1a_CNT. */
#define POWER	  0x604
#define POWER_OFF 0x2000u
/* Where emulators of this kind have a line for what is said without a driver;
 * this one has none. */
#define COUNTS 0xe9

/* Where the chipset has configuration in memory, too (PCIEXBAR). */
#define PCI_ADDRESS 0xcf8
#define PCI_MEMORY  0x80000060u

static bool is_open;

void lab_device_start(void)
{
	is_open = lab_option("chipset", "open");
	if (!is_open) {
		lab_out32(PCI_ADDRESS, PCI_MEMORY);
		lab_out32(LAB_PCI_DATA, 0);
	}
}

static bool is_dropped(const struct snp_io *io)
{
	return !is_open && io->port < LAB_PCI_DATA + LAB_PCI_DATA_BYTES &&
	       io->port + io->bytes > LAB_PCI_DATA;
}

static uint32_t in(const struct snp_io *io)
{
	return io->bytes == 1	? lab_in8(io->port)
	       : io->bytes == 2 ? lab_in16(io->port)
				: lab_in32(io->port);
}

static void out(const struct snp_io *io, uint32_t value)
{
	if (is_dropped(io)) {
		return;
	}
	if (io->port == COUNTS ||
		(io->port == POWER && (value & POWER_OFF) != 0)) {
		lab_counts_say();
	}
	if (io->bytes == 1) {
		lab_out8(io->port, (uint8_t)value);
	} else if (io->bytes == 2) {
		lab_out16(io->port, (uint16_t)value);
	} else {
		lab_out32(io->port, value);
	}
}

static void move_string(uint8_t *at, uint64_t bytes, const struct snp_io *io)
{
	for (uint64_t i = 0; i < bytes; i += io->bytes) {
		uint32_t value = 0;

		if (io->in) {
			value = in(io);
			memcpy(at + i, &value, io->bytes);
		} else {
			memcpy(&value, at + i, io->bytes);
			out(io, value);
		}
	}
}

struct snp_nae_answer lab_device_port(uint8_t *page, const struct snp_nae *nae)
{
	const struct snp_io io = snp_nae_io(nae);
	struct snp_nae_answer answer = snp_nae_done(0);

	lab_counts.port++;
	if (io.string) {
		move_string(page + nae->scratch, nae->scratch_bytes, &io);
	} else if (io.in) {
		answer.fields = SNP_FIELD_RAX;
		answer.rax = in(&io);
	} else {
		out(&io, (uint32_t)nae->rax);
	}
	return answer;
}

void lab_exit_port(struct lab_cpu *cpu)
{
	const struct lab_control *control = &cpu->vmcb.control;
	const struct snp_nae asked = { .info1 = control->exit_info1 };
	const struct snp_io io = snp_nae_io(&asked);
	struct lab_save *state = lab_state(cpu);

	if (!lab_npt_is_blind(cpu->vmpl)) {
		lab_vc(cpu, LAB_EXIT_IOIO);
		return;
	}
	if (io.string) { /* no kernel does that */
		lab_inject(cpu, LAB_GP);
		return;
	}
	if (io.in) {
		uint64_t kept =
			io.bytes == 4 ? 0 : state->rax & ~0ull << 8 * io.bytes;

		state->rax = kept | in(&io);
	} else {
		out(&io, (uint32_t)state->rax);
	}
	lab_skip(cpu, control->exit_info2 - state->rip);
}

static uint64_t read(uint64_t gpa, uint64_t bytes)
{
	return bytes == 1   ? *(volatile uint8_t *)gpa
	       : bytes == 2 ? *(volatile uint16_t *)gpa
	       : bytes == 4 ? *(volatile uint32_t *)gpa
			    : *(volatile uint64_t *)gpa;
}

static void write(uint64_t gpa, uint64_t bytes, uint64_t value)
{
	if (bytes == 1) {
		*(volatile uint8_t *)gpa = (uint8_t)value;
	} else if (bytes == 2) {
		*(volatile uint16_t *)gpa = (uint16_t)value;
	} else if (bytes == 4) {
		*(volatile uint32_t *)gpa = (uint32_t)value;
	} else {
		*(volatile uint64_t *)gpa = value;
	}
}

/* A device's, in one access; no memory, whosever it is. */
static bool is_device(uint64_t gpa, uint64_t bytes)
{
	return (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) &&
	       gpa % bytes == 0 && gpa < LAB_GPA_END && !lab_is_ram(gpa) &&
	       !lab_is_tables(gpa);
}

struct snp_nae_answer lab_device_memory(
	struct lab_cpu *cpu, uint8_t *page, const struct snp_nae *nae)
{
	uint64_t gpa = nae->info1;
	uint64_t bytes = nae->scratch_bytes;
	uint64_t value = 0;

	lab_counts.device++;
	if (!is_device(gpa, bytes)) {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	if (nae->event == SNP_EVENT_MMIO_READ) {
		value = read(gpa, bytes);
		memcpy(page + nae->scratch, &value, bytes);
		return snp_nae_done(0);
	}
	memcpy(&value, page + nae->scratch, bytes);
	if (gpa - LAB_LAPIC >= LAB_PAGE) {
		write(gpa, bytes, value);
	} else if (bytes == 4) {
		lab_lapic_store(cpu, gpa - LAB_LAPIC, (uint32_t)value);
	} else {
		return snp_nae_refused(SNP_GHCB_INVALID_INPUT);
	}
	return snp_nae_done(0);
}
