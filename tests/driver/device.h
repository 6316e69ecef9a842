/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the device, in the order in which they run. */
#ifndef TESTS_DRIVER_DEVICE_H
#define TESTS_DRIVER_DEVICE_H

#include "use.h"

#define DEVICE_TESTS(X)                                        \
	X(who_has_no_right_opens_nothing_whatever_the_mode)    \
	X(it_is_opened_to_read_and_write)                      \
	X(it_says_what_there_is)                               \
	X(what_it_does_not_know_is_refused)                    \
	X(a_monitor_that_does_not_answer_is_an_error)          \
	X(a_caller_of_32_bits_is_served_alike)                 \
	X(pages_are_in_a_row_and_zero)                         \
	X(pages_go_back_many_at_a_time)                        \
	X(pages_are_counted_and_limited)                       \
	X(in_front_of_a_row_is_a_page_of_nobodys)              \
	X(no_row_lies_in_memory_that_is_to_stay_movable)       \
	X(pages_nobody_was_told_of_are_not_kept)               \
	X(only_own_pages_are_mapped_and_never_to_execute)      \
	X(a_page_that_is_given_is_unmapped_until_it_is_back)   \
	X(a_child_is_the_same_service)                         \
	X(a_mapping_moves_and_does_not_grow)                   \
	X(pages_on_their_way_are_nobodys_to_touch)             \
	X(a_page_that_is_given_is_a_bad_address)               \
	X(what_is_not_ones_own_cannot_be_named)                \
	X(no_argument_is_forgotten)                            \
	X(a_call_that_changes_is_made_as_it_was_checked)       \
	X(a_box_lives_and_ends)                                \
	X(boxes_are_limited)                                   \
	X(fifty_boxes_live_at_once)                            \
	X(a_thousand_boxes_come_and_go)                        \
	X(a_box_that_is_interrupted_is_entered_again)          \
	X(a_box_that_computes_is_left_now_and_then)            \
	X(a_service_with_a_cpu_to_spare_is_told_of_interrupts) \
	X(a_signal_takes_the_thread_out_of_the_box)            \
	X(who_shares_a_cpu_with_boxes_has_a_share)             \
	X(who_goes_first_does_not_wait_for_a_box)              \
	X(a_thread_is_moved_while_it_is_in_a_box)              \
	X(who_is_stopped_stops_and_goes_on)                    \
	X(a_window_is_mapped_while_it_is_shared)               \
	X(the_module_stays_while_a_file_or_mapping_does)       \
	X(who_is_killed_leaves_nothing)                        \
	X(what_never_left_is_not_lost)                         \
	X(what_is_refused_half_way_left)                       \
	X(what_does_not_come_back_clean_is_lost)

#define DECLARE(name) void name(void);
DEVICE_TESTS(DECLARE)
#undef DECLARE

#define ROW 8192u /* 32 MiB: more than the allocator gives at once */

/** The last of a kernel: nothing removes the module afterwards. */
void a_box_that_stays_keeps_the_module(void);

/** No page, file or box of any opener's is there. */
void nothing_is_left(void);

/** A child that has boxes is killed, at some point. */
void kill_one(int round);

/** @return the signal that reading it raises, or 0 */
int touch(const volatile uint8_t *at);

#endif
