/* SPDX-License-Identifier: Apache-2.0 */
#include "vdso.h"

#include "lib.h"
#include "linux.h"
#include "memory.h"

/* vdso/image.S: a page of headers, then text. */
extern const uint8_t cbx_vdso_image[], cbx_vdso_image_end[];

uint64_t cbx_vdso_place(void)
{
	uint64_t bytes = (uint64_t)(cbx_vdso_image_end - cbx_vdso_image);
	struct cbx_place place = {
		.start = cbx_memory_find(cbx_page_ceil(bytes), true),
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.kind = CBX_EXTENT_PROGRAM,
	};
	uint64_t text = place.start + CBX_PAGE_SIZE;

	place.end = place.start + cbx_page_ceil(bytes);
	if (place.start == 0 || cbx_memory_place(&place) != 0) {
		return 0;
	}
	memcpy((void *)place.start, cbx_vdso_image, bytes);
	if (cbx_memory_protect(place.start, text, LX_PROT_READ) != 0 ||
		cbx_memory_protect(
			text, place.end, LX_PROT_READ | LX_PROT_EXEC) != 0) {
		return 0;
	}
	return place.start;
}
