/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call what, when; what a reply says. */
#include <string.h>

#include "support/machine.h"

#define NOWHERE UINT64_MAX

/* The interface, written down a second time: a change of gate.def is a change
 * here.  states: the letters of gate.def; - names no box. */
struct row {
	uint64_t id;
	char caller; /* Host, Box, Keeper, Any */
	unsigned int nargs;
	const char *states;
};
static const struct row rows[] = {
	{ 0x000, 'A', 0, "-" },
	{ 0x001, 'H', 0, "-" },
	{ 0x002, 'H', 0, "-" },
	{ 0x003, 'H', 4, "-" },
	{ 0x004, 'H', 2, "-" },
	{ 0x010, 'H', 2, "-" },
	{ 0x011, 'H', 2, "-" },
	{ 0x012, 'H', 1, "-" },
	{ 0x020, 'H', 3, "-" },
	{ 0x021, 'H', 3, "BR" },
	{ 0x022, 'H', 6, "B" },
	{ 0x024, 'H', 4, "B" },
	{ 0x025, 'H', 1, "B" },
	{ 0x026, 'H', 3, "RCD" },
	{ 0x027, 'H', 5, "R" },
	{ 0x028, 'H', 5, "RC" },
	{ 0x029, 'H', 1, "RCD" },
	{ 0x02a, 'H', 1, "BRCDT" },
	{ 0x02b, 'H', 3, "D" },
	{ 0x02c, 'H', 1, "D" },
	{ 0x02d, 'H', 1, "BRCDT" },
	{ 0x02e, 'H', 2, "BRCT" },
	{ 0x02f, 'H', 4, "R" },
	{ 0x030, 'H', 1, "RT" },
	{ 0x031, 'H', 2, "B" },
	{ 0x032, 'H', 5, "RCT" },
	{ 0x033, 'H', 2, "R" },
	{ 0x100, 'B', 1, "RC" },
	{ 0x101, 'B', 4, "RC" },
	{ 0x102, 'B', 6, "RC" },
	{ 0x103, 'B', 3, "RC" },
	{ 0x104, 'B', 4, "RC" },
	{ 0x108, 'B', 0, "RC" },
	{ 0x109, 'B', 1, "RC" },
	{ 0x10a, 'B', 4, "RC" },
	{ 0x110, 'B', 4, "RC" },
	{ 0x111, 'B', 0, "RC" },
	{ 0x112, 'B', 1, "RC" },
	{ 0x113, 'B', 1, "RC" },
	{ 0x118, 'B', 2, "RC" },
	{ 0x119, 'B', 1, "RC" },
	{ 0x11a, 'B', 1, "RC" },
	{ 0x120, 'B', 2, "R" },
	{ 0x121, 'B', 2, "R" },
	{ 0x128, 'B', 5, "R" },
	{ 0x130, 'B', 3, "R" },
	{ 0x131, 'B', 3, "RC" },
	{ 0x138, 'B', 0, "RC" },
	{ 0x139, 'B', 0, "RC" },
	{ 0x13a, 'B', 1, "RC" },
	{ 0x13b, 'B', 1, "RC" },
	{ 0x13c, 'B', 6, "RC" },
	{ 0x140, 'K', 1, "R" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *find(uint64_t id)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].id == id) {
			return &rows[i];
		}
	}
	return NULL;
}

static bool host_may(const struct row *row)
{
	return row->caller == 'H' || row->caller == 'A';
}

static bool names_box(const struct row *row)
{
	return host_may(row) && strcmp(row->states, "-") != 0;
}

static struct cbx_reply call(const struct cbx_call *request)
{
	struct cbx_reply reply;

	memset(&reply, 0x5c, sizeof(reply));
	cbx_gate_host(request, &reply);
	return reply;
}

static void assert_bare(struct cbx_reply reply, enum cbx_status status)
{
	assert_int_equal(reply.status, status);
	for (int i = 0; i < CBX_REPLY_RETS; i++) {
		assert_int_equal(reply.ret[i], 0);
	}
}

static void the_table_is_what_is_written_here(void **state)
{
	static const uint64_t numbers[] = {
#define X(number, NAME, name, callers, nargs, states, repeat) (number),
#include <confbox/gate.def>
#undef X
	};

	(void)state;
	assert_int_equal(sizeof(numbers) / sizeof(numbers[0]), ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		assert_non_null(find(numbers[i]));
	}
}

static void unknown_calls_are_unknown(void **state)
{
	struct cbx_call request = { 0 };

	(void)state;
	for (request.id = 0; request.id < 0x400; request.id++) {
		if (find(request.id) == NULL) {
			assert_bare(call(&request), CBX_E_UNKNOWN_CALL);
		}
	}
	request.id = UINT64_MAX;
	assert_bare(call(&request), CBX_E_UNKNOWN_CALL);
	request.id = 1ull << 32 | CBX_CALL_CAPS;
	assert_bare(call(&request), CBX_E_UNKNOWN_CALL);
}

static void a_host_makes_only_host_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct cbx_call request = { .id = rows[i].id };

		if (!host_may(&rows[i])) {
			assert_bare(call(&request), CBX_E_DENIED);
		}
	}
}

static void arguments_past_the_last_are_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct cbx_call request = { .id = rows[i].id };

		if (!host_may(&rows[i])) {
			continue;
		}
		for (unsigned int j = rows[i].nargs; j < CBX_CALL_ARGS; j++) {
			request.arg[j] = 1ull << 63;
			assert_bare(call(&request), CBX_E_INVALID);
			request.arg[j] = 0;
		}
		request.reserved = 1;
		assert_bare(call(&request), CBX_E_INVALID);
	}
}

static void a_handle_that_is_no_box_is_refused(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);

	const uint64_t handles[] = { 0, box.space, box.thread, box.code,
		machine_pool(1), MACHINE_PAGES, 1ull << 32 | box.handle,
		UINT32_MAX, UINT64_MAX };

	for (size_t i = 0; i < ROWS; i++) {
		for (size_t j = 0; j < sizeof(handles) / sizeof(handles[0]) &&
				   names_box(&rows[i]);
			j++) {
			const struct cbx_call request = { .id = rows[i].id,
				.arg = { handles[j] } };

			assert_bare(call(&request), CBX_E_INVALID);
		}
	}
}

/* The keeper's handle: the only box there is. */
static uint64_t find_keeper(void)
{
	for (uint64_t i = 1; i < MACHINE_PAGES; i++) {
		uint64_t owner = gate(PAGE_QUERY, i).ret[2];

		if (owner != 0) {
			return owner;
		}
	}
	fail_msg("no keeper");
	return 0;
}

static void the_keeper_is_out_of_the_host_s_reach(void **state)
{
	uint64_t keeper = find_keeper();

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct cbx_call request = { .id = rows[i].id,
			.arg = { keeper } };

		if (names_box(&rows[i])) {
			assert_bare(call(&request), CBX_E_DENIED);
		}
	}
}

/* A box in the state of a letter, on a fresh machine. */
static void make_box(struct machine_box *box, char letter)
{
	const struct mock_options options = { .pages = MACHINE_PAGES };

	machine_again(&options, true);
	struct cbx_policy policy = machine_policy();

	policy.flags |= CBX_POLICY_TEMPLATE;
	machine_building(box, &policy);
	if (letter != 'B') {
		must(BOX_FINALIZE, box->handle);
	}
	if (letter == 'T') {
		repeat(BOX_TEMPLATE, box->handle, 0);
	}
	if (letter == 'C') {
		machine_confine(box);
	}
	if (letter == 'D') {
		must(BOX_KILL, box->handle);
	}
}

static void host_calls_follow_the_life_of_the_box(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		for (const char *letter = "BRCDT"; *letter != 0; letter++) {
			struct machine_box box;
			struct cbx_call request = { .id = rows[i].id };
			struct cbx_reply reply;

			if (!names_box(&rows[i]) ||
				strchr(rows[i].states, *letter) != NULL) {
				continue;
			}
			make_box(&box, *letter);
			request.arg[0] = box.handle;

			struct mock_snapshot *before = machine_snapshot();

			reply = call(&request);
			assert_bare(reply,
				*letter == 'D' ? CBX_E_STALE : CBX_E_STATE);
			machine_assert_same(before);
		}
	}
}

/* What each host call says of a box in a state that allows it, when nothing
 * but the box is named; @c with is the last argument if that is not zero. */
static void host_calls_are_heard_where_the_table_says(void **state)
{
	static const struct {
		uint64_t id;
		enum cbx_status status;
		uint64_t last;
	} heard[] = {
		{ CBX_CALL_BOX_GRANT, CBX_E_INVALID, 0 },
		{ CBX_CALL_BOX_ADD, CBX_E_INVALID, 0 },
		{ CBX_CALL_BOX_THREAD, CBX_OK, 0 },
		{ CBX_CALL_BOX_FINALIZE, CBX_OK, 0 },
		{ CBX_CALL_BOX_ENTER, CBX_E_INVALID, CBX_IO_PAGES_MAX + 1 },
		{ CBX_CALL_BOX_REPLY, CBX_E_INVALID, 0 },
		{ CBX_CALL_BOX_CONFINE, CBX_E_INVALID, 0 },
		{ CBX_CALL_BOX_KICK, CBX_OK, 0 },
		{ CBX_CALL_BOX_KILL, CBX_OK, 0 },
		{ CBX_CALL_BOX_RECLAIM, CBX_E_INVALID, 0 },
		{ CBX_CALL_BOX_DESTROY, CBX_E_STATE, 0 },
		{ CBX_CALL_BOX_QUERY, CBX_OK, 0 },
		{ CBX_CALL_BOX_DIGEST, CBX_OK, 0 },
		{ CBX_CALL_BOX_PEEK, CBX_E_DENIED, 0 },
		{ CBX_CALL_BOX_TEMPLATE, CBX_OK, 0 },
		{ CBX_CALL_BOX_BORROW, CBX_E_INVALID, 0 },
		{ CBX_CALL_BOX_EVIDENCE, CBX_E_INVALID,
			CBX_EVIDENCE_PAGES_MAX + 1 },
		{ CBX_CALL_BOX_SIGN, CBX_E_DENIED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		const struct row *row = find(heard[i].id);

		for (const char *letter = row->states; *letter != 0; letter++) {
			struct machine_box box;
			struct cbx_call request = { .id = row->id };

			make_box(&box, *letter);
			request.arg[0] = box.handle;
			if (row->nargs > 1) {
				request.arg[row->nargs - 1] = heard[i].last;
			}
			assert_int_equal(
				call(&request).status, heard[i].status);
		}
	}
}

static bool box_may(const struct row *row)
{
	return row->caller == 'B' || row->caller == 'A';
}

/* A call of the box: its status; NOWHERE when the box ended. */
static uint64_t ask(struct machine_box *box, uint64_t id)
{
	const uint64_t none[CBX_CALL_ARGS] = { 0 };
	struct cbx_reply reply = machine_in_box(box, 0, id, none);

	if (reply.status == MACHINE_NO_ANSWER && machine_ended(box)) {
		return NOWHERE;
	}
	return reply.status;
}

static void a_ready_box_makes_only_box_calls(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	for (size_t i = 0; i < ROWS; i++) {
		if (!box_may(&rows[i])) {
			assert_int_equal(ask(&box, rows[i].id), CBX_E_DENIED);
		}
	}
	assert_int_equal(ask(&box, 0x777), CBX_E_UNKNOWN_CALL);
	assert_int_equal(ask(&box, CBX_CALL_VERSION), CBX_OK);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_READY);
}

static void a_confined_box_that_calls_out_is_ended(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct machine_box box;

		if (box_may(&rows[i]) && (strchr(rows[i].states, 'C') != NULL ||
						 rows[i].caller == 'A')) {
			continue;
		}
		make_box(&box, 'C');
		assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
		assert_int_equal(ask(&box, rows[i].id), NOWHERE);
		assert_bare((struct cbx_reply){ .status = box.exit.status },
			CBX_OK);
		assert_int_equal(box.exit.ret[1], 0);
		assert_int_equal(box.exit.ret[2], 0);
		assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_DYING);
		machine_assert_sound();
	}
}

static void a_confined_box_may_compute(void **state)
{
	static const uint64_t calls[] = { CBX_CALL_VERSION, CBX_CALL_TIME,
		CBX_CALL_RANDOM, CBX_CALL_SPACE_CREATE, CBX_CALL_MAP,
		CBX_CALL_UNMAP, CBX_CALL_THREAD_UNPARK };
	struct machine_box box;

	(void)state;
	make_box(&box, 'C');
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		assert_int_not_equal(ask(&box, calls[i]), NOWHERE);
	}
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_CONFINED);
}

static void a_confined_box_with_a_malformed_call_lives(void **state)
{
	struct machine_box box;

	(void)state;
	make_box(&box, 'C');
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(in_box(&box, TIME, 1).status, CBX_E_INVALID);
	assert_int_equal(
		in_box(&box, MAP, 12345, 0, 0, 0).status, CBX_E_INVALID);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_CONFINED);
}

static void a_confined_box_may_not_talk_malformed_either(void **state)
{
	struct machine_box box;

	(void)state;
	make_box(&box, 'C');
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1, 1).status,
		MACHINE_NO_ANSWER);
	assert_true(machine_ended(&box));
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_DYING);
}

static void the_table_fits_its_pages(void **state)
{
	(void)state;
	assert_int_equal(cbx_core_table_bytes(0), 0);
	assert_true(cbx_core_table_bytes(1000) <= 1000 * 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(the_table_is_what_is_written_here),
		MACHINE(unknown_calls_are_unknown),
		MACHINE(a_host_makes_only_host_calls),
		MACHINE(arguments_past_the_last_are_zero),
		MACHINE(a_handle_that_is_no_box_is_refused),
		MACHINE(the_keeper_is_out_of_the_host_s_reach),
		MACHINE(host_calls_follow_the_life_of_the_box),
		MACHINE(host_calls_are_heard_where_the_table_says),
		MACHINE(a_ready_box_makes_only_box_calls),
		MACHINE(a_confined_box_that_calls_out_is_ended),
		MACHINE(a_confined_box_may_compute),
		MACHINE(a_confined_box_with_a_malformed_call_lives),
		MACHINE(a_confined_box_may_not_talk_malformed_either),
		MACHINE(the_table_fits_its_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
