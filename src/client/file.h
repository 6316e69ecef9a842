/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, read and written.
 */
#ifndef CBX_CLIENT_FILE_H
#define CBX_CLIENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/confbox.h>

/** Write it all. @return false, errno set */
bool cbx_file_write_all(int fd, const void *bytes, size_t size);

/** Read exactly @p size bytes. @return false, errno set; errno is 0 when the
 * file ended before */
bool cbx_file_read_all(int fd, void *bytes, size_t size);

/**
 * Read a regular file.
 *
 * @param[out] bytes  the caller frees them; one more than *size are there
 * @param[out] size   how many
 *
 * @retval CBX_OK         read; the file did not change meanwhile
 * @retval CBX_E_INVALID  it cannot be read, or is no regular file
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_file_read(
	const char *path, uint8_t **bytes, size_t *size);

#endif
