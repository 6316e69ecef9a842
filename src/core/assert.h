/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions: always on; they stop the machine (doc/adr/0004). */
#ifndef CBX_CORE_ASSERT_H
#define CBX_CORE_ASSERT_H

#include <hal/hal.h>

/** Only we could have broken @p condition; if it does not hold, stop. */
#define CBX_ASSERT(condition)                                          \
	do {                                                           \
		if (!(condition)) {                                    \
			cbx_hal_panic(#condition, __FILE__, __LINE__); \
		}                                                      \
	} while (0)

#endif
