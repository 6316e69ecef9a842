/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendors' certificates inside the library (roots/README.md).
 */
#ifndef CBX_VERIFY_ROOTS_H
#define CBX_VERIFY_ROOTS_H

#include <confbox/verify.h>

enum cbx_root {
#define X(NAME, name, file) CBX_ROOT_##NAME,
#include <verify/roots.def>
#undef X
	CBX_ROOTS
};

/** Its file, PEM; constant. */
struct cbx_span cbx_root_file(enum cbx_root root);

#endif
