// SPDX-License-Identifier: GPL-2.0-only
/* Calls of a file, and what is known here of its pages and boxes after them. */
#include "confbox.h"
#include "monitor.h"

#include <linux/bitmap.h>

static void note_given(
	struct cbx_file *file, const struct cbx_call *call, u64 count)
{
	struct cbx_range *range =
		cbx_range_find(file, call->arg[0], call->arg[1]);
	u64 at = call->arg[0] - range->pfn;

	if (call->id == CBX_CALL_PAGE_DONATE)
		bitmap_set(range->given, at, count);
	else
		bitmap_clear(range->given, at, count);
}

/* Pages for which that is to be noted.  A page that is on its way to the monitor is
 * the host's no longer, and any of those it was busy with may be: it takes the
 * rights to many at a time, and waits until other CPUs have dropped them.
 */
static u64 moved(const struct cbx_call *call, const struct cbx_reply *reply)
{
	u64 done = min(reply->ret[0], call->arg[1]);

	if (call->id != CBX_CALL_PAGE_DONATE || done == call->arg[1])
		return done;
	if (reply->status == CBX_E_BUSY)
		return call->arg[1];
	if (reply->status == CBX_E_HARDWARE &&
		!cbx_is_hosts(call->arg[0] + done))
		return done + 1; /* refused half way */
	return done;
}

/* Nobody maps a page while it changes hands. */
static int move_pages(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	int error;

	if (call->arg[1] == 0 || call->arg[1] > CBX_RANGE_PAGES_MAX) {
		reply->status = CBX_E_INVALID;
		return 0;
	}
	down_write(&file->lock);
	if (call->id == CBX_CALL_PAGE_DONATE)
		cbx_map_close(file, call->arg[0], call->arg[1]);
	error = cbx_monitor_call(call, reply);
	if (!error)
		note_given(file, call, moved(call, reply));
	up_write(&file->lock);
	return error;
}

static int create_box(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	u64 root = call->arg[0];
	int error;

	if (xa_load(&file->boxes, root)) {
		reply->status = CBX_E_STATE;
		return 0;
	}
	if (file->box_count >= READ_ONCE(cbx_limits.boxes) ||
		xa_reserve(&file->boxes, root, GFP_KERNEL_ACCOUNT) != 0)
		return -ENOMEM;
	error = cbx_monitor_call(call, reply);
	if (error || reply->status != CBX_OK) {
		xa_release(&file->boxes, root);
		return error;
	}
	xa_store(&file->boxes, root, xa_mk_value(0), GFP_KERNEL);
	file->box_count++;
	atomic_long_inc(&cbx_counts.boxes);
	return 0;
}

static int destroy_box(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	int error = cbx_monitor_call(call, reply);

	if (!error && reply->status == CBX_OK &&
		xa_erase(&file->boxes, call->arg[0])) {
		file->box_count--;
		atomic_long_dec(&cbx_counts.boxes);
	}
	return error;
}

int cbx_call_make(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	int error;

	switch (call->id) {
	case CBX_CALL_PAGE_DONATE:
	case CBX_CALL_PAGE_RETURN:
		return move_pages(file, call, reply);
	case CBX_CALL_BOX_CREATE:
		down_write(&file->lock);
		error = create_box(file, call, reply);
		up_write(&file->lock);
		return error;
	case CBX_CALL_BOX_DESTROY:
		down_write(&file->lock);
		error = destroy_box(file, call, reply);
		up_write(&file->lock);
		return error;
	case CBX_CALL_BOX_ENTER:
		return cbx_enter(file, call, reply);
	default:
		return cbx_monitor_call(call, reply);
	}
}
