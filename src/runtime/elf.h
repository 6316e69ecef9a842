/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an ELF file's headers.  Pure, and safe on any bytes.
 */
#ifndef CBX_RUNTIME_ELF_H
#define CBX_RUNTIME_ELF_H

#include <base/types.h>

#define CBX_ELF_SEGMENTS_MAX 32u
#define CBX_ELF_NAME_MAX     256u /* bytes of an interpreter's name, its zero too */

/** A PT_LOAD segment: file bytes, then zeros up to memory_bytes. */
struct cbx_elf_segment {
	uint64_t va; /* relative to the base for a position-independent file */
	uint64_t memory_bytes;
	uint64_t offset;
	uint64_t file_bytes;
	uint32_t prot; /* CBX_RIGHT_* as the file's flags say */
};

/** What is known of a file whose status is CBX_ELF_OK. */
struct cbx_elf {
	bool independent; /* ET_DYN: may go anywhere */
	uint64_t entry;
	uint64_t low; /* whole pages around all segments */
	uint64_t high;
	uint64_t
		headers_va; /* program headers in memory; 0 when they are not */
	uint64_t headers;
	uint64_t count;
	struct cbx_elf_segment segment[CBX_ELF_SEGMENTS_MAX]; /* in order, no
	                                                       * overlap */
	char interpreter[CBX_ELF_NAME_MAX]; /* what loads it, its path; empty:
	                                     * nothing, it is static */
};

enum cbx_elf_status {
	CBX_ELF_OK,
	CBX_ELF_NOT,	   /* not an ELF file */
	CBX_ELF_TRUNCATED, /* it ends before its headers or segments do */
	CBX_ELF_FOREIGN,   /* not a little-endian 64-bit x86-64 executable */
	CBX_ELF_MALFORMED, /* headers that make no sense */
};

/**
 * Read the headers of a file.
 *
 * @param      head        the file's first @p head_bytes bytes
 * @param      file_bytes  of the whole file; at least head_bytes
 * @param      limit       end of the addresses a segment may have
 * @param[out] elf         on CBX_ELF_OK
 */
enum cbx_elf_status cbx_elf_read(const uint8_t *head, uint64_t head_bytes,
	uint64_t file_bytes, uint64_t limit, struct cbx_elf *elf);

/** What is wrong, in words. */
const char *cbx_elf_text(enum cbx_elf_status status);

#endif
