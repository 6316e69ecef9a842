/* SPDX-License-Identifier: Apache-2.0 */
#include <client/monitor.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/device.h>
#include <client/error.h>

enum cbx_status cbx_monitor_start(
	const struct cbx_monitor_start *start, struct cbx_monitor *monitor)
{
	bool device = access(CBX_DEVICE_PATH, F_OK) == 0;
	const struct cbx_transport *by =
		device ? &cbx_transport_device : cbx_transport_other;
	struct cbx_monitor fresh = {
		.by = by,
		.process = { -1, -1 },
		.control = -1,
	};
	enum cbx_status status = by->start(start, &fresh);

	if (status != CBX_OK) {
		cbx_monitor_stop(&fresh);
		return status;
	}
	*monitor = fresh;
	return CBX_OK;
}

void cbx_monitor_stop(struct cbx_monitor *monitor)
{
	monitor->by->stop(monitor);
}

void cbx_monitor_fini(struct cbx_monitor *monitor)
{
	(void)munmap(monitor->memory, monitor->host.count * CBX_PAGE_SIZE);
	monitor->memory = NULL;
}

void *cbx_monitor_page(const struct cbx_monitor *monitor, uint64_t pfn)
{
	return monitor->memory + (pfn - monitor->host.pfn) * CBX_PAGE_SIZE;
}

void cbx_monitor_forget(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t count)
{
	monitor->by->forget(monitor, pfn, count);
}

enum cbx_status cbx_monitor_gone(const struct cbx_monitor *monitor)
{
	if (monitor->control < 0) {
		return cbx_fail_transport(
			CBX_E_HARDWARE, 0, "the context was closed");
	}
	return monitor->by->gone(monitor);
}

enum cbx_status cbx_monitor_refused(const struct cbx_monitor *monitor,
	enum cbx_status status, uint64_t reply_status, const char *what)
{
	return reply_status == CBX_E_HARDWARE && monitor->process.fd >= 0
		       ? cbx_fail_transport(status, EAGAIN, "%s", what)
		       : cbx_fail_call(status, reply_status, what);
}

enum cbx_status cbx_monitor_open(
	const struct cbx_monitor *monitor, struct cbx_lane *lane)
{
	return monitor->by->open(monitor, lane);
}

void cbx_lane_close(struct cbx_lane *lane)
{
	if (lane->fd >= 0) {
		close(lane->fd);
		lane->fd = -1;
	}
}
