/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ELF file says it needs to run.  Pure, and safe on any bytes.
 */
#ifndef CBX_CLIENT_ELF_NEEDS_H
#define CBX_CLIENT_ELF_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/confbox.h>

/** Most libraries one file may need. */
#define CBX_ELF_LIBRARIES_MAX 256u

/** Strings point into the file's bytes. */
struct cbx_elf_needs {
	const char *interpreter; /* NULL: none */
	const char *rpath;	 /* folders, as written; NULL: none */
	const char *runpath;
	size_t library_count;
	const char *library[CBX_ELF_LIBRARIES_MAX];
};

/**
 * Read what a complete x86-64 ELF file needs; what is malformed is as if it
 * were not there.
 *
 * @param      bytes  bytes[size], from anywhere
 * @param[out] needs  filled
 *
 * @return whether the bytes are an x86-64 ELF program or library
 */
bool cbx_elf_needs_read(
	const uint8_t *bytes, size_t size, struct cbx_elf_needs *needs);

#endif
