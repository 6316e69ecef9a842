/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test of the client library begins with; cmocka wants these
 * in this order. */
#ifndef CBX_TESTS_UNIT_CLIENT_UNIT_H
#define CBX_TESTS_UNIT_CLIENT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
