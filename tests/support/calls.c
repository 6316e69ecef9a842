/* SPDX-License-Identifier: Apache-2.0 */
/* What tests do with gates and pages on every backend. */
#include "support/actor.h"
#include "support/ask.h"

static uint64_t next_page;

void machine_pages_from(uint64_t first)
{
	next_page = first;
}

uint64_t machine_must(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply = machine_gate(id, arg);

	assert_int_equal(reply.status, CBX_OK);
	return reply.ret[0];
}

uint64_t machine_pages(uint64_t count)
{
	uint64_t first = next_page;

	assert_true(cbx_range_fits(first, count, cbx_hal_page_count()));
	next_page += count;
	return first;
}

uint64_t machine_pool(uint64_t count)
{
	uint64_t first = machine_pages(count);
	struct cbx_reply reply;

	do { /* other CPUs may take their time to flush */
		reply = gate(PAGE_DONATE, first, count);
	} while (reply.status == CBX_E_BUSY);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], count);
	return first;
}

void machine_put(uint64_t pfn, const void *bytes, size_t size)
{
	assert_true(ask_host_write(pfn, 0, bytes, size));
}

enum cbx_page_state machine_state(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	assert_non_null(page);
	return (enum cbx_page_state)page->state;
}

struct cbx_policy machine_policy(void)
{
	return (struct cbx_policy){
		.version = CBX_POLICY_VERSION,
		.flags = CBX_POLICY_PLAIN,
		.output_pages = 1,
		.threads_max = MACHINE_THREADS,
		.wake_step = actor_wake_step,
		.rule_count = 1,
		.rule = { { .call = MACHINE_FORWARD } },
	};
}
