/* SPDX-License-Identifier: Apache-2.0 */
#include <client/range.h>

#include <client/error.h>

#define AHEAD 16u /* calls whose answers are awaited together */

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
		       : cbx_monitor_refused(&cpu->context->monitor, status,
				 reply.status, range->what);
}

static enum cbx_status call_all(struct cbx_cpu *cpu,
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

enum cbx_status cbx_range_call(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent, uint64_t *done)
{
	return call_all(cpu, range, extent, done);
}

/* Part @p i of an extent that is called about in parts. */
static struct cbx_extent part_of(struct cbx_extent extent, uint64_t i)
{
	uint64_t at = i * CBX_RANGE_PAGES_MAX;
	uint64_t left = extent.count - at;

	return (struct cbx_extent){ extent.pfn + at,
		left < CBX_RANGE_PAGES_MAX ? left : CBX_RANGE_PAGES_MAX };
}

/* Send calls for parts [first, end), then look at their answers; what one left
 * undone is called about again. */
static enum cbx_status call_ahead(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent,
	const uint64_t parts[2])
{
	struct cbx_reply reply[AHEAD];
	enum cbx_status status = CBX_OK;

	for (uint64_t i = parts[0]; i < parts[1] && status == CBX_OK; i++) {
		struct cbx_extent part = part_of(extent, i);
		struct cbx_call call = make_call(range, part.pfn, part.count);

		status = cbx_cpu_send(cpu, &call);
	}
	for (uint64_t i = parts[0]; i < parts[1] && status == CBX_OK; i++) {
		status = cbx_cpu_receive(cpu, &reply[i - parts[0]]);
	}
	for (uint64_t i = parts[0]; i < parts[1] && status == CBX_OK; i++) {
		struct cbx_extent part = part_of(extent, i);
		const struct cbx_reply *r = &reply[i - parts[0]];
		uint64_t done = r->status == CBX_OK	 ? part.count
				: r->ret[0] < part.count ? r->ret[0]
							 : part.count;

		status = call_all(cpu, range, part, &done);
	}
	return status;
}

enum cbx_status cbx_range_call_whole(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent)
{
	uint64_t count =
		(extent.count + CBX_RANGE_PAGES_MAX - 1) / CBX_RANGE_PAGES_MAX;
	uint64_t most = cpu->lane.fd >= 0 ? AHEAD : 1;
	enum cbx_status status = CBX_OK;

	for (uint64_t at = 0; at < count && status == CBX_OK; at += most) {
		const uint64_t parts[2] = { at,
			count - at < most ? count : at + most };

		status = call_ahead(cpu, range, extent, parts);
	}
	return status;
}
