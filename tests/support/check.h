/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka with what it needs before it, and panics as failed assertions: in
 * expect_assert_failure() a panic is what is expected, elsewhere it fails the
 * test.
 */
#ifndef CBX_TESTS_SUPPORT_CHECK_H
#define CBX_TESTS_SUPPORT_CHECK_H

/* cmocka.h uses these and does not include them; the order matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hal/mock/mock.h>

/** A test, named by a sentence; it runs on a machine of its own. */
#define CHECK(test) cmocka_unit_test_setup_teardown(test, check_up, check_down)

/** For a call of which any status will do, or that must not come back. */
static inline void check_any(enum cbx_status status)
{
	(void)status;
}

/** A mock machine with default options, panics turned into failures. */
int check_up(void **state);
int check_down(void **state);

/** The same, with options; for a test that wants another machine: take the one
 * it has down first. */
void check_boot(const struct mock_options *options);

#endif
