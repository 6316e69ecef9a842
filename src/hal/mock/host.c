/* SPDX-License-Identifier: Apache-2.0 */
/* The host: its program on each CPU, and what it can touch. */
#include <string.h>

#include <hal/mock/machine.h>

void mock_host(uint32_t cpu, mock_host_fn *host, void *arg)
{
	MOCK_ASSERT(cpu < mock.options.cpus);
	mock_lock();
	mock.cpu[cpu].host = host;
	mock.cpu[cpu].host_arg = arg;
	mock_unlock();
}

void cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event)
{
	struct mock_cpu *own = &mock.cpu[cpu];

	MOCK_ASSERT(cpu == cbx_hal_cpu());
	MOCK_ASSERT(own->maps == 0 && own->rank == 0);
	*event = (struct cbx_event){ .kind = CBX_EVENT_CPU_STOP };
	mock_lock();

	mock_host_fn *host = own->host;
	void *arg = own->host_arg;

	mock_unlock();
	if (host != NULL) {
		*event = (struct cbx_event){ .kind = CBX_EVENT_TICK };
		host(cpu, arg, reply, event);
	}
}

void cbx_hal_host_fault(uint32_t cpu)
{
	MOCK_ASSERT(cpu == cbx_hal_cpu());
	mock_lock();
	mock.cpu[cpu].faults++;
	mock_unlock();
}

uint64_t mock_host_faults(uint32_t cpu)
{
	MOCK_ASSERT(cpu < mock.options.cpus);
	mock_lock();

	uint64_t faults = mock.cpu[cpu].faults;

	mock_unlock();
	return faults;
}

__attribute__((no_sanitize("thread"))) void mock_copy(
	void *to, const void *from, size_t bytes)
{
	const volatile uint8_t *source = from;
	volatile uint8_t *target = to;

	for (size_t i = 0; i < bytes; i++) {
		target[i] = source[i];
	}
}

static bool may(uint32_t cpu, struct cbx_pfn pfn, uint8_t bits)
{
	MOCK_ASSERT(cpu < mock.options.cpus && pfn.n < mock.options.pages);
	return (mock_host_bits(pfn.n, cpu) & bits) == bits;
}

/* A part of a page. */
static uint8_t *part(struct cbx_pfn pfn, size_t offset, size_t bytes)
{
	MOCK_ASSERT(cbx_range_fits(offset, bytes, CBX_PAGE_SIZE));
	return mock_page(pfn) + offset;
}

/* In both, check and copy are one step: a page cannot be taken in between. */
bool mock_host_read(uint32_t cpu, struct cbx_pfn pfn, size_t offset, void *buf,
	size_t bytes)
{
	const uint8_t *from = part(pfn, offset, bytes);

	mock_lock();

	bool allowed = may(cpu, pfn, CBX_VIEW_R);

	if (allowed) {
		mock_copy(buf, from, bytes);
	}
	mock_unlock();
	return allowed;
}

bool mock_host_write(uint32_t cpu, struct cbx_pfn pfn, size_t offset,
	const void *buf, size_t bytes)
{
	uint8_t *to = part(pfn, offset, bytes);

	mock_lock();

	bool allowed = may(cpu, pfn, CBX_VIEW_W);

	if (allowed) {
		mock_copy(to, buf, bytes);
	}
	mock_unlock();
	return allowed;
}

bool mock_host_touch(uint32_t cpu, struct cbx_pfn pfn, struct cbx_view access,
	struct cbx_event *event)
{
	mock_lock();

	bool allowed = may(cpu, pfn, access.bits);

	mock_unlock();
	if (!allowed) {
		*event = (struct cbx_event){
			.kind = CBX_EVENT_FAULT,
			.pfn = pfn,
			.count = 1,
			.access = access,
		};
	}
	return allowed;
}
