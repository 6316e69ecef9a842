/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes: their life, what they own. */
#include <string.h>

#include "support/machine.h"

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

/* Where each event (row) takes Empty Building Ready Confined Dying Template; a
 * dot is nowhere, and a destroyed box is nowhere, too. */
static const struct {
	enum cbx_domain_event event;
	const char *to;
} moves[] = {
	{ CBX_DOMAIN_DO_CREATE, "B....." },
	{ CBX_DOMAIN_DO_FINALIZE, ".R...." },
	{ CBX_DOMAIN_DO_CONFINE, "..C..." },
	{ CBX_DOMAIN_DO_LEND, "..T..." },
	{ CBX_DOMAIN_DO_END, ".DDD.D" },
	{ CBX_DOMAIN_DO_DESTROY, "......" },
};

static void every_event_moves_every_state_as_written(void **state)
{
	static const char letters[] = ".BRCDT";

	(void)state;
	assert_int_equal(strlen(letters), CBX_DOMAIN_STATES);
	assert_int_equal(sizeof(moves) / sizeof(moves[0]), CBX_DOMAIN_EVENTS);
	for (size_t i = 0; i < CBX_DOMAIN_EVENTS; i++) {
		for (unsigned int from = 0; from < CBX_DOMAIN_STATES; from++) {
			enum cbx_domain_state to = cbx_domain_next(
				(enum cbx_domain_state)from, moves[i].event);

			assert_int_equal(letters[to], moves[i].to[from]);
		}
	}
}

static void an_illegal_move_stops_the_machine(void **state)
{
	struct cbx_domain d = { .state = CBX_DOMAIN_READY };

	(void)state;
	expect_assert_failure(cbx_domain_move(&d, CBX_DOMAIN_DO_FINALIZE));
	expect_assert_failure(cbx_domain_move(&d, CBX_DOMAIN_DO_CREATE));
	d.state = CBX_DOMAIN_CONFINED;
	expect_assert_failure(cbx_domain_move(&d, CBX_DOMAIN_DO_CONFINE));
}

static void a_new_box_owns_two_pages(void **state)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t pfn = machine_pool(2);
	struct cbx_domain *d;

	(void)state;
	assert_int_equal(cbx_domain_create(pfn, pfn + 1, &policy), CBX_OK);
	d = cbx_domain_hold(pfn);
	assert_non_null(d);
	assert_int_equal(d->self, pfn);
	assert_int_equal(d->state, CBX_DOMAIN_BUILDING);
	assert_int_equal(d->page_count, 2);
	assert_int_equal(d->reserve.count, 0);
	cbx_domain_drop(d);
	assert_int_equal(machine_state(pfn), CBX_PAGE_META);
	assert_int_equal(machine_state(pfn + 1), CBX_PAGE_META);
	assert_int_equal(gate(PAGE_QUERY, pfn + 1).ret[2], pfn);
	machine_assert_sound();
}

static void malformed_policies_are_refused(void **state)
{
	uint64_t pfn = machine_pool(2);
	struct cbx_policy bad[21];
	size_t n = sizeof(bad) / sizeof(bad[0]);
	struct mock_snapshot *before;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bad[i] = machine_policy();
	}
	bad[0].version = 0;
	bad[1].version = CBX_POLICY_VERSION + 1;
	bad[2].flags = CBX_POLICY_FLAGS + 1;
	bad[3].flags = 1u << 31;
	bad[4].output_pages = 0;
	bad[5].output_pages = CBX_IO_PAGES_MAX + 1;
	bad[6].threads_max = 0;
	bad[7].threads_max = CBX_THREADS_MAX + 1;
	bad[8].threads_max = UINT32_MAX;
	bad[9].wake_step = 0;
	bad[10].reserved = 1;
	bad[11].rule_count = CBX_POLICY_RULES + 1;
	bad[12].rule_count = UINT32_MAX;
	bad[13].rule_count = CBX_POLICY_RULES + 1;
	bad[13].reserved = 1;
	bad[14].reserved = UINT32_MAX;
	bad[15].version = 1;
	bad[16].output_pages = UINT32_MAX;
	bad[17].flags = CBX_POLICY_FLAGS | 1u << 8;
	bad[18].features = CBX_FEATURE_AVX;
	bad[19].features = CBX_FEATURES + 1;
	bad[20].features = CBX_FEATURES | 1ull << 63;
	before = machine_snapshot();
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(cbx_domain_create(pfn, pfn + 1, &bad[i]),
			CBX_E_INVALID);
	}
	machine_assert_same(before);
}

static void the_widest_policy_is_accepted(void **state)
{
	uint64_t pfn = machine_pool(2);
	struct cbx_policy policy = machine_policy();

	(void)state;
	policy.flags = CBX_POLICY_FLAGS;
	policy.output_pages = CBX_IO_PAGES_MAX;
	policy.threads_max = CBX_THREADS_MAX;
	policy.wake_step = UINT64_MAX;
	policy.rule_count = CBX_POLICY_RULES;
	for (uint32_t i = 0; i < CBX_POLICY_RULES; i++) {
		policy.rule[i].call = UINT32_MAX - i;
		policy.rule[i].text = (uint16_t)i;
		policy.rule[i].text_bytes = (uint16_t)(CBX_POLICY_TEXT - i);
	}
	assert_int_equal(cbx_domain_create(pfn, pfn + 1, &policy), CBX_OK);
}

/* @return what creating a box with them comes to on a machine that can only
 * do @p caps */
static enum cbx_status create_on(
	uint64_t caps, uint32_t flags, uint64_t features)
{
	const struct mock_options options = {
		.caps_given = true,
		.caps = caps,
	};
	struct cbx_policy policy = machine_policy();
	struct mock_snapshot *before;
	enum cbx_status status;
	uint64_t pfn;

	machine_again(&options, false);
	pfn = machine_pool(2);
	policy.flags = flags;
	policy.features = features;
	before = machine_snapshot();
	status = cbx_domain_create(pfn, pfn + 1, &policy);
	if (status != CBX_OK) {
		machine_assert_same(before);
	} else {
		mock_snapshot_free(before);
	}
	return status;
}

static void a_policy_this_machine_cannot_keep_is_refused(void **state)
{
	const uint64_t hides = CBX_CAP_BOX_EXECUTE_ONLY;
	const uint64_t withholds = CBX_CAP_FEATURES;
	const uint64_t tells = CBX_CAP_CPUID;

	(void)state;
	assert_int_equal(create_on(withholds | hides, CBX_POLICY_CPUID, 0),
		CBX_E_UNSUPPORTED);
	assert_int_equal(create_on(tells, CBX_POLICY_CPUID, 0), CBX_OK);
	assert_int_equal(
		create_on(tells, CBX_POLICY_CPUID | CBX_POLICY_EXECUTE_ONLY, 0),
		CBX_E_UNSUPPORTED);
	assert_int_equal(create_on(withholds, CBX_POLICY_EXECUTE_ONLY, 0),
		CBX_E_UNSUPPORTED);
	assert_int_equal(
		create_on(hides, 0, CBX_FEATURE_BASIC), CBX_E_UNSUPPORTED);
	assert_int_equal(create_on(0, CBX_POLICY_TRACE, 0), CBX_OK);
	assert_int_equal(create_on(hides, CBX_POLICY_EXECUTE_ONLY, 0), CBX_OK);
	assert_int_equal(create_on(withholds, 0, CBX_FEATURES), CBX_OK);
}

static void a_policy_s_words_reach_its_spaces(void **state)
{
	struct cbx_domain d = { .policy = machine_policy() };

	(void)state;
	d.policy.flags = 0;
	assert_int_equal(cbx_space_flags(&d), 0);
	d.policy.flags = CBX_POLICY_CPUID | CBX_POLICY_DEBUG;
	assert_int_equal(cbx_space_flags(&d), CBX_SPACE_CPUID);
	d.policy.flags = CBX_POLICY_FLAGS;
	d.policy.features = CBX_FEATURE_BASIC | CBX_FEATURE_COUNTER;
	assert_int_equal(
		cbx_space_flags(&d), CBX_SPACE_TRACE | CBX_SPACE_CPUID |
					     9u << CBX_SPACE_FEATURES_SHIFT);
}

static void a_box_is_made_of_two_pool_pages(void **state)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t pool = machine_pool(2);
	uint64_t host = machine_pages(1);
	struct mock_snapshot *before = machine_snapshot();

	(void)state;
	assert_int_equal(cbx_domain_create(pool, pool, &policy), CBX_E_INVALID);
	assert_int_equal(cbx_domain_create(0, pool, &policy), CBX_E_INVALID);
	assert_int_equal(
		cbx_domain_create(pool, MACHINE_PAGES, &policy), CBX_E_INVALID);
	assert_int_equal(
		cbx_domain_create(UINT64_MAX, pool, &policy), CBX_E_INVALID);
	assert_int_equal(
		cbx_domain_create(1ull << 32 | pool, pool + 1, &policy),
		CBX_E_INVALID);
	assert_int_equal(cbx_domain_create(host, pool, &policy), CBX_E_STATE);
	assert_int_equal(cbx_domain_create(pool, host, &policy), CBX_E_STATE);
	assert_int_equal(cbx_domain_create(pool, 0, &policy), CBX_E_STATE);
	machine_assert_same(before);
}

static void only_what_is_held_by_its_own_kind_is_held(void **state)
{
	struct machine_box box;
	struct machine_box other;
	struct cbx_domain *d;

	(void)state;
	machine_box(&box);
	machine_box(&other);
	assert_null(cbx_domain_hold(box.space));
	assert_null(cbx_domain_hold(box.thread));
	assert_null(cbx_domain_hold(box.code));
	d = cbx_domain_hold(box.handle);
	assert_null(cbx_space_hold(d, box.handle));
	assert_null(cbx_space_hold(d, box.thread));
	assert_null(cbx_space_hold(d, other.space));
	assert_null(cbx_space_hold(d, CBX_NO_LINK));
	assert_null(cbx_space_hold(d, 1ull << 32 | box.space));
	assert_null(cbx_thread_hold(d, box.space));
	assert_null(cbx_thread_hold(d, other.thread));
	assert_null(cbx_thread_hold(d, 0));
	cbx_domain_drop(d);
	assert_int_equal(mock_maps(), 0);
}

/* A BUILDING box with nothing granted yet. */
static uint64_t bare_box(void)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t pfn = machine_pool(2);
	uint64_t io = machine_pages(1);

	machine_put(io, &policy, sizeof(policy));
	must(BOX_CREATE, pfn, pfn + 1, io);
	return pfn;
}

static void the_first_grant_makes_the_first_space(void **state)
{
	uint64_t box = bare_box();
	uint64_t pfn = machine_pool(5);
	uint64_t spaces = mock_spaces();
	struct cbx_reply query;

	(void)state;
	assert_int_equal(must(BOX_GRANT, box, pfn, 3), 3);
	query = gate(BOX_QUERY, box);
	assert_int_equal(query.ret[2], 5);
	assert_int_equal(query.ret[3], 2);
	assert_int_equal(query.ret[5], 1);
	assert_int_equal(mock_spaces(), spaces + 1);
	assert_int_equal(machine_state(pfn), CBX_PAGE_META);
	assert_int_equal(must(BOX_GRANT, box, pfn + 3, 2), 2);
	assert_int_equal(gate(BOX_QUERY, box).ret[3], 4);
	assert_int_equal(mock_spaces(), spaces + 1);
	machine_assert_sound();
}

static void only_pool_pages_are_granted(void **state)
{
	uint64_t box = bare_box();
	uint64_t pfn = machine_pool(2);
	uint64_t host = machine_pages(1);
	struct cbx_reply reply;

	(void)state;
	refuse(E_STATE, BOX_GRANT, box, host, 1);
	refuse(E_STATE, BOX_GRANT, box, box, 1);
	refuse(E_INVALID, BOX_GRANT, box, pfn, 0);
	refuse(E_INVALID, BOX_GRANT, box, pfn, CBX_RANGE_PAGES_MAX + 1);
	refuse(E_INVALID, BOX_GRANT, box, UINT64_MAX, 2);
	assert_int_equal(gate(BOX_QUERY, box).ret[2], 2);
	reply = gate(BOX_GRANT, box, pfn, 3);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], 2);
	machine_assert_sound();
}

static void a_refused_first_grant_changes_nothing(void **state)
{
	uint64_t box = bare_box();
	uint64_t pfn = machine_pool(2);
	struct mock_snapshot *before = machine_snapshot();

	(void)state;
	mock_refuse_nth(1);
	refuse(E_HARDWARE, BOX_GRANT, box, pfn, 2);
	machine_assert_same(before);
	assert_int_equal(must(BOX_GRANT, box, pfn, 2), 2);
}

static void a_box_never_granted_can_be_killed_and_destroyed(void **state)
{
	uint64_t box = bare_box();

	(void)state;
	must(BOX_KILL, box);
	machine_assert_sound();
	must(BOX_RECLAIM, box, box + 1, 1);
	must(BOX_DESTROY, box);
	assert_true(mock_is_zero(at(box)));
	machine_assert_sound();
}

static void a_granted_page_of_one_box_is_no_other_s(void **state)
{
	struct machine_box box;
	struct machine_box other;

	(void)state;
	machine_box(&box);
	machine_box(&other);
	refuse(E_STATE, BOX_GRANT, other.handle, box.reserve + 5, 1);
	refuse(E_STATE, PAGE_RETURN, box.reserve + 5, 1);
	refuse(E_STATE, PAGE_DONATE, box.reserve + 5, 1);
	machine_assert_sound();
}

static void a_box_ends_once(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;

	(void)state;
	machine_box(&box);
	d = cbx_domain_hold(box.handle);
	cbx_domain_end(d, CBX_END_FAULT, 11);
	cbx_domain_end(d, CBX_END_KILLED, 12);
	assert_int_equal(d->state, CBX_DOMAIN_DYING);
	assert_int_equal(d->end_reason, CBX_END_FAULT);
	assert_int_equal(d->end_status, 11);
	cbx_domain_drop(d);
}

static void a_kick_reaches_only_cpus_inside(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;
	struct cbx_thread *thread;

	(void)state;
	machine_box(&box);
	d = cbx_domain_hold(box.handle);
	cbx_domain_kick(d);
	assert_int_equal(mock_kicks(2), 0);
	thread = cbx_thread_hold(d, box.thread);
	thread->state = CBX_THREAD_RUNNING;
	thread->cpu = 2;
	cbx_domain_kick(d);
	assert_int_equal(mock_kicks(2), 1);
	assert_int_equal(mock_kicks(1), 0);
	cbx_thread_drop(thread);
	cbx_domain_drop(d);
}

static void broken_counts_are_noticed(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;

	(void)state;
	machine_box(&box);
	d = cbx_domain_hold(box.handle);
	d->page_count++;
	expect_assert_failure(cbx_domain_assert_all());
	d->page_count--;
	d->state = CBX_DOMAIN_CONFINED;
	d->asks = 1;
	expect_assert_failure(cbx_domain_assert_all());
	d->asks = 0;
	d->state = CBX_DOMAIN_STATES;
	expect_assert_failure(cbx_domain_assert_all());
	d->state = CBX_DOMAIN_READY;
	cbx_domain_assert_all();
	cbx_domain_drop(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(every_event_moves_every_state_as_written),
		MACHINE(an_illegal_move_stops_the_machine),
		MACHINE(a_new_box_owns_two_pages),
		MACHINE(malformed_policies_are_refused),
		MACHINE(the_widest_policy_is_accepted),
		MACHINE(a_policy_this_machine_cannot_keep_is_refused),
		MACHINE(a_policy_s_words_reach_its_spaces),
		MACHINE(a_box_is_made_of_two_pool_pages),
		MACHINE(only_what_is_held_by_its_own_kind_is_held),
		MACHINE(the_first_grant_makes_the_first_space),
		MACHINE(only_pool_pages_are_granted),
		MACHINE(a_refused_first_grant_changes_nothing),
		MACHINE(a_box_never_granted_can_be_killed_and_destroyed),
		MACHINE(a_granted_page_of_one_box_is_no_other_s),
		MACHINE(a_box_ends_once),
		MACHINE(a_kick_reaches_only_cpus_inside),
		MACHINE(broken_counts_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
