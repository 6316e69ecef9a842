/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/reserve.h>
#include <core/thread.h>

/* Threads one call ends at most. */
#define THREADS_PER_CALL 64

enum cbx_status cbx_thread_create(struct cbx_domain *d, struct cbx_space *space,
	const struct cbx_vcpu_start *start, uint64_t *handle)
{
	struct cbx_thread *thread;
	enum cbx_status status;
	uint32_t pfn;

	if (space->ended) {
		return CBX_E_STATE;
	}
	if (d->reserve.count == 0 ||
		d->threads.count >= d->policy.threads_max) {
		return CBX_E_NOMEM;
	}
	pfn = cbx_reserve_meta(d, CBX_META_THREAD);
	thread = cbx_thread_hold(d, pfn);
	thread->self = pfn;
	thread->owner = d->self;
	thread->space = space->self;
	thread->state = CBX_THREAD_RUNNABLE;
	status = cbx_arch_vcpu_init(&thread->vcpu, &space->arch, start);
	if (status == CBX_OK) {
		cbx_list_put(&d->threads, pfn);
		space->thread_count++;
		*handle = pfn;
	}
	cbx_thread_drop(thread);
	if (status != CBX_OK) {
		cbx_reserve_recycle(d, pfn);
	}
	return status;
}

static void leave_space(const struct cbx_domain *d, uint32_t handle)
{
	struct cbx_space *space = cbx_space_hold(d, handle);

	CBX_ASSERT(space != NULL && space->thread_count != 0);
	space->thread_count--;
	cbx_space_drop(space);
}

void cbx_thread_destroy(struct cbx_domain *d, struct cbx_thread *thread)
{
	uint32_t pfn = thread->self;

	if (thread->ask == CBX_ASK_INPUT || thread->ask == CBX_ASK_FORWARD) {
		d->asks--;
	}
	cbx_arch_vcpu_fini(&thread->vcpu);
	leave_space(d, thread->space);
	if (d->next_thread == pfn) {
		d->next_thread = cbx_list_next(pfn);
	}
	cbx_list_remove(&d->threads, pfn);
	cbx_thread_drop(thread);
	if (d->state != CBX_DOMAIN_DYING) {
		cbx_reserve_recycle(d, pfn);
	}
}

bool cbx_thread_end_all(struct cbx_domain *d)
{
	for (int i = 0; d->threads.count != 0 && i < THREADS_PER_CALL; i++) {
		cbx_thread_destroy(d, cbx_thread_hold(d, d->threads.head));
	}
	return d->threads.count == 0;
}

uint64_t cbx_thread_wake(const struct cbx_domain *d, uint64_t ticks)
{
	uint64_t step = d->policy.wake_step;
	uint64_t now = cbx_hal_ticks();
	uint64_t at = ticks > now ? ticks : now;
	uint64_t over = at % step;

	if (over == 0 && at > now) {
		return at;
	}
	return step - over > UINT64_MAX - at ? UINT64_MAX : at + (step - over);
}

uint64_t cbx_thread_frame_wake(struct cbx_domain *d)
{
	d->frame_wake = cbx_thread_wake(d, d->frame_wake + 1);
	return d->frame_wake;
}

/* Whether the host still serves its exit. */
static bool has_left(const struct cbx_domain *d, uint32_t handle)
{
	uint32_t i = 0;

	while (i < d->left_count && d->left[i].thread != handle) {
		i++;
	}
	return i < d->left_count;
}

/* Whether it is time; *wake becomes the earliest time there is. */
static bool is_time(uint64_t at, uint64_t *wake)
{
	if (at > cbx_hal_ticks() && (*wake == 0 || at < *wake)) {
		*wake = at;
	}
	return at != 0 && at <= cbx_hal_ticks();
}

static bool can_run(const struct cbx_thread *thread, uint64_t *wake)
{
	return thread->state == CBX_THREAD_RUNNABLE ||
	       is_time(thread->wake, wake);
}

bool cbx_thread_due(const struct cbx_domain *d)
{
	uint64_t wake = 0;
	bool due = false;

	for (uint32_t handle = d->threads.head; handle != CBX_NO_LINK && !due;
		handle = cbx_list_next(handle)) {
		struct cbx_thread *thread = cbx_thread_hold(d, handle);

		due = thread->state == CBX_THREAD_RUNNING
			      ? is_time(thread->deadline, &wake)
			      : can_run(thread, &wake) && !has_left(d, handle);
		cbx_thread_drop(thread);
	}
	return due;
}

struct cbx_thread *cbx_thread_pick(struct cbx_domain *d, uint64_t *wake)
{
	uint32_t handle = d->next_thread;

	*wake = 0;
	for (uint64_t i = 0; i < d->threads.count; i++) {
		struct cbx_thread *thread;

		if (handle == CBX_NO_LINK) {
			handle = d->threads.head;
		}
		thread = cbx_thread_hold(d, handle);
		handle = cbx_list_next(handle);
		if (can_run(thread, wake) && !has_left(d, thread->self)) {
			d->next_thread = handle;
			return thread;
		}
		cbx_thread_drop(thread);
	}
	return NULL;
}
