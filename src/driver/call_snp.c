// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD SEV-SNP: the monitor is at VMPL0, this kernel at VMPL1 (doc/snp.md).
 *
 * Each CPU has a page that it shares with the monitor, its gate area; the
 * hypervisor is asked to run VMPL0, and finds back when there is an answer.  The
 * same works on a kernel that knows of no SEV.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "monitor.h"

#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include <asm/msr.h>
#include <asm/smp.h>

#include <base/area.h>

/* The GHCB MSR protocol: run VMPL0.
 * @source AMD 56421 r2.03 2.3.1, VMPL request
 */
#define MSR_GHCB      0xc0010130
#define GHCB_RUN_VMPL 0x016

/* What a hypervisor that does not run the monitor is asked, at most. */
#define TRIES 1000

#define CPUS_MOST 4096

static unsigned long long area;
module_param(area, ullong, 0444);
MODULE_PARM_DESC(
	area, "address of the first gate area, as the monitor says it");

static struct cbx_area *areas;
static u32 area_count;

static void run_monitor(void)
{
	u64 ghcb = __rdmsr(MSR_GHCB);

	__wrmsr(MSR_GHCB, GHCB_RUN_VMPL, 0);
	asm volatile("rep; vmmcall" : : : "memory");
	__wrmsr(MSR_GHCB, (u32)ghcb, ghcb >> 32);
}

/* With interrupts off. @return whether the monitor ran */
static bool try_call(struct cbx_area *at, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	at->call = *call;
	/* The monitor finds a whole call behind it. */
	smp_store_release(&at->pending, 1);
	run_monitor();
	if (xchg(&at->pending, 0) != 0)
		return false;
	*reply = at->reply;
	return true;
}

/* @return 1 done, 0 the monitor did not run, or an error */
static int call_here(const struct cbx_call *call, struct cbx_reply *reply)
{
	unsigned long flags;
	int result = -EIO;
	u32 cpu;

	local_irq_save(flags);
	cpu = cpu_physical_id(smp_processor_id());
	if (cpu < area_count)
		result = try_call(&areas[cpu], call, reply);
	local_irq_restore(flags);
	return result;
}

int cbx_monitor_call(const struct cbx_call *call, struct cbx_reply *reply)
{
	unsigned int tries = 0;
	int result = 0;

	while (result == 0 && tries++ < TRIES)
		result = call_here(call, reply);
	return result == 1 ? 0 : -EIO;
}

/* Private memory, as the monitor sees it, and none of this kernel's own. */
static int map_areas(u32 count)
{
	const size_t bytes = count * sizeof(*areas);

	areas = (__force struct cbx_area *)ioremap_encrypted(area, bytes);
	area_count = count;
	if (areas)
		return 0;
	pr_err("area=%#llx cannot be mapped\n", area);
	return -ENOMEM;
}

/* One area is enough to ask how many there are. */
static int ask(u32 *count)
{
	struct cbx_reply version, caps;

	if (CBX_CALL(&version, CBX_CALL_VERSION) != 0 ||
		version.status != CBX_OK ||
		CBX_CALL(&caps, CBX_CALL_CAPS) != 0 || caps.status != CBX_OK) {
		pr_err("nobody answers at area=%#llx\n", area);
		return -ENODEV;
	}
	if (version.ret[0] != CBX_ABI_MAJOR) {
		pr_err("the monitor speaks version %llu, this driver %u\n",
			version.ret[0], CBX_ABI_MAJOR);
		return -ENODEV;
	}
	*count = (u32)min_t(u64, caps.ret[3], CPUS_MOST);
	return 0;
}

void cbx_monitor_end(void)
{
	iounmap((__force void __iomem *)areas);
}

/* Where there is an area for sure: on the first CPU. */
static long begin(void *unused)
{
	u32 count = 1;
	int error = map_areas(count);

	if (error)
		return error;
	error = ask(&count);
	cbx_monitor_end();
	return error ? error : map_areas(count);
}

int cbx_monitor_begin(void)
{
	if (area == 0 || area % CBX_PAGE_SIZE != 0) {
		pr_err("area=%#llx: give the address the monitor says\n", area);
		return -EINVAL;
	}
	return (int)work_on_cpu(0, begin, NULL);
}

/* A monitor that does not say is older than this kernel, and an answer to an
 * older call is less.
 */
u64 cbx_monitor_age(void)
{
	struct cbx_reply reply;
	unsigned long flags;
	u64 ticks = 0;
	u32 cpu;

	if (CBX_CALL(&reply, CBX_CALL_VERSION) == 0) {
		local_irq_save(flags);
		cpu = cpu_physical_id(smp_processor_id());
		if (cpu < area_count)
			ticks = READ_ONCE(areas[cpu].ticks);
		local_irq_restore(flags);
	}
	return max_t(u64, ticks, ktime_get_boottime_ns());
}
