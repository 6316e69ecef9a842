// SPDX-License-Identifier: GPL-2.0-only
/* Lending this CPU to a box. */
#include "confbox.h"
#include "monitor.h"

#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

/* A service hears of a box that only computes after so long: it may have more CPUs for
 * it, or no more time.
 */
#define TURN_MS 50

/* How many CPUs the box sent away for want of work. */
static unsigned long idle_of(struct cbx_file *file, u64 box)
{
	void *entry = xa_load(&file->boxes, box);

	return entry ? xa_to_value(entry) : 0;
}

static void note_idle(struct cbx_file *file, u64 box, bool more)
{
	unsigned long idle;

	down_write(&file->lock);
	idle = idle_of(file, box);
	if (xa_load(&file->boxes, box) && (more || idle))
		xa_store(&file->boxes, box,
			xa_mk_value(more ? idle + 1 : idle - 1), GFP_KERNEL);
	up_write(&file->lock);
}

/* The CPU was taken back, and there is nothing to do with it but to lend it
 * again.  A box that sent CPUs away also says so when one of them should come
 * back, which is the service's to do.
 */
static bool is_to_go_on(struct cbx_file *file, const struct cbx_call *call,
	const struct cbx_reply *reply)
{
	return reply->status == CBX_OK &&
	       (u32)reply->ret[0] == CBX_EXIT_INTERRUPTED &&
	       !signal_pending(current) && idle_of(file, call->arg[0]) == 0;
}

int cbx_enter(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	unsigned long end = jiffies + msecs_to_jiffies(TURN_MS);
	u64 box = call->arg[0];
	int error;

	if (idle_of(file, box) != 0)
		note_idle(file, box, false);
	do {
		cond_resched();
		error = cbx_monitor_call(call, reply);
	} while (!error && is_to_go_on(file, call, reply) &&
		 time_before(jiffies, end));
	if (!error && reply->status == CBX_OK &&
		(u32)reply->ret[0] == CBX_EXIT_IDLE)
		note_idle(file, box, true);
	return error;
}
