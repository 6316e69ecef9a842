/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions: always on; they stop the machine (doc/adr/0004). */
#ifndef CBX_CORE_ASSERT_H
#define CBX_CORE_ASSERT_H

#include <hal/hal.h>

#endif
