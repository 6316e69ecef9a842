/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a path: what open, openat and openat2 share.
 */
#ifndef CBX_RUNTIME_OPEN_H
#define CBX_RUNTIME_OPEN_H

#include <base/types.h>

struct cbx_open {
	uint64_t dirfd; /* as passed in a register */
	uint64_t path_va;
	uint32_t flags; /* LX_O_* */
	uint32_t mode;
	uint32_t way; /* CBX_PATH_*: conditions on the path */
};

/** @return a descriptor; a negative errno as open(2), and nothing was made */
int64_t cbx_open(const struct cbx_open *open);

#endif
