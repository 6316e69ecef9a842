/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine without a host: nothing runs but the monitor and its boxes, on
 * one CPU.  So no page is mapped by a host, whatever its view; no translation
 * of a host's is stale; no interrupt is expected.  cbx_hal_host_run says at
 * once that the CPU stops.
 */
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

const struct cbx_hal_caps cbx_hal_caps = {
	.backend = CBX_BACKEND_PKS_VM,
};

static uint64_t flushes;

enum cbx_status cbx_hal_page_accept(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	(void)pfn;
	*done = count;
	return CBX_OK;
}

enum cbx_status cbx_hal_page_release(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	(void)pfn;
	*done = count;
	return CBX_OK;
}

enum cbx_status cbx_hal_view_set(struct cbx_pfn pfn, uint64_t count,
	struct cbx_view view, uint64_t *done)
{
	(void)pfn;
	(void)view;
	*done = count;
	return CBX_OK;
}

uint64_t cbx_hal_view_flush(void)
{
	return ++flushes;
}

bool cbx_hal_view_flushed(uint64_t token)
{
	return token <= flushes;
}

void cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event)
{
	(void)cpu;
	(void)reply;
	*event = (struct cbx_event){ .kind = CBX_EVENT_CPU_STOP };
}

void cbx_hal_host_fault(uint32_t cpu)
{
	(void)cpu;
	cbx_hal_panic("no host to fault", __FILE__, __LINE__);
}

void cbx_hal_cpu_kick(uint32_t cpu)
{
	(void)cpu;
}

/* Controllers are masked: only an NMI or a machine check comes here. */
void cbx_x86_interrupt(uint32_t vector)
{
	if (vector != 2) {
		cbx_hal_panic("unexpected interrupt", __FILE__, __LINE__);
	}
}

void cbx_x86_host_trap(void)
{
	cbx_hal_panic("no host to trap", __FILE__, __LINE__);
}

void cbx_x86_host_syscall(void)
{
	cbx_hal_panic("no host to call", __FILE__, __LINE__);
}
