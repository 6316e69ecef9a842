/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF files: whether a box can run a program, and the runtime as segments.
 */
#ifndef CBX_CLIENT_ELF_FILE_H
#define CBX_CLIENT_ELF_FILE_H

#include <stdbool.h>

#include <client/image.h>

/**
 * Whether the bytes are a complete x86-64 Linux program.
 *
 * @param name  for the error's text
 *
 * @retval CBX_OK         they are
 * @retval CBX_E_INVALID  no ELF, another machine, or truncated
 */
CBX_CHECKED enum cbx_status cbx_elf_check(
	const char *name, const uint8_t *bytes, size_t size);

/** Whether no executable segment holds the program headers, as one does that
 * holds constants, too.  @pre cbx_elf_check accepted them */
bool cbx_elf_text_apart(const uint8_t *bytes);

/**
 * Append the loadable segments of a static program to an image, at the
 * addresses it names.
 *
 * @param      bytes  outlive the image
 * @param[out] entry  where it begins
 *
 * @retval CBX_OK         appended
 * @retval CBX_E_INVALID  malformed, writable and executable at once, or not
 *                        box addresses
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_elf_append(struct cbx_image *image,
	const uint8_t *bytes, size_t size, uint64_t *entry);

#endif
