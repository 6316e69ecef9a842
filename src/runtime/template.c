/* SPDX-License-Identifier: Apache-2.0 */
#include "template.h"

#include <base/gatecall_linux.h>
#include <base/start.h>

#include "channel.h"
#include "clocks.h"
#include "cpu.h"
#include "frame.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "memory_space.h"
#include "message.h"
#include "own_image.h"
#include "rewrite.h"
#include "syscall.h"
#include "task.h"
#include "time.h"
#include "timers.h"
#include "trap.h"
#include "user.h"

#define END_BROKEN 125
#define CLUSTER	   0x10000ull /* bytes that become the clone's own at once */

/* entry_linux.S */
void cbx_runtime_upcall_entry(void);

static struct {
	bool wanted;
	bool cloned;
	bool valid; /* what follows holds */
	struct cbx_regs *regs;
	void *frame;
	uint64_t fs_base;
} point;

bool cbx_template_cloned(void)
{
	return point.cloned;
}

void cbx_template_want(void)
{
	point.wanted =
		(cbx_box_flags & CBX_START_TEMPLATE) != 0 && !point.cloned;
}

static void fire(struct cbx_timer *timer)
{
	(void)timer;
	cbx_template_want();
}

void cbx_template_after(uint64_t ns)
{
	static struct cbx_timer timer = { .fire = fire };

	if (ns != 0) {
		cbx_timers_set(
			&timer, cbx_clock_add(cbx_time_monotonic(),
					(int64_t)cbx_min(ns, INT64_MAX)));
		cbx_timers_leave(cbx_task_self());
	}
}

bool cbx_template_wanted(void)
{
	return point.wanted;
}

/* ---- the template ---- */

static _Noreturn void refuse(const char *why)
{
	cbx_message_fatal("/dev/template", why, END_BROKEN);
}

static bool writes_a_file(const struct cbx_map *m)
{
	for (uint64_t i = 0; i < m->extents.count; i++) {
		const struct cbx_extent *e = &m->extents.at[i];

		if (e->shared && (e->rights & CBX_RIGHT_W) != 0) {
			return true;
		}
	}
	return false;
}

static void check(const struct cbx_task *self)
{
	const struct cbx_process *process = self->process;

	if (process != &cbx_process_init || process->next != NULL ||
		!cbx_memory_space_alone()) {
		refuse("the program has, or had, other processes");
	}
	if (process->task_count != 1) {
		refuse("the program has more than one thread");
	}
	if (writes_a_file(process->map)) {
		refuse("the program has a shared mapping that it can write");
	}
}

/* The frame goes with the call; a copy stays. */
static void keep(const struct cbx_task *self)
{
	uint64_t bytes = cbx_frame_bytes(self->context.frame);
	uint8_t *block = cbx_heap_take(bytes);

	if (block == NULL) {
		refuse("not enough memory");
	}
	point.frame = cbx_frame_copy(
		self->context.frame, (uint64_t)block + cbx_heap_size(bytes));
	point.regs = cbx_frame_regs(point.frame);
	*point.regs = *self->context.regs;
	point.fs_base = cbx_cpu_fs();
	point.valid = true;
}

/* A call that slept when the time was over. */
static void make_again(uint32_t call)
{
	if (call != CBX_NO_CALL && (int64_t)point.regs->rax == -LX_EINTR) {
		point.regs->rax = call;
		cbx_rewrite_again(point.regs);
	}
}

void cbx_template_point(struct cbx_task *self, uint32_t call)
{
	check(self);
	point.wanted = false;
	cbx_map_drop_cache(self->process->map, 0, UINT64_MAX);
	cbx_channel_flush();
	keep(self);
	make_again(call);
	cbx_runtime_unlock();
	for (;;) {
		cbx_gate_park(0);
	}
}

/* ---- the clone ---- */

/* Nothing of the runtime's may be written before. */
static bool own_image(void)
{
	const struct cbx_image_part *p = cbx_image_parts();
	bool all = true;

	for (uint16_t i = 0; i < cbx_image_header()->header_count; i++) {
		uint64_t start = cbx_page_floor(p[i].va);
		uint64_t end = cbx_page_ceil(p[i].va + p[i].memory_bytes);

		if (p[i].type == CBX_IMAGE_LOAD &&
			(p[i].flags & CBX_IMAGE_WRITE) != 0) {
			all = cbx_gate_protect(0, start,
				      (end - start) >> CBX_PAGE_SHIFT,
				      CBX_MAP_RW) &&
			      all;
		}
	}
	return all;
}

static bool own(uint64_t start, uint64_t end)
{
	return cbx_gate_protect(cbx_memory_space_home(), start,
		(end - start) >> CBX_PAGE_SHIFT, CBX_MAP_RW);
}

bool cbx_template_fault(uint64_t address)
{
	uint64_t page = cbx_page_floor(address);
	uint64_t cluster = address & ~(CLUSTER - 1);

	return point.cloned && address >= CBX_HEAP_VA && address < CBX_VA_MAX &&
	       (own(cluster, cluster + CLUSTER) ||
		       own(page, page + CBX_PAGE_SIZE));
}

uint64_t cbx_template_own(uint64_t start, uint64_t bytes)
{
	uint64_t end = start + bytes;

	if (!point.cloned || start < CBX_HEAP_VA) {
		return bytes;
	}
	end = cbx_min(end, cbx_page_ceil(start + 1) + CLUSTER);
	(void)own(cbx_page_floor(start), cbx_page_ceil(end));
	return end - start;
}

/* What the program could write it asks for again. */
static void lend_extents(struct cbx_map *m)
{
	for (uint64_t i = 0; i < m->extents.count; i++) {
		struct cbx_extent *e = &m->extents.at[i];

		if ((e->rights & CBX_RIGHT_W) != 0) {
			e->rights = (uint8_t)((e->rights & ~CBX_RIGHT_W) |
					      CBX_RIGHT_R);
		}
	}
}

/* The next word of the program's vector; false at the end of memory. */
static bool next_word(uint64_t *at, uint64_t *word)
{
	bool got = cbx_user_get(word, *at, sizeof(*word)) == 0;

	*at += sizeof(*word);
	return got;
}

/* Other bytes where the loader found its random ones.  A program that unmapped
 * them has no use for them. */
static void reseed(const struct cbx_process *process)
{
	uint64_t at = process->vector + sizeof(uint64_t);
	uint64_t random[4];
	uint64_t word;

	for (int lists = 0; lists < 2;) {
		if (!next_word(&at, &word)) {
			return;
		}
		lists += word == 0 ? 1 : 0;
	}
	while (next_word(&at, &word) && word != LX_AT_NULL) {
		uint64_t value;

		if (!next_word(&at, &value)) {
			return;
		}
		if (word == LX_AT_RANDOM) {
			cbx_gate_random(random);
			if (cbx_user_put(value, random, 16) != 0) {
				return;
			}
		}
	}
}

static void begin(struct cbx_task *self)
{
	uint64_t space;

	if (!cbx_gate_upcall_entry((uint64_t)cbx_runtime_upcall_entry, 0,
		    &self->thread, &space)) {
		cbx_message_fatal(
			"up-calls", "refused by the monitor", END_BROKEN);
	}
	cbx_memory_space_first(space);
	cbx_task_enter(self);
	cbx_cpu_set_fs(point.fs_base);
	self->fast.stack = 0; /* that of the template */
	point.cloned = true;
}

void cbx_template_clone(void)
{
	struct cbx_task *self = &cbx_task_init;

	if (!own_image() || !point.valid) {
		cbx_message_fatal("clone", "of no template", END_BROKEN);
	}
	begin(self);
	cbx_runtime_lock();
	lend_extents(self->process->map);
	reseed(self->process);
	cbx_runtime_unlock();
	self->context = (struct cbx_context){ NULL, point.regs, point.frame };
	cbx_trap_begin();
	cbx_trap_return(NULL, point.regs, point.frame);
}
