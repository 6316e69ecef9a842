/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of one process make and verify evidence at the same time: PSA's keys
 * are everybody's. */
#include "maker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <trust/turn.h>

#define THREADS 4
#define ROUNDS	60

struct worker {
	pthread_t thread;
	struct keeper keeper;
	struct facts facts;
	size_t wrong;
};

/* Make evidence; that one may be, is its own matter: it takes its turn. */
static void make(struct worker *worker, struct made *made)
{
	cbx_psa_take_turn();
	evidence_make(&worker->keeper, &worker->facts, made);
	cbx_psa_end_turn();
}

static enum cbx_refusal verify(
	const struct worker *worker, const struct made *made)
{
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.flags = CBX_APPRAISE_NO_HARDWARE,
		.nonce = { worker->facts.nonce, worker->facts.nonce_size } };
	struct cbx_verdict *verdict = cbx_verdict_create();
	enum cbx_refusal refusal = CBX_REFUSED_INTERNAL;

	if (verdict != NULL) {
		refusal = cbx_verify_box(
			verdict, made_span(made), NULL, &appraisal);
	}
	cbx_verdict_destroy(verdict);
	return refusal;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct made *made = malloc(sizeof(*made));

	for (size_t i = 0; made != NULL && i < ROUNDS; i++) {
		make(worker, made);
		worker->wrong += verify(worker, made) == CBX_ACCEPTED ? 0 : 1;
		made->bytes[made->size - 1] ^= 1;
		worker->wrong +=
			verify(worker, made) == CBX_REFUSED_SIGNATURE ? 0 : 1;
	}
	worker->wrong += made != NULL ? 0 : 1;
	free(made);
	return NULL;
}

static void nobody_gets_another_s_verdict(void **state)
{
	static struct worker workers[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .keeper = keeper_make(),
			.facts = evidence_facts() };
		workers[i].facts.nonce[0] = (uint8_t)i;
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
					 &workers[i]),
			0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(workers[i].wrong, 0);
		(void)psa_destroy_key(workers[i].keeper.key);
	}
}

/* One verification, on a verdict that is there. */
struct waiter {
	pthread_t thread;
	struct made made;
	struct facts facts;
	struct cbx_verdict *verdict;
	atomic_int reason; /* -1: not known yet */
};

static void *wait_and_verify(void *arg)
{
	struct waiter *waiter = arg;
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.flags = CBX_APPRAISE_NO_HARDWARE };

	atomic_store(&waiter->reason,
		(int)cbx_verify_box(waiter->verdict, made_span(&waiter->made),
			NULL, &appraisal));
	return NULL;
}

/* The table of keys is not touched while somebody has the turn. */
static void a_signature_is_checked_in_its_turn(void **state)
{
	static struct waiter waiter;
	const struct timespec a_while = { .tv_nsec = 200000000 };
	struct keeper keeper = keeper_make();

	(void)state;
	waiter.facts = evidence_facts();
	waiter.verdict = cbx_verdict_create();
	assert_non_null(waiter.verdict);
	evidence_make(&keeper, &waiter.facts, &waiter.made);
	atomic_store(&waiter.reason, -1);
	cbx_psa_take_turn();
	assert_int_equal(
		pthread_create(&waiter.thread, NULL, wait_and_verify, &waiter),
		0);
	(void)nanosleep(&a_while, NULL);
	assert_int_equal(atomic_load(&waiter.reason), -1);
	cbx_psa_end_turn();
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	assert_int_equal(atomic_load(&waiter.reason), CBX_ACCEPTED);
	cbx_verdict_destroy(waiter.verdict);
	(void)psa_destroy_key(keeper.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_gets_another_s_verdict),
		cmocka_unit_test(a_signature_is_checked_in_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
