/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions of this backend: always on; they stop the machine. */
#ifndef CBX_HAL_LINUX_CHECK_H
#define CBX_HAL_LINUX_CHECK_H

#include <hal/hal.h>

#define CBX_CHECK(condition)                                           \
	do {                                                           \
		if (!(condition)) {                                    \
			cbx_hal_panic(#condition, __FILE__, __LINE__); \
		}                                                      \
	} while (0)

#endif
