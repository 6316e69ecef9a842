/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "asm.h"
#include "count.h"
#include "lapic.h"
#include "machine.h"
#include "say.h"

/* What turns a machine of this kind (q35) off: SLP_EN in PM1a_CNT. */
#define POWER	  0x604
#define POWER_OFF 0x2000u
/* Where emulators of this kind have a line for what is said without a driver;
 * this one has none. */
#define COUNTS 0xe9

static uint32_t in(const struct snp_io *io)
{
	return io->bytes == 1	? lab_in8(io->port)
	       : io->bytes == 2 ? lab_in16(io->port)
				: lab_in32(io->port);
}

static void out(const struct snp_io *io, uint32_t value)
{
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
