/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of page state changes, done by the model of a hypervisor, which may stop
 * after any page, refuse any, and write anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hal/snp/pure/ghcb.h>
#include <hal/snp/pure/psc.h>

#include "snp/ghcb.h"
#include "snp/ghcb_psc.h"

#define PAGES 600u
#define FIRST 0x1000u

static uint64_t buffer[CBX_GHCB_WORDS];
static uint8_t state_of[PAGES]; /* what the model made of each */

static int boot(void **state)
{
	(void)state;
	memset(buffer, 0xff, sizeof(buffer));
	memset(state_of, 0, sizeof(state_of));
	return 0;
}

/* The model works off at most @p most pages. @return info2 */
static uint64_t work(uint64_t most, uint64_t refuse)
{
	struct snp_psc_step step;
	uint64_t error = 0;
	uint8_t list[SNP_GHCB_BUFFER_BYTES];

	memcpy(list, buffer, sizeof(list));
	while (snp_psc_next(list, sizeof(list), &step, &error) ==
		SNP_PSC_NEXT) {
		uint64_t n = (step.gpa >> 12) - FIRST;

		assert_int_equal(step.pages, 1);
		assert_true(n < PAGES);
		if (most-- == 0) {
			break;
		}
		if (n == refuse) {
			error = SNP_PSC_FAILED;
			break;
		}
		state_of[n] = (uint8_t)step.op;
		error = 0;
		snp_psc_advance(list, &step, 1);
	}
	memcpy(buffer, list, sizeof(list));
	return error == SNP_PSC_BAD_HEADER ? 0 : error;
}

static void a_list_changes_what_it_names(void **state)
{
	struct cbx_psc psc = { { FIRST + 5 }, 3 };

	(void)state;
	assert_int_equal(cbx_psc_write(buffer, &psc), 3);
	assert_int_equal(
		cbx_psc_read(buffer, 3, work(99, PAGES), &psc), CBX_OK);
	assert_int_equal(psc.count, 0);
	assert_int_equal(psc.first.n, FIRST + 8);
	assert_int_equal(state_of[4], 0);
	assert_int_equal(state_of[5], SNP_STATE_PRIVATE);
	assert_int_equal(state_of[7], SNP_STATE_PRIVATE);
	assert_int_equal(state_of[8], 0);
}

static void a_long_range_takes_several_lists(void **state)
{
	struct cbx_psc psc = { { FIRST }, PAGES };
	uint32_t lists = 0;

	(void)state;
	while (psc.count != 0) {
		uint64_t listed = cbx_psc_write(buffer, &psc);

		assert_true(listed <= CBX_PSC_MAX);
		assert_int_equal(
			cbx_psc_read(buffer, listed, work(999, PAGES), &psc),
			CBX_OK);
		lists++;
	}
	assert_int_equal(lists, 3);
	for (uint32_t i = 0; i < PAGES; i++) {
		assert_int_equal(state_of[i], SNP_STATE_PRIVATE);
	}
}

/* It stops after 0, 1, 2, ... pages, and is asked again. */
static void a_list_goes_on_where_it_stopped(void **state)
{
	struct cbx_psc psc = { { FIRST }, 20 };
	uint64_t most = 0;

	(void)state;
	for (;;) {
		uint64_t before = psc.count;
		uint64_t listed = cbx_psc_write(buffer, &psc);
		enum cbx_status status =
			cbx_psc_read(buffer, listed, work(most, PAGES), &psc);

		if (status == CBX_OK) {
			break;
		}
		assert_int_equal(status, CBX_E_BUSY);
		assert_int_equal(psc.count, before - most);
		most++;
	}
	assert_int_equal(psc.count, 0);
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(state_of[i], SNP_STATE_PRIVATE);
	}
}

static void a_page_that_was_refused_is_named(void **state)
{
	struct cbx_psc psc = { { FIRST }, 10 };

	(void)state;
	cbx_psc_write(buffer, &psc);
	assert_int_equal(
		cbx_psc_read(buffer, 10, work(99, 4), &psc), CBX_E_HARDWARE);
	assert_int_equal(psc.first.n, FIRST + 4);
	assert_int_equal(psc.count, 6);
	assert_int_equal(state_of[3], SNP_STATE_PRIVATE);
	assert_int_equal(state_of[4], 0);
}

/* A header of 2^16 next entries, each other field, each answer. */
static void no_header_makes_more_of_it_than_was_asked(void **state)
{
	const struct cbx_psc asked = { { FIRST }, 10 };

	(void)state;
	for (uint64_t next = 0; next < 0x10000; next++) {
		for (uint64_t info2 = 0; info2 < 2; info2++) {
			struct cbx_psc psc = asked;
			enum cbx_status status;

			buffer[0] = 9u << 16 | next;
			status = cbx_psc_read(buffer, 10, info2, &psc);
			assert_int_equal(status == CBX_E_INVALID,
				next > 10 || (next == 10 && info2 != 0));
			assert_int_equal(
				status == CBX_OK, next == 10 && info2 == 0);
			assert_true(psc.count <= 10 &&
				    psc.first.n + psc.count == FIRST + 10);
		}
	}
	for (uint32_t bit = 16; bit < 64; bit++) {
		struct cbx_psc psc = asked;

		buffer[0] = (9u << 16 | 10) ^ 1ull << bit;
		assert_int_equal(
			cbx_psc_read(buffer, 10, 0, &psc), CBX_E_INVALID);
		assert_memory_equal(&psc, &asked, sizeof(psc));
	}
}

/* Entries a hypervisor rewrites are asked anew from what was meant. */
static void rewritten_entries_change_nothing(void **state)
{
	struct cbx_psc psc = { { FIRST }, 4 };

	(void)state;
	cbx_psc_write(buffer, &psc);
	assert_int_equal(
		cbx_psc_read(buffer, 4, work(2, PAGES), &psc), CBX_E_BUSY);
	memset(&buffer[1], 0xff, 32);
	assert_int_equal(cbx_psc_write(buffer, &psc), 2);
	assert_int_equal(cbx_psc_read(buffer, 2, work(9, PAGES), &psc), CBX_OK);
	assert_int_equal(state_of[2], SNP_STATE_PRIVATE);
	assert_int_equal(state_of[3], SNP_STATE_PRIVATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_list_changes_what_it_names, boot),
		cmocka_unit_test_setup(a_long_range_takes_several_lists, boot),
		cmocka_unit_test_setup(a_list_goes_on_where_it_stopped, boot),
		cmocka_unit_test_setup(a_page_that_was_refused_is_named, boot),
		cmocka_unit_test_setup(
			no_header_makes_more_of_it_than_was_asked, boot),
		cmocka_unit_test_setup(rewritten_entries_change_nothing, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
