/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/roots.h>

#define X(NAME, name, file)                             \
	extern const uint8_t cbx_root_##name##_start[]; \
	extern const uint8_t cbx_root_##name##_end[];
#include <verify/roots.def>
#undef X

struct cbx_span cbx_root_file(enum cbx_root root)
{
	switch (root) {
#define X(NAME, name, file)                                        \
	case CBX_ROOT_##NAME:                                      \
		return (struct cbx_span){ cbx_root_##name##_start, \
			(size_t)(cbx_root_##name##_end -           \
				 cbx_root_##name##_start) };
#include <verify/roots.def>
#undef X
	case CBX_ROOTS:
	default:
		return (struct cbx_span){ 0 };
	}
}
