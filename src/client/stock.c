/* SPDX-License-Identifier: Apache-2.0 */
/* Clones made before somebody wants one: a thread keeps some ready. */
#include <client/template.h>

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <client/error.h>

#define STOCK_MAX 1024u

struct ready {
	struct cbx_box *box;
};

struct cbx_stock {
	struct cbx_template *template_;
	uint64_t memory_bytes;
	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool ended;
	bool wanted; /* not all are there, and nothing failed since a take */
	uint32_t most;
	uint32_t count;
	struct ready ready[]; /* the first count of most */
};

/* One more clone, without the lock. */
static enum cbx_status add(struct cbx_stock *stock)
{
	struct cbx_box *box = NULL;
	enum cbx_status status =
		cbx_template_make(stock->template_, stock->memory_bytes, &box);

	if (status != CBX_OK) {
		return status;
	}
	pthread_mutex_lock(&stock->lock);
	stock->ready[stock->count++].box = box;
	pthread_mutex_unlock(&stock->lock);
	return CBX_OK;
}

/* Whether there is something to do; false at the end. */
static bool wait_wanted(struct cbx_stock *stock)
{
	bool ended;

	pthread_mutex_lock(&stock->lock);
	while (!stock->ended && !stock->wanted) {
		pthread_cond_wait(&stock->changed, &stock->lock);
	}
	ended = stock->ended;
	pthread_mutex_unlock(&stock->lock);
	return !ended;
}

static void *refill(void *arg)
{
	struct cbx_stock *stock = arg;

	while (wait_wanted(stock)) {
		bool added = add(stock) == CBX_OK;

		pthread_mutex_lock(&stock->lock);
		if (!added || stock->count == stock->most) {
			stock->wanted = false;
		}
		pthread_mutex_unlock(&stock->lock);
	}
	return NULL;
}

/* Half of them go before others are made: who is in a hurry has the machine to
 * itself meanwhile. */
struct cbx_box *cbx_stock_take(struct cbx_stock *stock, uint64_t memory_bytes)
{
	struct cbx_box *box = NULL;

	if (stock == NULL || stock->memory_bytes != memory_bytes) {
		return NULL;
	}
	pthread_mutex_lock(&stock->lock);
	if (stock->count != 0) {
		box = stock->ready[--stock->count].box;
	}
	if (stock->count <= stock->most / 2) {
		stock->wanted = true;
		pthread_cond_signal(&stock->changed);
	}
	pthread_mutex_unlock(&stock->lock);
	return box;
}

/* Its signals are not for this thread. */
static bool start_thread(struct cbx_stock *stock)
{
	sigset_t all;
	sigset_t old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	stock->threaded =
		pthread_create(&stock->thread, NULL, refill, stock) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return stock->threaded;
}

static enum cbx_status fill(struct cbx_stock *stock)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && stock->count < stock->most) {
		status = add(stock);
	}
	if (status == CBX_OK && !start_thread(stock)) {
		status = cbx_fail(CBX_E_NOMEM, "stock: no thread to keep it");
	}
	return status;
}

static struct cbx_stock *new_stock(
	struct cbx_template *template_, uint64_t memory_bytes, uint32_t most)
{
	struct cbx_stock *stock =
		calloc(1, sizeof(*stock) + most * sizeof(struct ready));

	if (stock == NULL) {
		return NULL;
	}
	stock->template_ = template_;
	stock->memory_bytes = memory_bytes;
	stock->most = most;
	(void)pthread_mutex_init(&stock->lock, NULL);
	(void)pthread_cond_init(&stock->changed, NULL);
	return stock;
}

void cbx_stock_end(struct cbx_stock *stock)
{
	if (stock == NULL) {
		return;
	}
	pthread_mutex_lock(&stock->lock);
	stock->ended = true;
	pthread_cond_signal(&stock->changed);
	pthread_mutex_unlock(&stock->lock);
	if (stock->threaded) {
		(void)pthread_join(stock->thread, NULL);
	}
	while (stock->count != 0) {
		cbx_box_destroy(stock->ready[--stock->count].box);
	}
	pthread_cond_destroy(&stock->changed);
	pthread_mutex_destroy(&stock->lock);
	free(stock);
}

enum cbx_status cbx_template_stock(
	struct cbx_template *template_, uint64_t memory_bytes, uint32_t count)
{
	struct cbx_stock *stock = NULL;
	enum cbx_status status = CBX_OK;

	if (count > STOCK_MAX) {
		return cbx_fail(CBX_E_INVALID,
			"stock: at most %u clones are kept", STOCK_MAX);
	}
	if (count != 0) {
		stock = new_stock(template_, memory_bytes, count);
		status = stock != NULL ? fill(stock) : cbx_fail_memory("stock");
	}
	if (status != CBX_OK) {
		struct cbx_error keep = *cbx_error_last();

		cbx_stock_end(stock);
		cbx_error_restore(&keep);
		return status;
	}
	cbx_stock_end(template_->stock);
	template_->stock = stock;
	return CBX_OK;
}
