/* SPDX-License-Identifier: Apache-2.0 */
#include <client/bell.h>
#include <client/lend.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <client/error.h>

#define USELESS_MAX 8u

void *cbx_lend_buffer(const struct cbx_lender *lender)
{
	return cbx_monitor_page(
		&lender->run->box->context->monitor, lender->buffer.pfn);
}

static void blocked(void *arg)
{
	cbx_lend_block(arg);
}

static void init(struct cbx_lender *lender, struct cbx_running *run)
{
	*lender = (struct cbx_lender){ .run = run, .call = -1, .bell = -1 };
	lender->patience = run->patience;
	lender->patience.blocks = blocked;
	lender->patience.arg = lender;
	(void)pthread_cond_init(&lender->go, NULL);
}

enum cbx_status cbx_lend_start(struct cbx_running *run)
{
	struct cbx_lender *lender = &run->first;
	enum cbx_status status;

	(void)pthread_mutex_init(&run->lock, NULL);
	(void)pthread_mutex_init(&run->serving, NULL);
	(void)pthread_mutex_init(&run->reading, NULL);
	init(lender, run);
	lender->buffer = run->box->buffer;
	status = cbx_cpu_take(run->box->context, &lender->cpu);
	run->lenders = 1;
	return status;
}

/* ---- places ---- */

void cbx_lend_enter(struct cbx_lender *lender)
{
	struct cbx_running *run = lender->run;

	pthread_mutex_lock(&run->lock);
	if (lender->inside) {
		pthread_mutex_unlock(&run->lock);
		return;
	}
	if (run->inside < run->cpus) {
		run->inside++;
		lender->inside = true;
	} else {
		struct cbx_lender **last = &run->waiting;

		while (*last != NULL) {
			last = &(*last)->behind;
		}
		*last = lender;
		lender->behind = NULL;
	}
	while (!lender->inside) {
		pthread_cond_wait(&lender->go, &run->lock);
	}
	pthread_mutex_unlock(&run->lock);
}

static void give_place(struct cbx_lender *lender)
{
	struct cbx_running *run = lender->run;
	struct cbx_lender *next = run->waiting;

	if (!lender->inside) {
		return;
	}
	lender->inside = false;
	if (next == NULL || run->inside > run->cpus) {
		run->inside--;
		return;
	}
	run->waiting = next->behind;
	next->inside = true;
	pthread_cond_signal(&next->go);
}

void cbx_lend_leave(struct cbx_lender *lender)
{
	pthread_mutex_lock(&lender->run->lock);
	give_place(lender);
	pthread_mutex_unlock(&lender->run->lock);
}

/* ---- calling one another ---- */

/* With the lock: call one that sleeps, unless it came for nothing too often.
 * @return whether there was one */
static bool call_one(struct cbx_running *run, uint32_t useless)
{
	struct cbx_lender *lender = run->all;

	while (lender != NULL && (!lender->idle || lender->useless > useless)) {
		lender = lender->next;
	}
	if (lender == NULL) {
		return false;
	}
	lender->idle = false;
	cbx_bell_ring(lender);
	return true;
}

void cbx_lend_call(struct cbx_lender *lender)
{
	struct cbx_running *run = lender->run;

	pthread_mutex_lock(&run->lock);
	if (run->waiting == NULL) {
		(void)call_one(run, USELESS_MAX);
	}
	pthread_mutex_unlock(&run->lock);
}

void cbx_lend_idle(struct cbx_lender *lender, uint64_t until_ns)
{
	struct cbx_running *run = lender->run;
	struct cbx_patience patience = lender->patience;
	uint64_t count;
	bool over;

	pthread_mutex_lock(&run->lock);
	over = run->ended;
	lender->idle = !over;
	pthread_mutex_unlock(&run->lock);
	if (lender->bell >= 0) {
		patience.wake = lender->bell;
	}
	if (!over) {
		cbx_run_sleep(lender, &patience, until_ns);
	}
	if (lender->call >= 0 &&
		read(lender->call, &count, sizeof(count)) < 0) {
		count = 0; /* it was not called */
	}
	pthread_mutex_lock(&run->lock);
	lender->idle = false;
	pthread_mutex_unlock(&run->lock);
}

bool cbx_lend_end(struct cbx_running *run)
{
	uint64_t one = 1;
	ssize_t n;
	bool first;

	pthread_mutex_lock(&run->lock);
	first = !run->ended;
	run->ended = true;
	for (struct cbx_lender *l = run->all; l != NULL; l = l->next) {
		cbx_bell_ring(l);
	}
	if (run->all != NULL) {
		n = write(run->box->wake, &one, sizeof(one));
		(void)n;
	}
	pthread_mutex_unlock(&run->lock);
	return first;
}

/* ---- more of them ---- */

static void fini(struct cbx_lender *lender)
{
	cbx_bell_close(lender);
	pthread_cond_destroy(&lender->go);
	if (lender->cpu != NULL) {
		cbx_cpu_put(lender->cpu);
	}
}

static void free_helper(struct cbx_lender *lender)
{
	struct cbx_context *context = lender->run->box->context;

	if (lender->buffer.count != 0) {
		cbx_monitor_forget(&context->monitor, lender->buffer.pfn,
			lender->buffer.count);
		cbx_pool_give(&context->pool, lender->buffer);
	}
	fini(lender);
	free(lender);
}

static void *helper_main(void *arg)
{
	struct cbx_lender *lender = arg;

	cbx_lend_main(lender);
	return NULL;
}

/* Its own signals are for the thread that runs the box. */
static bool start_thread(struct cbx_lender *lender)
{
	sigset_t all;
	sigset_t old;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started =
		pthread_create(&lender->thread, NULL, helper_main, lender) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

static struct cbx_lender *new_helper(struct cbx_running *run)
{
	struct cbx_context *context = run->box->context;
	struct cbx_lender *lender = calloc(1, sizeof(*lender));

	if (lender == NULL) {
		return NULL;
	}
	init(lender, run);
	if (!cbx_context_pages(context, CBX_IO_PAGES_MAX, &lender->buffer) ||
		!cbx_bell_make(lender) || !cbx_cpu_try(context, &lender->cpu)) {
		free_helper(lender);
		return NULL;
	}
	return lender;
}

/* With the lock. */
static void add_helper(struct cbx_running *run)
{
	struct cbx_lender *lender;

	if (run->ended || run->lenders > run->cpus || run->no_more ||
		!cbx_bell_make(&run->first)) {
		return;
	}
	if (run->all == NULL) {
		run->all = &run->first;
	}
	lender = new_helper(run);
	if (lender == NULL || !start_thread(lender)) {
		if (lender != NULL) {
			free_helper(lender);
		}
		run->no_more = true;
		return;
	}
	lender->next = run->all;
	run->all = lender;
	run->lenders++;
}

void cbx_lend_finish(struct cbx_running *run)
{
	while (run->all != NULL && run->all != &run->first) {
		struct cbx_lender *lender = run->all;

		(void)pthread_join(lender->thread, NULL);
		run->all = lender->next;
		free_helper(lender);
	}
	fini(&run->first);
	pthread_mutex_destroy(&run->lock);
	pthread_mutex_destroy(&run->serving);
	pthread_mutex_destroy(&run->reading);
}

/* Threads the monitor says the box has; 0 when it does not tell. */
static uint64_t threads(enum cbx_status status, const struct cbx_reply *reply)
{
	return status == CBX_OK ? reply->ret[4] : 0;
}

void cbx_lend_block(struct cbx_lender *lender)
{
	struct cbx_running *run = lender->run;
	struct cbx_call call = { .id = CBX_CALL_BOX_QUERY,
		.arg = { run->box->root } };
	struct cbx_reply reply;

	if (!lender->inside || threads(cbx_cpu_call(lender->cpu, &call, &reply),
				       &reply) <= 1) {
		return;
	}
	pthread_mutex_lock(&run->lock);
	if (run->waiting == NULL && !call_one(run, UINT32_MAX)) {
		add_helper(run);
	}
	give_place(lender);
	pthread_mutex_unlock(&run->lock);
}

/* @param due  only if the box would do something else when it is entered again */
static enum cbx_status kick(struct cbx_running *run, bool due)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_KICK,
		.arg = { run->box->root, due } };
	struct cbx_reply reply;

	return cbx_context_call(run->box->context, &call, &reply);
}

enum cbx_status cbx_lend_alone(struct cbx_lender *lender)
{
	struct cbx_running *run = lender->run;
	bool others;

	pthread_mutex_lock(&run->lock);
	run->cpus = 1;
	others = run->inside > 1;
	pthread_mutex_unlock(&run->lock);
	return others ? kick(run, false) : CBX_OK;
}

/* Whether one more could enter the box. */
static bool has_room(struct cbx_running *run)
{
	bool room;

	pthread_mutex_lock(&run->lock);
	room = run->inside < run->cpus && !run->confined &&
	       (!run->no_more || run->lenders > 1);
	pthread_mutex_unlock(&run->lock);
	return room;
}

void cbx_lend_more(struct cbx_running *run)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_QUERY,
		.arg = { run->box->root } };
	struct cbx_reply reply;

	if (has_room(run) &&
		threads(cbx_context_call(run->box->context, &call, &reply),
			&reply) > 1) {
		pthread_mutex_lock(&run->lock);
		if (!call_one(run, UINT32_MAX)) {
			add_helper(run);
		}
		pthread_mutex_unlock(&run->lock);
	}
}

enum cbx_status cbx_lend_tick(struct cbx_lender *lender)
{
	cbx_lend_more(lender->run);
	return kick(lender->run, true);
}
