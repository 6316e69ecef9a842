/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that travel inside the library.
 */
#ifndef CBX_CLIENT_EMBED_H
#define CBX_CLIENT_EMBED_H

#include <stddef.h>
#include <stdint.h>

/** Bytes of a program; constant, never freed. */
struct cbx_blob {
	const uint8_t *bytes;
	size_t size;
};

/** The monitor, as an executable for this machine. */
struct cbx_blob cbx_embed_monitor(void);

/** The runtime of boxes, as a static ELF file. */
struct cbx_blob cbx_embed_runtime(void);

#endif
