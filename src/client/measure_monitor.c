/* SPDX-License-Identifier: Apache-2.0 */
/* What the monitor in this library will say of itself (doc/measurement.md). */
#include <elf.h>
#include <string.h>

#include <client/embed.h>
#include <client/error.h>
#include <client/measure.h>

/* A segment that nobody writes. */
static psa_status_t extend_segment(uint8_t digest[CBX_DIGEST_BYTES],
	const Elf64_Phdr *segment, const uint8_t *bytes)
{
	psa_status_t status = PSA_SUCCESS;

	for (uint64_t at = 0; at < segment->p_filesz && status == PSA_SUCCESS;
		at += CBX_PAGE_SIZE) {
		uint64_t left = segment->p_filesz - at;
		struct cbx_record record = { CBX_RECORD_IMAGE,
			segment->p_vaddr + at, segment->p_flags, 0,
			left < CBX_PAGE_SIZE ? left : CBX_PAGE_SIZE };

		status = cbx_chain_extend(digest, &record, bytes + at);
	}
	return status;
}

/* The library was built with the program: its head is well-formed. */
static psa_status_t extend_program(
	uint8_t digest[CBX_DIGEST_BYTES], const uint8_t *bytes)
{
	psa_status_t status = cbx_chain_start();
	Elf64_Ehdr head;

	memcpy(&head, bytes, sizeof(head));
	for (uint64_t i = 0; i < head.e_phnum && status == PSA_SUCCESS; i++) {
		Elf64_Phdr part;

		memcpy(&part, bytes + head.e_phoff + i * sizeof(part),
			sizeof(part));
		if (part.p_type == PT_LOAD && (part.p_flags & PF_W) == 0) {
			status = extend_segment(
				digest, &part, bytes + part.p_offset);
		}
	}
	return status;
}

enum cbx_status cbx_monitor_measure(uint8_t digest[CBX_DIGEST_BYTES])
{
	const struct cbx_blob monitor = cbx_embed_monitor();
	uint8_t chain[CBX_DIGEST_BYTES] = { 0 };

	if (monitor.size < sizeof(Elf64_Ehdr)) {
		return cbx_fail(CBX_E_UNSUPPORTED,
			"this library brings no monitor; that of its machine "
			"is measured by whoever loads it");
	}
	return cbx_chain_give(
		digest, chain, extend_program(chain, monitor.bytes));
}
