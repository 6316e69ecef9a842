/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's own file header, at the beginning of its image.
 */
#ifndef CBX_RUNTIME_OWN_IMAGE_H
#define CBX_RUNTIME_OWN_IMAGE_H

#include <base/start.h>

#define CBX_IMAGE_LOAD	1u /* a part that is in memory */
#define CBX_IMAGE_WRITE 2u

struct cbx_image_header {
	uint8_t ident[32];
	uint64_t headers; /* offset */
	uint8_t rest[14];
	uint16_t header_bytes;
	uint16_t header_count;
};

struct cbx_image_part {
	uint32_t type;
	uint32_t flags;
	uint64_t offset, va, pa, file_bytes, memory_bytes, align;
};

static inline const struct cbx_image_header *cbx_image_header(void)
{
	return (const struct cbx_image_header *)CBX_RUNTIME_VA;
}

static inline const struct cbx_image_part *cbx_image_parts(void)
{
	return (const struct cbx_image_part *)(CBX_RUNTIME_VA +
					       cbx_image_header()->headers);
}

#endif
