/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBX_HAL_PKS_VM_IMAGE_H
#define CBX_HAL_PKS_VM_IMAGE_H

#include <base/types.h>

/**
 * The host's kernel as a loader hands it over: a page that begins with this,
 * then the pages from CBX_KERNEL_VA on, in this order: text, constants, data.
 * What the file does not have of the last ones is zero; what follows in it is
 * the host's business.  The file lies on whole pages.  tests/host/flat.py makes
 * it of a linked kernel.
 */
struct cbx_pks_image {
	uint64_t magic;
	uint64_t entry;
	uint64_t text, constants; /* pages: executed, at least one; only read */
	uint64_t pages;		  /* of all three */
	uint64_t given;		  /* of these, in the file */
};

#define CBX_PKS_IMAGE_MAGIC 0x3154534f48584243ull /* "CBXHOST1" */

#endif
