// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instead of a monitor below the kernel, for the driver's tests: keeps the books
 * of pages and boxes as gates do, is busy now and then, and says when it was
 * asked what no monitor could do.  It keeps nobody out.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": test: " fmt

#include "monitor.h"

#include <linux/ktime.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "behaviour.h"

/* Pages, as core/page.def has them. */
enum {
	HOST = 2,
	LEAVING = 4,
	POOL = 5,
	META = 6,
	PRIVATE = 7,
	SHARED = 8
};

/* Boxes, and gate.def's letters. */
enum {
	BUILDING = 1,
	READY,
	CONFINED,
	DYING,
	TEMPLATE
};
#define NONE 0
#define B    (1 << BUILDING)
#define R    (1 << READY)
#define C    (1 << CONFINED)
#define D    (1 << DYING)
#define T    (1 << TEMPLATE)

struct box {
	u64 root;
	unsigned int state;
	u64 behaviour;
	u64 argument;
	u64 owned; /* pages, with its root */
	u64 window;
	struct box *lender;
	unsigned int borrowers;
	unsigned int inside;
	bool down; /* killed, and nobody inside */
};

static DEFINE_MUTEX(gate_lock);

/* No monitor lets another thread run meanwhile, as waiting for a mutex does. */
static void lock_gate(void)
{
	if (!mutex_trylock(&gate_lock))
		mutex_lock(&gate_lock);
}

static DEFINE_XARRAY(pages); /* all that are not HOST: owner << 4 | state */
static DEFINE_XARRAY(boxes);

/* How many pages are not the host's, and boxes there are. */
static unsigned long test_pages, test_boxes;
module_param(test_pages, ulong, 0444);
module_param(test_boxes, ulong, 0444);
/* Pages that are going to be kept for good, or come back with a byte; donations
 * that wait for another CPU, with all of their pages, or with their first one;
 * pages that are refused half way.
 */
static unsigned long test_keep, test_dirty, test_wait, test_half, test_stuck;
module_param(test_wait, ulong, 0644);
module_param(test_half, ulong, 0644);
module_param(test_stuck, ulong, 0644);
module_param(test_keep, ulong, 0644);
module_param(test_dirty, ulong, 0644);
/* Nobody answers. */
static bool test_silent;
module_param(test_silent, bool, 0644);
/* No page is taken. */
static bool test_refuse;
module_param(test_refuse, bool, 0644);
/* Boxes are not destroyed. */
static bool test_stay;
module_param(test_stay, bool, 0644);
static unsigned long test_calls;
module_param(test_calls, ulong, 0444);

static bool now_and_then(u32 often)
{
	return get_random_u32() % often == 0;
}

static unsigned int state_of(u64 pfn)
{
	void *entry = xa_load(&pages, pfn);

	return entry ? xa_to_value(entry) & 15 : HOST;
}

static u64 owner_of(u64 pfn)
{
	void *entry = xa_load(&pages, pfn);

	return entry ? xa_to_value(entry) >> 4 : 0;
}

static bool set_page(u64 pfn, unsigned int state, u64 owner)
{
	if (state == HOST) {
		test_pages -= xa_erase(&pages, pfn) != NULL;
		return true;
	}
	test_pages += xa_load(&pages, pfn) == NULL;
	return !xa_is_err(xa_store(
		&pages, pfn, xa_mk_value(owner << 4 | state), GFP_KERNEL));
}

static void fill(u64 pfn, int byte)
{
	memset(page_address(pfn_to_page(pfn)), byte, PAGE_SIZE);
}

static bool is_zero(u64 pfn)
{
	return !memchr_inv(page_address(pfn_to_page(pfn)), 0, PAGE_SIZE);
}

static enum cbx_status donate(u64 pfn)
{
	unsigned int state = state_of(pfn);

	if (state != HOST && state != LEAVING)
		return CBX_E_STATE;
	if (owner_of(pfn) != 0)
		return CBX_E_OWNER;
	if (state == HOST && test_stuck) {
		test_stuck--;
		set_page(pfn, LEAVING, 0);
		return CBX_E_HARDWARE;
	}
	if (state == HOST && (test_half || now_and_then(64))) {
		test_half -= test_half != 0;
		set_page(pfn, LEAVING, 0);
		return CBX_E_BUSY;
	}
	if (now_and_then(100) || (state == HOST && test_refuse))
		return state == HOST ? CBX_E_HARDWARE : CBX_E_BUSY;
	fill(pfn, 0);
	return set_page(pfn, POOL, 0) ? CBX_OK : CBX_E_HARDWARE;
}

/* As a monitor takes the rights to many pages before it waits once. */
static enum cbx_status wait(u64 pfn, u64 count)
{
	u64 i;

	test_wait--;
	for (i = 0; i < count; i++) {
		if (state_of(pfn + i) == HOST)
			set_page(pfn + i, LEAVING, 0);
	}
	return CBX_E_BUSY;
}

static enum cbx_status give(u64 pfn)
{
	if (state_of(pfn) != POOL)
		return CBX_E_STATE;
	if (!is_zero(pfn))
		pr_err("bad: pool page %llu is not zero\n", pfn);
	if (now_and_then(64)) {
		set_page(pfn, LEAVING, 0);
		return CBX_E_BUSY;
	}
	if (test_keep) {
		test_keep--;
		set_page(pfn, META, 1); /* its own */
		return CBX_E_HARDWARE;
	}
	if (test_dirty) {
		test_dirty--;
		fill(pfn, 1);
	}
	set_page(pfn, HOST, 0);
	return CBX_OK;
}

static enum cbx_status own(struct box *box, u64 pfn, unsigned int state)
{
	if (state_of(pfn) != POOL)
		return CBX_E_STATE;
	if (!set_page(pfn, state, box->root))
		return CBX_E_HARDWARE;
	fill(pfn, BEHAVE_SECRET);
	box->owned++;
	return CBX_OK;
}

static enum cbx_status reclaim(struct box *box, u64 pfn)
{
	if (owner_of(pfn) != box->root)
		return CBX_E_OWNER;
	if (!box->down || pfn == box->root)
		return CBX_E_STATE;
	if (box->borrowers || now_and_then(32))
		return CBX_E_BUSY;
	fill(pfn, 0);
	set_page(pfn, POOL, 0);
	box->owned--;
	return CBX_OK;
}

/* A call on pages one by one. */
static enum cbx_status each(
	const struct cbx_call *call, struct box *box, struct cbx_reply *reply)
{
	const u64 *at = box ? &call->arg[1] : &call->arg[0];
	enum cbx_status status = CBX_OK;
	u64 i;

	if (call->id == CBX_CALL_BOX_ADD)
		at++;
	if (at[1] == 0 || at[1] > CBX_RANGE_PAGES_MAX || at[0] >> 40)
		return CBX_E_INVALID;
	if (call->id == CBX_CALL_PAGE_DONATE && test_wait &&
		pfn_to_online_page(at[0] + at[1] - 1))
		return wait(at[0], at[1]);
	for (i = 0; i < at[1] && status == CBX_OK; i++) {
		if (!pfn_to_online_page(at[0] + i))
			return CBX_E_INVALID;
		if (call->id == CBX_CALL_PAGE_DONATE)
			status = donate(at[0] + i);
		else if (call->id == CBX_CALL_PAGE_RETURN)
			status = give(at[0] + i);
		else if (call->id == CBX_CALL_BOX_RECLAIM)
			status = reclaim(box, at[0] + i);
		else
			status = own(box, at[0] + i, PRIVATE);
		reply->ret[0] += status == CBX_OK;
	}
	return status;
}

static bool all_hosts(u64 pfn, u64 count)
{
	u64 i;

	for (i = 0; i < count; i++) {
		if (!pfn_to_online_page(pfn + i) || state_of(pfn + i) != HOST)
			return false;
	}
	return true;
}

static enum cbx_status create(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	const struct cbx_policy *policy;
	struct box *box;

	if (call->arg[0] == call->arg[1])
		return CBX_E_INVALID;
	if (!all_hosts(call->arg[2], 1))
		return CBX_E_DENIED;
	policy = page_address(pfn_to_page(call->arg[2]));
	if (policy->version != CBX_POLICY_VERSION)
		return CBX_E_INVALID;
	if (state_of(call->arg[0]) != POOL || state_of(call->arg[1]) != POOL)
		return CBX_E_STATE;
	box = kzalloc(sizeof(*box), GFP_KERNEL);
	if (!box)
		return CBX_E_HARDWARE;
	box->root = call->arg[0];
	box->state = BUILDING;
	if (xa_is_err(xa_store(&boxes, box->root, box, GFP_KERNEL)) ||
		own(box, call->arg[0], META) != CBX_OK ||
		own(box, call->arg[1], META) != CBX_OK)
		pr_err("bad: no memory for the books\n");
	test_boxes++;
	reply->ret[0] = box->root;
	return CBX_OK;
}

static enum cbx_status kill(struct box *box)
{
	box->state = DYING;
	box->down = box->down || (!box->inside && !now_and_then(4));
	return box->down ? CBX_OK : CBX_E_BUSY;
}

static enum cbx_status destroy(struct box *box)
{
	if (!box->down || box->owned != 1 || box->borrowers)
		return CBX_E_STATE;
	if (box->lender)
		box->lender->borrowers--;
	fill(box->root, 0);
	set_page(box->root, POOL, 0);
	xa_erase(&boxes, box->root);
	kfree(box);
	test_boxes--;
	return CBX_OK;
}

static enum cbx_status borrow(struct box *box, struct box *of)
{
	if (!of || of->state != TEMPLATE || box->lender)
		return of ? CBX_E_STATE : CBX_E_INVALID;
	if (now_and_then(2))
		return CBX_E_BUSY;
	box->lender = of;
	of->borrowers++;
	return CBX_OK;
}

static void say(struct cbx_reply *reply, u64 exit, u64 first, u64 second)
{
	reply->ret[0] = exit;
	reply->ret[1] = first;
	reply->ret[2] = second;
}

/* Until an interrupt would come.  Without the lock. */
static void spin(struct box *box)
{
	unsigned long begin = jiffies;

	box->inside++;
	mutex_unlock(&gate_lock);
	while (!time_after(jiffies, begin) && !need_resched() &&
		!signal_pending(current))
		cpu_relax();
	lock_gate();
	box->inside--;
}

static enum cbx_status share(struct box *box, struct cbx_reply *reply)
{
	unsigned long pfn;
	void *entry;

	if (box->window) {
		set_page(box->window, PRIVATE, box->root);
		box->window = 0;
		box->behaviour = BEHAVE_END;
		say(reply, CBX_EXIT_ENDED, 0, CBX_END_EXIT);
		return CBX_OK;
	}
	xa_for_each(&pages, pfn, entry) {
		if (xa_to_value(entry) == (box->root << 4 | PRIVATE)) {
			fill(pfn, BEHAVE_WINDOW);
			set_page(pfn, SHARED, box->root);
			box->window = pfn;
			say(reply, CBX_EXIT_OUTPUT, pfn, 0);
			return CBX_OK;
		}
	}
	return CBX_E_STATE;
}

static enum cbx_status enter(
	struct box *box, const struct cbx_call *call, struct cbx_reply *reply)
{
	bool idle;

	if (call->arg[2] > CBX_IO_PAGES_MAX)
		return CBX_E_INVALID;
	if (!all_hosts(call->arg[1], call->arg[2]))
		return CBX_E_DENIED;
	idle = box->behaviour == BEHAVE_IDLE && box->inside;
	if (box->state != DYING &&
		(box->behaviour == BEHAVE_SPIN ||
			(box->behaviour == BEHAVE_IDLE && !idle)))
		spin(box);
	if (box->state == DYING) {
		say(reply, CBX_EXIT_ENDED, 0, CBX_END_KILLED);
		return CBX_OK;
	}
	switch (box->behaviour) {
	case BEHAVE_IDLE:
		if (idle)
			say(reply, CBX_EXIT_IDLE, 0, 0);
		return CBX_OK;
	case BEHAVE_SHARE:
		return share(box, reply);
	case BEHAVE_INTERRUPTS:
		if (box->argument) {
			box->argument--;
			return CBX_OK; /* INTERRUPTED */
		}
		fallthrough;
	case BEHAVE_END:
		say(reply, CBX_EXIT_ENDED, box->argument, CBX_END_EXIT);
		return CBX_OK;
	default:
		return CBX_OK;
	}
}

static enum cbx_status of_box(
	struct box *box, const struct cbx_call *call, struct cbx_reply *reply)
{
	switch (call->id) {
	case CBX_CALL_BOX_GRANT:
	case CBX_CALL_BOX_RECLAIM:
		return each(call, box, reply);
	case CBX_CALL_BOX_ADD:
		if (call->arg[5] != CBX_NO_PAGE &&
			!all_hosts(call->arg[5], min_t(u64, call->arg[3], 64)))
			return CBX_E_DENIED;
		return each(call, box, reply);
	case CBX_CALL_BOX_THREAD:
		box->behaviour = call->arg[1];
		box->argument = call->arg[3];
		return CBX_OK;
	case CBX_CALL_BOX_FINALIZE:
		box->state = box->behaviour ? READY : BUILDING;
		return box->behaviour ? CBX_OK : CBX_E_STATE;
	case CBX_CALL_BOX_ENTER:
		return enter(box, call, reply);
	case CBX_CALL_BOX_KICK:
		return CBX_OK;
	case CBX_CALL_BOX_KILL:
		return kill(box);
	case CBX_CALL_BOX_DESTROY:
		return test_stay ? CBX_E_HARDWARE : destroy(box);
	case CBX_CALL_BOX_TEMPLATE:
		if (box->inside)
			return CBX_E_BUSY;
		box->state = TEMPLATE;
		return CBX_OK;
	case CBX_CALL_BOX_BORROW:
		return borrow(box, xa_load(&boxes, call->arg[1]));
	case CBX_CALL_BOX_QUERY:
		reply->ret[0] = box->state;
		reply->ret[2] = box->owned;
		return CBX_OK;
	default:
		return CBX_E_HARDWARE; /* there is no keeper */
	}
}

static enum cbx_status of_none(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	switch (call->id) {
	case CBX_CALL_VERSION:
		reply->ret[0] = CBX_ABI_MAJOR;
		reply->ret[1] = CBX_ABI_MINOR;
		return CBX_OK;
	case CBX_CALL_PAGE_DONATE:
	case CBX_CALL_PAGE_RETURN:
		return each(call, NULL, reply);
	case CBX_CALL_PAGE_QUERY:
		reply->ret[0] = state_of(call->arg[0]);
		reply->ret[2] = owner_of(call->arg[0]);
		return CBX_OK;
	case CBX_CALL_BOX_CREATE:
		return create(call, reply);
	default:
		return CBX_E_HARDWARE;
	}
}

/* The states a box may be in that a call names; 0: it names none. */
static unsigned int states_of(u64 id)
{
	switch (id) {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	case (number):                                        \
		return (number) < 0x100 ? (states) : 0;
#include <confbox/gate.def>
#undef X
	default:
		return 0;
	}
}

static enum cbx_status answer(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	unsigned int states = states_of(call->id);
	struct box *box;

	test_calls++;
	if (call->id >= 0x100)
		pr_err("bad: a call that is no host's: %#llx\n", call->id);
	if (states == NONE)
		return of_none(call, reply);
	box = xa_load(&boxes, call->arg[0]);
	if (!box)
		return CBX_E_INVALID;
	if ((states >> box->state & 1) == 0)
		return box->state == DYING ? CBX_E_STALE : CBX_E_STATE;
	return of_box(box, call, reply);
}

int cbx_monitor_call(const struct cbx_call *call, struct cbx_reply *reply)
{
	if (READ_ONCE(test_silent))
		return -EIO;
	*reply = (struct cbx_reply){ 0 };
	lock_gate();
	reply->status = answer(call, reply);
	mutex_unlock(&gate_lock);
	return 0;
}

/* After the driver heard of it. */
static int on_reboot(
	struct notifier_block *block, unsigned long how, void *command)
{
	pr_warn("left to the next kernel: %lu pages, %lu boxes\n", test_pages,
		test_boxes);
	return NOTIFY_OK;
}

static struct notifier_block reboot_block = { .notifier_call = on_reboot,
	.priority = -1 };

int cbx_monitor_begin(void)
{
	return register_reboot_notifier(&reboot_block);
}

void cbx_monitor_end(void)
{
	unsigned long i;
	void *box;

	unregister_reboot_notifier(&reboot_block);
	if (test_pages)
		pr_warn("%lu pages stay\n", test_pages);
	xa_for_each(&boxes, i, box)
		pr_err("bad: box %lx is left at the end\n", i);
	xa_destroy(&pages);
	xa_destroy(&boxes);
}

u64 cbx_monitor_age(void)
{
	return ktime_get_boottime_ns();
}
