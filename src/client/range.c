/* SPDX-License-Identifier: Apache-2.0 */
#include <client/range.h>

#include <client/error.h>

static struct cbx_call make_call(
	const struct cbx_range *range, uint64_t pfn, uint64_t count)
{
	struct cbx_call call = { .id = range->id };
	size_t next = 0;

	if (range->box != 0) {
		call.arg[next++] = range->box;
	}
	call.arg[next++] = pfn;
	call.arg[next] = count;
	return call;
}

/* One call; *done grows by what it completed, whatever the reply claims. */
static enum cbx_status call_once(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent, uint64_t *done)
{
	uint64_t left = extent.count - *done;
	uint64_t count =
		left < CBX_RANGE_PAGES_MAX ? left : CBX_RANGE_PAGES_MAX;
	struct cbx_call call = make_call(range, extent.pfn + *done, count);
	struct cbx_reply reply;
	enum cbx_status status = cbx_cpu_call(cpu, &call, &reply);

	if (status == CBX_OK) {
		*done += count;
		return CBX_OK;
	}
	*done += reply.ret[0] < count ? reply.ret[0] : count;
	return status == CBX_E_BUSY && reply.status == CBX_E_BUSY
		       ? CBX_E_BUSY
		       : cbx_fail_call(status, reply.status, range->what);
}

enum cbx_status cbx_range_call(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent, uint64_t *done)
{
	enum cbx_status status = CBX_OK;
	uint32_t tries = 0;

	while (status == CBX_OK && *done < extent.count) {
		uint64_t before = *done;

		status = call_once(cpu, range, extent, done);
		tries = *done == before ? tries + 1 : 0;
		if (status == CBX_E_BUSY) {
			status = cbx_busy_wait(tries)
					 ? CBX_OK
					 : cbx_fail_monitor(CBX_E_BUSY, "%s",
						   range->what);
		}
	}
	return status;
}
