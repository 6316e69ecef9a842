/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/confbox and /dev/confbox-test. */
#include <host/os/os.h>
#include <host/os/test_device.h>

#define DEVICES	  8u
#define EXTENTS	  64u
#define BOXES	  64u
#define PAGE_HOST 2u
#define TICK_NS	  10000000u

/* What an open file took. */
struct os_device {
	bool open;
	uint32_t extent_count;
	uint32_t box_count;
	struct cbx_device_pages extents[EXTENTS];
	uint64_t boxes[BOXES];
};

static struct os_device devices[DEVICES];

struct os_device *os_device_open(void)
{
	for (uint32_t i = 0; i < DEVICES; i++) {
		if (!devices[i].open) {
			memset(&devices[i], 0, sizeof(devices[i]));
			devices[i].open = true;
			return &devices[i];
		}
	}
	return NULL;
}

bool os_device_owns(
	const struct os_device *device, uint64_t pfn, uint64_t count)
{
	for (uint32_t i = 0; i < device->extent_count; i++) {
		const struct cbx_device_pages *extent = &device->extents[i];

		if (pfn >= extent->pfn && pfn - extent->pfn <= extent->count &&
			count <= extent->count - (pfn - extent->pfn)) {
			return true;
		}
	}
	return false;
}

static bool is_hosts(uint64_t pfn)
{
	return OS_CALL(CBX_CALL_PAGE_QUERY, pfn).ret[0] == PAGE_HOST;
}

/* A call for pages in a row, until it is refused for one. @param box  0: none
 * @return for how many it was done */
static uint64_t do_pages(
	uint64_t id, uint64_t box, uint64_t pfn, uint64_t count)
{
	struct cbx_reply reply = { 0 };
	uint64_t done = 0;

	while (done < count &&
		(reply.status == CBX_OK || reply.status == CBX_E_BUSY)) {
		uint64_t n = count - done;

		n = n < CBX_RANGE_PAGES_MAX ? n : CBX_RANGE_PAGES_MAX;
		reply = box == 0 ? OS_CALL(id, pfn + done, n)
				 : OS_CALL(id, box, pfn + done, n);
		done += reply.ret[0];
	}
	return done;
}

/* What the box has of the extent, but for its root, which goes last. */
static void reclaim(uint64_t box, const struct cbx_device_pages *extent)
{
	for (uint64_t i = 0; i < extent->count; i++) {
		i += do_pages(CBX_CALL_BOX_RECLAIM, box, extent->pfn + i,
			extent->count - i);
	}
}

static void destroy(const struct os_device *device, uint64_t box)
{
	if (OS_CALL_DONE(CBX_CALL_BOX_KILL, box).status != CBX_OK &&
		OS_STATUS(CBX_CALL_BOX_QUERY, box) != CBX_OK) {
		return; /* it is gone already */
	}
	for (uint32_t i = 0; i < device->extent_count; i++) {
		reclaim(box, &device->extents[i]);
	}
	if (OS_STATUS(CBX_CALL_BOX_DESTROY, box) != CBX_OK) {
		os_say("a box stays ", box, 0);
	}
}

static void give_back(const struct cbx_device_pages *extent)
{
	uint64_t i = 0;

	while (i < extent->count) {
		uint64_t pfn = extent->pfn + i;
		uint64_t done = do_pages(
			CBX_CALL_PAGE_RETURN, 0, pfn, extent->count - i);

		done += done == 0 && is_hosts(pfn) ? 1 : 0;
		if (done == 0) {
			os_say("a page stays ", pfn, 0);
		}
		os_page_give(pfn, done);
		i += done != 0 ? done : 1;
	}
}

void os_device_close(struct os_device *device)
{
	for (uint32_t i = 0; i < device->box_count; i++) {
		destroy(device, device->boxes[i]);
	}
	for (uint32_t i = 0; i < device->extent_count; i++) {
		os_map_drop(device->extents[i].pfn, device->extents[i].count);
		give_back(&device->extents[i]);
	}
	device->open = false;
}

static uint64_t info(uint64_t va)
{
	const struct cbx_device_info info = {
		.version = CBX_DEVICE_VERSION,
		.cpu_count = os_cpu_count,
		.free_pages = os_page_most(),
		.age_ns = os_now(),
	};

	return os_put(va, &info, sizeof(info)) ? 0 : OS_ERROR(EFAULT);
}

static uint64_t pages(struct os_device *device, uint64_t va)
{
	struct cbx_device_pages pages;

	if (!os_get(&pages, va, sizeof(pages))) {
		return OS_ERROR(EFAULT);
	}
	if (pages.count == 0) {
		return OS_ERROR(EINVAL);
	}
	if (device->extent_count == EXTENTS) {
		return OS_ERROR(ENOMEM);
	}
	pages.pfn = os_page_take(pages.count);
	if (pages.pfn == 0) {
		return OS_ERROR(ENOMEM);
	}
	device->extents[device->extent_count++] = pages;
	return os_put(va, &pages, sizeof(pages)) ? 0 : OS_ERROR(EFAULT);
}

static bool is_host_call(uint64_t id)
{
	switch (id) {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	case (number):                                        \
		return (number) < 0x100;
#include <confbox/gate.def>
#undef X
	default:
		return false;
	}
}

/* Without the lock: a box keeps this CPU until the tick.  One that comes later is
 * a trap of the user's without a meaning. */
static struct cbx_reply gate(struct os_thread *t, const struct cbx_call *call)
{
	struct os_cpu *cpu = t->cpu;
	struct cbx_reply reply;

	os_state_save(cpu);
	os_unlock();
	if (call->id == CBX_CALL_BOX_ENTER) {
		os_machine_timer(TICK_NS);
	}
	reply = os_call(call);
	os_lock();
	cpu->yield = true;
	return reply;
}

/* Which boxes a file has. */
static void note_boxes(struct os_device *device, const struct cbx_call *call)
{
	uint32_t i = 0;

	if (call->id == CBX_CALL_BOX_CREATE) {
		device->boxes[device->box_count++] = call->arg[0];
	}
	if (call->id != CBX_CALL_BOX_DESTROY) {
		return;
	}
	while (i < device->box_count && device->boxes[i] != call->arg[0]) {
		i++;
	}
	if (i < device->box_count) {
		device->boxes[i] = device->boxes[--device->box_count];
	}
}

static uint64_t call_gate(
	struct os_thread *t, struct os_device *device, uint64_t va)
{
	struct cbx_device_call call;

	if (!os_get(&call, va, sizeof(call))) {
		return OS_ERROR(EFAULT);
	}
	if (device != NULL && !is_host_call(call.call.id)) {
		return OS_ERROR(EINVAL);
	}
	if (device != NULL && device->box_count == BOXES &&
		call.call.id == CBX_CALL_BOX_CREATE) {
		return OS_ERROR(ENOMEM);
	}
	if (call.call.id == CBX_CALL_PAGE_DONATE) {
		os_map_close(call.call.arg[0], call.call.arg[1]);
	}
	call.reply = gate(t, &call.call);
	if (device != NULL && call.reply.status == CBX_OK) {
		note_boxes(device, &call.call);
	}
	return os_put(va, &call, sizeof(call)) ? 0 : OS_ERROR(EFAULT);
}

uint64_t os_device_ioctl(
	struct os_thread *t, struct os_device *device, const uint64_t *arg)
{
	switch ((uint32_t)arg[1]) {
	case CBX_DEVICE_INFO:
		return info(arg[2]);
	case CBX_DEVICE_PAGES:
		return pages(device, arg[2]);
	case CBX_DEVICE_CALL:
		return call_gate(t, device, arg[2]);
	default:
		return OS_ERROR(ENOTTY);
	}
}

static uint64_t probe(struct os_cpu *cpu, uint64_t va)
{
	struct os_probe probe;

	if (!os_get(&probe, va, sizeof(probe))) {
		return OS_ERROR(EFAULT);
	}
	if (probe.op > OS_PROBE_EXECUTE) {
		return OS_ERROR(EINVAL);
	}
	memset(&cpu->probed, 0, sizeof(cpu->probed));
	probe.trapped =
		(uint64_t)os_probe(cpu, probe.va, &probe.value, probe.op);
	probe.vector = cpu->probed.vector;
	probe.error = cpu->probed.error;
	probe.cr2 = cpu->probed.cr2;
	return os_put(va, &probe, sizeof(probe)) ? 0 : OS_ERROR(EFAULT);
}

uint64_t os_test_ioctl(struct os_thread *t, const uint64_t *arg)
{
	const uint64_t number = t->cpu->number;

	switch ((uint32_t)arg[1]) {
	case OS_TEST_PROBE:
		return probe(t->cpu, arg[2]);
	case OS_TEST_GATE:
		return call_gate(t, NULL, arg[2]);
	case OS_TEST_CPU:
		return os_put(arg[2], &number, sizeof(number))
			       ? 0
			       : OS_ERROR(EFAULT);
	default:
		return OS_ERROR(ENOTTY);
	}
}
