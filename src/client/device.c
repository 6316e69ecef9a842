/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor below the kernel we run on, reached through its device
 * (base/device.h). */
#include <client/monitor.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/device.h>
#include <base/wire.h>
#include <client/error.h>
#include <client/stream.h>

/* Left to others when the caller does not say how much it wants. */
#define SHARE_LEFT 8u

static int request(int fd, unsigned int what, void *argument)
{
	int result;

	do {
		result = ioctl(fd, (unsigned long)what, argument);
	} while (result < 0 && errno == EINTR);
	return result;
}

static enum cbx_status open_device(
	struct cbx_monitor *monitor, struct cbx_device_info *info)
{
	monitor->control = open(CBX_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (monitor->control < 0 && errno == ENOENT) {
		return cbx_fail_transport(CBX_E_UNSUPPORTED, 0,
			"no %s: a kernel above a monitor has it, and this "
			"library starts no monitor",
			CBX_DEVICE_PATH);
	}
	if (monitor->control < 0) {
		return cbx_fail_transport(
			CBX_E_HARDWARE, errno, "%s", CBX_DEVICE_PATH);
	}
	if (request(monitor->control, CBX_DEVICE_INFO, info) != 0) {
		return cbx_fail_transport(CBX_E_HARDWARE, errno,
			"%s does not say what it is", CBX_DEVICE_PATH);
	}
	if (info->version != CBX_DEVICE_VERSION) {
		return cbx_fail_transport(CBX_E_UNSUPPORTED, 0,
			"%s is of version %" PRIu32 ", this library of %u",
			CBX_DEVICE_PATH, info->version, CBX_DEVICE_VERSION);
	}
	return CBX_OK;
}

static enum cbx_status take_pages(
	struct cbx_monitor *monitor, uint64_t wanted, uint64_t free_pages)
{
	struct cbx_device_pages pages = { .count = wanted };

	if (wanted == 0) {
		pages.count = free_pages - free_pages / SHARE_LEFT;
		if (pages.count > CBX_WIRE_PAGES_DEFAULT) {
			pages.count = CBX_WIRE_PAGES_DEFAULT;
		}
	}
	if (pages.count == 0 || pages.count > free_pages ||
		request(monitor->control, CBX_DEVICE_PAGES, &pages) != 0) {
		return cbx_fail_transport(CBX_E_NOMEM, ENOMEM,
			"no memory for boxes: %" PRIu64
			" MiB wanted, %s has %" PRIu64 " MiB",
			wanted >> 8, CBX_DEVICE_PATH, free_pages >> 8);
	}
	monitor->host = (struct cbx_extent){ pages.pfn, pages.count };
	return CBX_OK;
}

static enum cbx_status map_pages(struct cbx_monitor *monitor)
{
	void *memory = mmap(NULL, monitor->host.count * CBX_PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_SHARED, monitor->control,
		(off_t)(monitor->host.pfn * CBX_PAGE_SIZE));

	if (memory == MAP_FAILED) {
		return cbx_fail_transport(CBX_E_NOMEM, errno,
			"cannot map %" PRIu64 " MiB of %s",
			monitor->host.count >> 8, CBX_DEVICE_PATH);
	}
	(void)madvise(
		memory, monitor->host.count * CBX_PAGE_SIZE, MADV_DONTFORK);
	monitor->memory = memory;
	return CBX_OK;
}

/* The log goes to the machine's console, wherever that is. */
static enum cbx_status start_device(
	const struct cbx_monitor_start *start, struct cbx_monitor *monitor)
{
	struct cbx_device_info info = { 0 };
	enum cbx_status status = open_device(monitor, &info);
	uint64_t now = cbx_now_ns();

	if (status == CBX_OK) {
		status =
			take_pages(monitor, start->page_count, info.free_pages);
	}
	if (status == CBX_OK) {
		status = map_pages(monitor);
	}
	monitor->cpu_count = start->cpu_count;
	monitor->started_ns = now > info.age_ns ? now - info.age_ns : 0;
	return status;
}

/* Closing it gives back whatever is left of boxes. */
static void stop_device(struct cbx_monitor *monitor)
{
	if (monitor->control >= 0) {
		close(monitor->control);
		monitor->control = -1;
	}
}

static void forget_pages(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t count)
{
	if (monitor->control >= 0) {
		memset(cbx_monitor_page(monitor, pfn), 0,
			count * CBX_PAGE_SIZE);
	}
}

static enum cbx_status gone_device(const struct cbx_monitor *monitor)
{
	(void)monitor;
	return cbx_fail_transport(CBX_E_HARDWARE, errno,
		"the monitor cannot be reached: %s", CBX_DEVICE_PATH);
}

static enum cbx_status open_lane(
	const struct cbx_monitor *monitor, struct cbx_lane *lane)
{
	(void)monitor;
	*lane = (struct cbx_lane){ .fd = -1 };
	return CBX_OK;
}

static bool send_call(const struct cbx_monitor *monitor, struct cbx_lane *lane,
	const struct cbx_call *call)
{
	lane->call = *call;
	return monitor->control >= 0;
}

static bool wait_reply(const struct cbx_lane *lane, int ms)
{
	(void)lane;
	(void)ms;
	return true;
}

static bool receive_reply(const struct cbx_monitor *monitor,
	struct cbx_lane *lane, struct cbx_reply *reply)
{
	struct cbx_device_call call = { .call = lane->call };

	if (request(monitor->control, CBX_DEVICE_CALL, &call) != 0) {
		return false;
	}
	*reply = call.reply;
	return true;
}

const struct cbx_transport cbx_transport_device = {
	.start = start_device,
	.stop = stop_device,
	.forget = forget_pages,
	.gone = gone_device,
	.open = open_lane,
	.send = send_call,
	.wait = wait_reply,
	.receive = receive_reply,
};
