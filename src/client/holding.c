/* SPDX-License-Identifier: Apache-2.0 */
/* What a box was given, and getting it back. */
#include <client/box.h>

#include <stdlib.h>

#include <client/error.h>
#include <client/range.h>

static enum cbx_status fail_pages(const struct cbx_box *box, uint64_t count)
{
	return cbx_fail(CBX_E_NOMEM,
		"no memory for the box: %llu MiB wanted, %llu MiB free in "
		"the context",
		(unsigned long long)(count >> 8),
		(unsigned long long)(cbx_pool_free_pages(&box->context->pool) >>
				     8));
}

static enum cbx_status make_room(struct cbx_box *box)
{
	size_t room = box->holding_room == 0 ? 8 : box->holding_room * 2;
	struct cbx_holding *grown;

	if (box->holding_count < box->holding_room) {
		return CBX_OK;
	}
	grown = reallocarray(box->holdings, room, sizeof(*grown));
	if (grown == NULL) {
		return cbx_fail_memory("cannot give the box pages");
	}
	box->holdings = grown;
	box->holding_room = room;
	return CBX_OK;
}

/* One more holding of at most *count pages, donated. */
static enum cbx_status take_one(
	struct cbx_box *box, struct cbx_cpu *cpu, uint64_t count, bool whole)
{
	static const struct cbx_range donate = { CBX_CALL_PAGE_DONATE, 0,
		"the monitor does not take pages" };
	struct cbx_pool *pool = &box->context->pool;
	enum cbx_status status = make_room(box);
	struct cbx_holding *holding;
	struct cbx_free fresh;
	bool taken;

	if (status != CBX_OK) {
		return status;
	}
	taken = whole ? cbx_pool_take_box(pool, count, &fresh)
		      : cbx_pool_take_some(pool, count, &fresh);
	if (!taken) {
		return fail_pages(box, count);
	}
	holding = &box->holdings[box->holding_count++];
	*holding = (struct cbx_holding){ fresh.extent,
		fresh.donated ? fresh.extent.count : 0, 0 };
	return cbx_range_call(cpu, &donate, fresh.extent, &holding->donated);
}

enum cbx_status cbx_box_take(
	struct cbx_box *box, struct cbx_cpu *cpu, uint64_t count, bool whole)
{
	enum cbx_status status = CBX_OK;

	if (count > cbx_pool_free_pages(&box->context->pool)) {
		return fail_pages(box, count);
	}
	while (status == CBX_OK && count > 0) {
		status = take_one(box, cpu, count, whole);
		if (status == CBX_OK) {
			count -= box->holdings[box->holding_count - 1]
					 .extent.count;
		}
	}
	return status;
}

/* The box's pages become POOL.  Its root, the first page of all, does so only
 * when nothing else is left. */
static void reclaim(struct cbx_box *box, struct cbx_cpu *cpu, size_t index)
{
	struct cbx_range gate = { CBX_CALL_BOX_RECLAIM, box->root,
		"the monitor does not give pages back" };
	struct cbx_holding *holding = &box->holdings[index];
	uint64_t root = index == 0 ? 1 : 0;
	struct cbx_extent given = { holding->extent.pfn + root,
		holding->given - root };

	if (holding->given > root &&
		cbx_range_call_whole(cpu, &gate, given) != CBX_OK) {
		holding->donated = UINT64_MAX; /* lost */
	}
}

/* The monitor's pages go back to the host. */
static bool return_pages(struct cbx_cpu *cpu, struct cbx_extent donated)
{
	static const struct cbx_range gate = { CBX_CALL_PAGE_RETURN, 0,
		"the monitor does not return pages" };
	uint64_t done = 0;

	return cbx_range_call(cpu, &gate, donated, &done) == CBX_OK;
}

/* Pages of a monitor of the context's own stay donated for the next box: they
 * are zero, and the monitor ends with the context. */
static void let_go(
	struct cbx_box *box, struct cbx_cpu *cpu, struct cbx_holding *holding)
{
	struct cbx_extent donated = { holding->extent.pfn, holding->donated };
	struct cbx_pool *pool = &box->context->pool;

	if (holding->donated > holding->extent.count) {
		return;
	}
	if (cpu->lane.fd >= 0 && donated.count == holding->extent.count) {
		cbx_pool_give_donated(pool, donated);
	} else if (return_pages(cpu, donated)) {
		cbx_pool_give(pool, holding->extent);
	}
}

static bool destroy(struct cbx_box *box, struct cbx_cpu *cpu)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_DESTROY,
		.arg = { box->root } };
	struct cbx_reply reply;

	return cbx_cpu_call(cpu, &call, &reply) == CBX_OK;
}

static bool take_apart(struct cbx_box *box, struct cbx_cpu *cpu)
{
	if (box->root == 0) {
		return true;
	}
	if (cbx_box_end(box, cpu) != CBX_OK) {
		return false;
	}
	for (size_t i = 0; i < box->holding_count; i++) {
		reclaim(box, cpu, i);
	}
	return destroy(box, cpu);
}

void cbx_box_give_back(struct cbx_box *box, struct cbx_cpu *cpu)
{
	if (take_apart(box, cpu)) {
		for (size_t i = 0; i < box->holding_count; i++) {
			let_go(box, cpu, &box->holdings[i]);
		}
	}
	box->holding_count = 0;
	box->root = 0;
}
