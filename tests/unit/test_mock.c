/* SPDX-License-Identifier: Apache-2.0 */
/* The mock machine keeps the contracts of hal.h, and answers truthfully. */
#include <string.h>

#include "support/check.h"

#define VIEW(bits_) ((struct cbx_view){ (bits_) })
#define RW	    (CBX_VIEW_R | CBX_VIEW_W)

static struct cbx_pfn page(uint64_t n)
{
	return (struct cbx_pfn){ n };
}

static void set_view(uint64_t pfn, uint64_t count, uint8_t bits)
{
	uint64_t done;

	assert_int_equal(
		cbx_hal_view_set(page(pfn), count, VIEW(bits), &done), CBX_OK);
	assert_int_equal(done, count);
}

static void boot_again(const struct mock_options *options)
{
	mock_down();
	check_boot(options);
}

static void memory_map_covers_every_page_once(void **state)
{
	const struct mock_options options = {
		.pages = 64,
		.monitor_pages = 3,
		.open_pages = 7,
		.device_pages = 5,
	};
	struct cbx_hal_region region;
	uint64_t next = 0;
	uint32_t i = 0;

	(void)state;
	boot_again(&options);
	for (; cbx_hal_memory(i, &region); i++) {
		assert_int_equal(region.first.n, next);
		next += region.count;
	}
	assert_int_equal(i, 4);
	assert_int_equal(next, cbx_hal_page_count());
	assert_false(mock_host_may(page(2), VIEW(CBX_VIEW_ALL)));
	assert_true(mock_host_may(page(3), VIEW(CBX_VIEW_SX)));
	assert_false(mock_hypervisor_may(page(51)));
	assert_true(mock_hypervisor_may(page(52)));
	assert_true(mock_host_may(page(52), VIEW(CBX_VIEW_W)));
	assert_false(mock_hypervisor_may(page(59)));
	assert_true(mock_host_may(page(63), VIEW(CBX_VIEW_R)));
	assert_false(mock_host_may(page(63), VIEW(CBX_VIEW_UX | CBX_VIEW_SX)));
}

static void host_reads_back_what_it_wrote(void **state)
{
	uint64_t word = 0;
	const uint64_t value = 0x1122334455667788;

	(void)state;
	assert_true(mock_host_write(0, page(7), 4088, &value, 8));
	assert_true(mock_host_read(1, page(7), 4088, &word, 8));
	assert_int_equal(word, value);
}

static void a_view_without_w_stops_writes_after_a_flush(void **state)
{
	const uint8_t byte = 1;
	uint8_t got;

	(void)state;
	set_view(7, 1, CBX_VIEW_R);
	(void)cbx_hal_view_flush();
	assert_true(mock_host_read(0, page(7), 0, &got, 1));
	assert_false(mock_host_write(0, page(7), 0, &byte, 1));
}

static void every_cpu_keeps_what_it_had_until_the_flush(void **state)
{
	uint8_t byte;

	(void)state;
	set_view(7, 1, CBX_VIEW_NONE);
	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		assert_true(mock_host_read(cpu, page(7), 0, &byte, 1));
	}
	assert_true(mock_host_may(page(7), VIEW(CBX_VIEW_SX)));
	assert_true(cbx_hal_view_flushed(cbx_hal_view_flush()));
	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		assert_false(mock_host_read(cpu, page(7), 0, &byte, 1));
	}
	assert_false(mock_host_may(page(7), VIEW(CBX_VIEW_ALL)));
}

static void a_flush_waits_for_the_cpu_that_holds(void **state)
{
	uint8_t byte;
	uint64_t token;

	(void)state;
	mock_flush_hold(2);
	set_view(7, 1, CBX_VIEW_NONE);
	token = cbx_hal_view_flush();
	assert_false(cbx_hal_view_flushed(token));
	assert_false(mock_host_read(1, page(7), 0, &byte, 1));
	assert_true(mock_host_read(2, page(7), 0, &byte, 1));
	assert_true(mock_host_may(page(7), VIEW(CBX_VIEW_R)));
	mock_flush_release(2);
	assert_true(cbx_hal_view_flushed(token));
	assert_false(mock_host_read(2, page(7), 0, &byte, 1));
}

static void a_flush_does_not_cover_what_changed_later(void **state)
{
	uint64_t token;

	(void)state;
	token = cbx_hal_view_flush();
	set_view(7, 1, CBX_VIEW_NONE);
	assert_true(cbx_hal_view_flushed(token));
	assert_true(mock_host_may(page(7), VIEW(CBX_VIEW_R)));
}

static void rights_taken_at_different_times_go_at_different_times(void **state)
{
	(void)state;
	set_view(7, 1, CBX_VIEW_R);
	(void)cbx_hal_view_flush();
	mock_flush_hold(MOCK_ALL_CPUS);
	set_view(7, 1, CBX_VIEW_NONE);
	(void)cbx_hal_view_flush();
	assert_true(mock_host_may(page(7), VIEW(CBX_VIEW_R)));
	assert_false(mock_host_may(page(7), VIEW(CBX_VIEW_W)));
}

static void an_older_token_completes_with_a_newer_one(void **state)
{
	uint64_t first;
	uint64_t second;

	(void)state;
	mock_flush_hold(1);
	first = cbx_hal_view_flush();
	second = cbx_hal_view_flush();
	assert_true(first < second);
	assert_false(cbx_hal_view_flushed(first));
	mock_flush_release(MOCK_ALL_CPUS);
	assert_true(cbx_hal_view_flushed(first));
	assert_true(cbx_hal_view_flushed(second));
}

static void nth_page_of_a_range_can_be_refused(void **state)
{
	uint64_t done;

	(void)state;
	mock_refuse_nth(3);
	assert_int_equal(cbx_hal_view_set(page(20), 5, VIEW(CBX_VIEW_R), &done),
		CBX_E_HARDWARE);
	assert_int_equal(done, 2);
	assert_true(mock_refused());
	assert_int_equal(mock_view(page(20)).bits, CBX_VIEW_R);
	assert_int_equal(mock_view(page(21)).bits, CBX_VIEW_R);
	assert_int_equal(mock_view(page(22)).bits, CBX_VIEW_ALL);
	assert_int_equal(mock_view(page(23)).bits, CBX_VIEW_ALL);
	set_view(22, 3, CBX_VIEW_R);
}

static void a_refusal_that_was_not_reached_says_so(void **state)
{
	(void)state;
	mock_refuse_nth(3);
	set_view(20, 2, CBX_VIEW_R);
	assert_false(mock_refused());
	mock_refuse_nth(0);
	set_view(20, 9, CBX_VIEW_R);
	assert_false(mock_refused());
}

static void a_view_can_be_left_half_changed(void **state)
{
	uint64_t done;
	uint8_t half;

	(void)state;
	mock_halve_nth(2);
	assert_int_equal(
		cbx_hal_view_set(page(20), 2, VIEW(CBX_VIEW_NONE), &done),
		CBX_E_BUSY);
	assert_int_equal(done, 1);
	half = mock_view(page(21)).bits;
	assert_true(half != CBX_VIEW_ALL && half != CBX_VIEW_NONE);
	set_view(21, 1, CBX_VIEW_NONE);
	assert_int_equal(mock_view(page(21)).bits, CBX_VIEW_NONE);
}

static void every_fallible_step_can_be_refused(void **state)
{
	uint8_t bytes[8];
	uint64_t done;

	(void)state;
	set_view(9, 1, CBX_VIEW_NONE);
	mock_refuse_nth(1);
	assert_int_equal(
		cbx_hal_page_release(page(9), 1, &done), CBX_E_HARDWARE);
	assert_false(mock_hypervisor_may(page(9)));
	assert_int_equal(cbx_hal_page_release(page(9), 1, &done), CBX_OK);
	mock_refuse_nth(1);
	assert_int_equal(
		cbx_hal_page_accept(page(9), 1, &done), CBX_E_HARDWARE);
	assert_true(mock_hypervisor_may(page(9)));
	mock_refuse_nth(1);
	assert_int_equal(cbx_hal_random(bytes, 8), CBX_E_HARDWARE);
	mock_refuse_nth(1);
	assert_int_equal(
		cbx_hal_view_set(page(8), 1, VIEW(0), &done), CBX_E_HARDWARE);
	assert_int_equal(done, 0);
}

static void caps_round_views_down(void **state)
{
	static const struct {
		uint64_t caps;
		uint8_t asked;
		uint8_t got;
	} rows[] = {
		{ MOCK_CAPS, CBX_VIEW_UX, CBX_VIEW_UX },
		{ MOCK_CAPS, CBX_VIEW_R | CBX_VIEW_SX,
			CBX_VIEW_R | CBX_VIEW_SX },
		{ MOCK_CAPS, CBX_VIEW_W, 0 },
		{ CBX_CAP_EXECUTE_MODES, CBX_VIEW_UX, 0 },
		{ CBX_CAP_EXECUTE_MODES, CBX_VIEW_R | CBX_VIEW_UX,
			CBX_VIEW_R | CBX_VIEW_UX },
		{ CBX_CAP_EXECUTE_ONLY, CBX_VIEW_R | CBX_VIEW_SX, CBX_VIEW_R },
		{ CBX_CAP_EXECUTE_ONLY, CBX_VIEW_UX | CBX_VIEW_SX,
			CBX_VIEW_UX | CBX_VIEW_SX },
		{ 0, CBX_VIEW_UX | CBX_VIEW_SX, 0 },
		{ 0, CBX_VIEW_ALL, CBX_VIEW_ALL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mock_options options = {
			.caps_given = true,
			.caps = rows[i].caps,
		};

		boot_again(&options);
		assert_int_equal(cbx_hal_caps().bits, rows[i].caps);
		set_view(5, 1, rows[i].asked);
		assert_int_equal(mock_view(page(5)).bits, rows[i].got);
	}
}

static void release_lets_the_hypervisor_in_and_accept_out(void **state)
{
	uint8_t before[CBX_PAGE_SIZE];
	uint64_t done;

	(void)state;
	memcpy(before, mock_page(page(9)), sizeof(before));
	set_view(9, 2, CBX_VIEW_NONE);
	assert_int_equal(cbx_hal_page_release(page(9), 2, &done), CBX_OK);
	assert_int_equal(done, 2);
	assert_true(mock_hypervisor_may(page(9)));
	assert_true(mock_hypervisor_may(page(10)));
	assert_int_equal(mock_view(page(9)).bits, RW);
	assert_int_equal(cbx_hal_page_accept(page(9), 2, &done), CBX_OK);
	assert_false(mock_hypervisor_may(page(9)));
	assert_int_equal(mock_view(page(9)).bits, CBX_VIEW_NONE);
	assert_false(mock_host_may(page(9), VIEW(CBX_VIEW_ALL)));
	assert_memory_not_equal(before, mock_page(page(9)), sizeof(before));
	assert_int_equal(
		cbx_hal_page_accept(page(9), 1, &done), CBX_E_HARDWARE);
}

static void a_page_half_given_is_the_hypervisor_s_too(void **state)
{
	uint64_t done;

	(void)state;
	set_view(9, 1, CBX_VIEW_NONE);
	mock_halve_nth(1);
	assert_int_equal(cbx_hal_page_release(page(9), 1, &done), CBX_E_BUSY);
	assert_int_equal(done, 0);
	assert_true(mock_hypervisor_may(page(9)));
	expect_assert_failure(cbx_hal_page_scrub(page(9), 1));
	assert_int_equal(cbx_hal_page_release(page(9), 1, &done), CBX_OK);
	mock_halve_nth(1);
	assert_int_equal(cbx_hal_page_accept(page(9), 1, &done), CBX_E_BUSY);
	assert_true(mock_hypervisor_may(page(9)));
	assert_int_equal(cbx_hal_page_accept(page(9), 1, &done), CBX_OK);
	assert_false(mock_hypervisor_may(page(9)));
}

static void shared_pages_have_no_views(void **state)
{
	uint64_t done;

	(void)state;
	expect_assert_failure(
		check_any(cbx_hal_page_release(page(9), 1, &done)));
	set_view(9, 1, CBX_VIEW_NONE);
	assert_int_equal(cbx_hal_page_release(page(9), 1, &done), CBX_OK);
	expect_assert_failure(check_any(
		cbx_hal_view_set(page(9), 1, VIEW(CBX_VIEW_R), &done)));
}

static void maps_are_counted_and_limited(void **state)
{
	void *maps[CBX_HAL_MAPS];

	(void)state;
	for (uint32_t i = 0; i < CBX_HAL_MAPS; i++) {
		maps[i] = cbx_hal_page_map(page(i));
	}
	assert_int_equal(mock_maps(), CBX_HAL_MAPS);
	expect_assert_failure(cbx_hal_page_map(page(50)));
	cbx_hal_page_unmap(maps[3]);
	cbx_hal_page_unmap(maps[0]);
	assert_int_equal(mock_maps(), CBX_HAL_MAPS - 2);
	expect_assert_failure(cbx_hal_page_unmap(maps[0]));
	assert_ptr_equal(cbx_hal_page_map(page(3)), maps[3]);
}

static void maps_of_one_cpu_are_not_another_s(void **state)
{
	void *map = cbx_hal_page_map(page(1));

	(void)state;
	mock_cpu_set(1);
	assert_int_equal(mock_maps(), 0);
	expect_assert_failure(cbx_hal_page_unmap(map));
}

static void pages_the_monitor_has_no_business_with_do_not_map(void **state)
{
	const struct mock_options options = { .device_pages = 1 };
	uint64_t done;

	(void)state;
	boot_again(&options);
	expect_assert_failure(cbx_hal_page_map(page(255)));
	expect_assert_failure(cbx_hal_page_map(page(256)));
	set_view(9, 1, CBX_VIEW_NONE);
	assert_int_equal(cbx_hal_page_release(page(9), 1, &done), CBX_OK);
	expect_assert_failure(cbx_hal_page_map(page(9)));
}

static void scrub_zeroes_a_page_nobody_can_touch(void **state)
{
	(void)state;
	set_view(30, 2, CBX_VIEW_NONE);
	(void)cbx_hal_view_flush();
	assert_false(mock_is_zero(page(30)));
	cbx_hal_page_scrub(page(30), 2);
	assert_true(mock_is_zero(page(30)));
	assert_true(mock_is_zero(page(31)));
	assert_false(mock_is_zero(page(32)));
}

static void scrub_stops_when_the_host_may_touch_the_page(void **state)
{
	(void)state;
	expect_assert_failure(cbx_hal_page_scrub(page(30), 1));
	set_view(30, 1, CBX_VIEW_UX);
	(void)cbx_hal_view_flush();
	expect_assert_failure(cbx_hal_page_scrub(page(30), 1));
}

static void scrub_stops_when_a_cpu_has_a_stale_translation(void **state)
{
	(void)state;
	mock_flush_hold(3);
	set_view(30, 1, CBX_VIEW_NONE);
	(void)cbx_hal_view_flush();
	expect_assert_failure(cbx_hal_page_scrub(page(30), 1));
	mock_flush_release(3);
	cbx_hal_page_scrub(page(30), 1);
	assert_true(mock_is_zero(page(30)));
}

static void scrub_stops_when_the_hypervisor_may_touch_the_page(void **state)
{
	uint64_t done;

	(void)state;
	set_view(30, 1, CBX_VIEW_NONE);
	(void)cbx_hal_view_flush();
	assert_int_equal(cbx_hal_page_release(page(30), 1, &done), CBX_OK);
	expect_assert_failure(cbx_hal_page_scrub(page(30), 1));
}

static void copying_what_the_host_may_touch_stops_the_machine(void **state)
{
	(void)state;
	set_view(30, 2, CBX_VIEW_NONE);
	cbx_hal_page_copy(page(31), page(30), 1);
	expect_assert_failure(cbx_hal_page_copy(page(32), page(30), 1));
	expect_assert_failure(cbx_hal_page_copy(page(30), page(32), 1));
	expect_assert_failure(cbx_hal_page_copy(page(30), page(30), 1));
	expect_assert_failure(cbx_hal_page_copy(page(255), page(30), 2));
}

static void ranges_out_of_bounds_stop_the_machine(void **state)
{
	uint64_t done;

	(void)state;
	expect_assert_failure(
		check_any(cbx_hal_view_set(page(255), 2, VIEW(0), &done)));
	expect_assert_failure(check_any(
		cbx_hal_view_set(page(1), UINT64_MAX, VIEW(0), &done)));
	expect_assert_failure(cbx_hal_page_scrub(page(257), 0));
	expect_assert_failure(
		check_any(cbx_hal_view_set(page(1), 1, VIEW(16), &done)));
}

struct script {
	uint32_t calls;
	uint64_t last_status;
	bool had_reply;
};

static void say_call(uint32_t cpu, void *arg, const struct cbx_reply *reply,
	struct cbx_event *event)
{
	struct script *script = arg;

	(void)cpu;
	script->had_reply = reply != NULL;
	script->last_status = reply != NULL ? reply->status : 0;
	if (script->calls++ == 0) {
		event->kind = CBX_EVENT_CALL;
		event->call.id = CBX_CALL_VERSION;
	} else {
		event->kind = CBX_EVENT_CPU_STOP;
	}
}

static void the_host_s_program_makes_the_events(void **state)
{
	struct script script = { 0 };
	const struct cbx_reply reply = { .status = CBX_E_DENIED };
	struct cbx_event event;

	(void)state;
	mock_host(0, say_call, &script);
	cbx_hal_host_run(0, NULL, &event);
	assert_int_equal(event.kind, CBX_EVENT_CALL);
	assert_int_equal(event.call.id, CBX_CALL_VERSION);
	assert_false(script.had_reply);
	cbx_hal_host_run(0, &reply, &event);
	assert_int_equal(event.kind, CBX_EVENT_CPU_STOP);
	assert_int_equal(script.last_status, CBX_E_DENIED);
}

static void a_cpu_without_a_host_stops(void **state)
{
	struct cbx_event event;

	(void)state;
	cbx_hal_host_run(0, NULL, &event);
	assert_int_equal(event.kind, CBX_EVENT_CPU_STOP);
	expect_assert_failure(cbx_hal_host_run(1, NULL, &event));
}

static void a_map_or_a_lock_kept_while_the_host_runs_stops(void **state)
{
	struct cbx_event event;

	(void)state;
	*cbx_hal_cpu_rank() = 1;
	expect_assert_failure(cbx_hal_host_run(0, NULL, &event));
	*cbx_hal_cpu_rank() = 0;
	(void)cbx_hal_page_map(page(1));
	expect_assert_failure(cbx_hal_host_run(0, NULL, &event));
}

static void a_forbidden_touch_is_a_fault_event(void **state)
{
	struct cbx_event event = { .kind = CBX_EVENT_TICK };

	(void)state;
	set_view(8, 1, CBX_VIEW_R);
	(void)cbx_hal_view_flush();
	assert_true(mock_host_touch(0, page(8), VIEW(CBX_VIEW_R), &event));
	assert_int_equal(event.kind, CBX_EVENT_TICK);
	assert_false(mock_host_touch(0, page(8), VIEW(CBX_VIEW_W), &event));
	assert_int_equal(event.kind, CBX_EVENT_FAULT);
	assert_int_equal(event.pfn.n, 8);
	assert_int_equal(event.access.bits, CBX_VIEW_W);
	cbx_hal_host_fault(0);
	assert_int_equal(mock_host_faults(0), 1);
	assert_int_equal(mock_host_faults(1), 0);
}

static void bytes_are_found_only_where_somebody_outside_can_read(void **state)
{
	static const char secret[] = "correct horse battery";
	uint64_t done;

	(void)state;
	memcpy(mock_page(page(40)) + 4090, secret, sizeof(secret));
	assert_true(mock_host_can_find(secret, sizeof(secret)));
	set_view(41, 1, CBX_VIEW_NONE);
	assert_true(mock_host_can_find(secret, sizeof(secret)));
	(void)cbx_hal_view_flush();
	assert_false(mock_host_can_find(secret, sizeof(secret)));
	assert_true(mock_host_can_find(secret, 6));
	set_view(40, 1, CBX_VIEW_NONE);
	(void)cbx_hal_view_flush();
	assert_false(mock_host_can_find(secret, 6));
	assert_int_equal(cbx_hal_page_release(page(40), 1, &done), CBX_OK);
	assert_true(mock_host_can_find(secret, 6));
}

static void random_bytes_follow_the_seed_and_may_fail(void **state)
{
	const struct mock_options other = { .seed = 2 };
	uint8_t first[16];
	uint8_t second[16];
	const uint8_t zeros[16] = { 0 };

	(void)state;
	assert_int_equal(cbx_hal_random(first, 16), CBX_OK);
	boot_again(NULL);
	assert_int_equal(cbx_hal_random(second, 16), CBX_OK);
	assert_memory_equal(first, second, 16);
	boot_again(&other);
	assert_int_equal(cbx_hal_random(second, 16), CBX_OK);
	assert_memory_not_equal(first, second, 16);
	mock_random_fail(true);
	assert_int_equal(cbx_hal_random(second, 16), CBX_E_HARDWARE);
	assert_memory_equal(second, zeros, 16);
	mock_random_fail(false);
	assert_int_equal(cbx_hal_random(second, 16), CBX_OK);
}

static void time_is_what_the_test_says(void **state)
{
	(void)state;
	assert_int_equal(cbx_hal_ticks(), 0);
	mock_ticks_set(100);
	mock_ticks_advance(11);
	assert_int_equal(cbx_hal_ticks(), 111);
}

static void kicks_are_counted_per_cpu(void **state)
{
	(void)state;
	cbx_hal_cpu_kick(2);
	cbx_hal_cpu_kick(2);
	assert_int_equal(mock_kicks(2), 2);
	assert_int_equal(mock_kicks(0), 0);
	expect_assert_failure(cbx_hal_cpu_kick(4));
}

static void the_log_keeps_the_newest_lines(void **state)
{
	char line[512];

	(void)state;
	cbx_hal_log("first");
	assert_string_equal(mock_log_text(), "first\n");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 20; i++) {
		cbx_hal_log(line);
	}
	cbx_hal_log("last");
	assert_null(strstr(mock_log_text(), "first"));
	assert_non_null(strstr(mock_log_text(), "x\nlast\n"));
}

static void assert_differs_at(
	const struct mock_snapshot *before, uint64_t expected)
{
	struct cbx_pfn pfn;

	assert_false(mock_snapshot_equal(before, &pfn));
	assert_int_equal(pfn.n, expected);
}

static void a_snapshot_sees_bytes_views_and_watched_memory(void **state)
{
	static uint64_t watched;
	struct mock_snapshot *before;
	struct cbx_pfn pfn;

	(void)state;
	watched = 1;
	mock_snapshot_watch(&watched, sizeof(watched));
	before = mock_snapshot_take();
	assert_true(mock_snapshot_equal(before, &pfn));
	(void)cbx_hal_view_flush();
	mock_ticks_advance(1);
	cbx_hal_log("not state");
	assert_true(mock_snapshot_equal(before, &pfn));

	mock_page(page(77))[5] ^= 1;
	assert_differs_at(before, 77);
	mock_page(page(77))[5] ^= 1;
	watched = 2;
	assert_differs_at(before, UINT64_MAX);
	watched = 1;
	assert_true(mock_snapshot_equal(before, &pfn));
	set_view(78, 1, RW);
	assert_differs_at(before, 78);
	set_view(78, 1, CBX_VIEW_ALL);
	assert_true(mock_snapshot_equal(before, &pfn));
	mock_snapshot_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(memory_map_covers_every_page_once),
		CHECK(host_reads_back_what_it_wrote),
		CHECK(a_view_without_w_stops_writes_after_a_flush),
		CHECK(every_cpu_keeps_what_it_had_until_the_flush),
		CHECK(a_flush_waits_for_the_cpu_that_holds),
		CHECK(a_flush_does_not_cover_what_changed_later),
		CHECK(rights_taken_at_different_times_go_at_different_times),
		CHECK(an_older_token_completes_with_a_newer_one),
		CHECK(nth_page_of_a_range_can_be_refused),
		CHECK(a_refusal_that_was_not_reached_says_so),
		CHECK(a_view_can_be_left_half_changed),
		CHECK(every_fallible_step_can_be_refused),
		CHECK(caps_round_views_down),
		CHECK(release_lets_the_hypervisor_in_and_accept_out),
		CHECK(a_page_half_given_is_the_hypervisor_s_too),
		CHECK(shared_pages_have_no_views),
		CHECK(maps_are_counted_and_limited),
		CHECK(maps_of_one_cpu_are_not_another_s),
		CHECK(pages_the_monitor_has_no_business_with_do_not_map),
		CHECK(scrub_zeroes_a_page_nobody_can_touch),
		CHECK(scrub_stops_when_the_host_may_touch_the_page),
		CHECK(scrub_stops_when_a_cpu_has_a_stale_translation),
		CHECK(scrub_stops_when_the_hypervisor_may_touch_the_page),
		CHECK(copying_what_the_host_may_touch_stops_the_machine),
		CHECK(ranges_out_of_bounds_stop_the_machine),
		CHECK(the_host_s_program_makes_the_events),
		CHECK(a_cpu_without_a_host_stops),
		CHECK(a_map_or_a_lock_kept_while_the_host_runs_stops),
		CHECK(a_forbidden_touch_is_a_fault_event),
		CHECK(bytes_are_found_only_where_somebody_outside_can_read),
		CHECK(random_bytes_follow_the_seed_and_may_fail),
		CHECK(time_is_what_the_test_says),
		CHECK(kicks_are_counted_per_cpu),
		CHECK(the_log_keeps_the_newest_lines),
		CHECK(a_snapshot_sees_bytes_views_and_watched_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
