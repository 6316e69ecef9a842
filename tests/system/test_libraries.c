/* SPDX-License-Identifier: Apache-2.0 */
/* A service that is a relying party, too: threads use libconfbox and
 * libconfbox-verify, as they are installed, at the same time. */
#include "service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/threading.h>

#include <confbox/attest.h>
#include <confbox/counter.h>
#include <confbox/verify.h>

#define ROUNDS 60

static uint8_t evidence[CBX_EVIDENCE_ROOM];
static size_t evidence_bytes;
static const uint8_t nonce[32] = { 7 };

/* libconfbox: open a directory of counters, which is a key, and have it sign. */
static bool count_once(const char *folder)
{
	struct cbx_counter_question question = { .op = CBX_COUNTER_READ };
	struct cbx_counter_service counters;
	struct cbx_counter_answer answer;
	bool asked;

	if (cbx_counter_directory(folder, &counters, question.id.service) !=
		CBX_OK) {
		return false;
	}
	asked = counters.ask(counters.arg, &question, &answer) == 0;
	cbx_counter_close(&counters);
	return asked;
}

static void *count(void *arg)
{
	uintptr_t wrong = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		wrong += count_once(arg) ? 0 : 1;
	}
	return (void *)wrong;
}

/* Remove the directory. */
static void forget(const char *folder)
{
	static const char *const names[] = { "key", "lock", "values" };
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

static enum cbx_refusal verify(struct cbx_span bytes)
{
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.flags = CBX_APPRAISE_NO_HARDWARE,
		.nonce = { nonce, sizeof(nonce) } };
	struct cbx_verdict *verdict = cbx_verdict_create();
	enum cbx_refusal refusal =
		cbx_verify_monitor(verdict, bytes, NULL, &appraisal);

	cbx_verdict_destroy(verdict);
	return refusal;
}

/* libconfbox-verify: check signatures, a good one and a bad one. */
static void *check(void *arg)
{
	uint8_t *altered = malloc(evidence_bytes);
	uintptr_t wrong = altered == NULL ? 1 : 0;

	(void)arg;
	if (altered == NULL) {
		return (void *)wrong;
	}
	memcpy(altered, evidence, evidence_bytes);
	altered[evidence_bytes - 1] ^= 1;
	for (size_t i = 0; i < ROUNDS / 3; i++) {
		wrong += verify((struct cbx_span){
				 evidence, evidence_bytes }) == CBX_ACCEPTED
				 ? 0
				 : 1;
		wrong += verify((struct cbx_span){ altered, evidence_bytes }) ==
					 CBX_REFUSED_SIGNATURE
				 ? 0
				 : 1;
	}
	free(altered);
	return (void *)wrong;
}

/* Both: new evidence by the one, verified by the other. */
static void *attest(void *arg)
{
	const struct cbx_evidence_want want = { .size = sizeof(want),
		.nonce = nonce,
		.nonce_bytes = sizeof(nonce) };
	uint8_t *made = malloc(CBX_EVIDENCE_ROOM);
	uintptr_t wrong = made == NULL ? 1 : 0;

	for (size_t i = 0; made != NULL && i < ROUNDS / 10; i++) {
		size_t size = CBX_EVIDENCE_ROOM;

		wrong += cbx_monitor_evidence(arg, &want, made, &size) ==
						 CBX_OK &&
					 verify((struct cbx_span){
						 made, size }) == CBX_ACCEPTED
				 ? 0
				 : 1;
	}
	free(made);
	return (void *)wrong;
}

static void both_libraries_serve_threads(void **state)
{
	const struct cbx_evidence_want want = { .size = sizeof(want),
		.nonce = nonce,
		.nonce_bytes = sizeof(nonce) };
	void *(*const work[])(void *) = { count, check, attest, count, check };
	char folder[] = "/tmp/test_libraries.XXXXXX";
	pthread_t thread[5];
	struct cbx_context *context;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(cbx_context_open(NULL, &context), CBX_OK);
	evidence_bytes = sizeof(evidence);
	assert_int_equal(
		cbx_monitor_evidence(context, &want, evidence, &evidence_bytes),
		CBX_OK);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(
			pthread_create(&thread[i], NULL, work[i],
				work[i] == attest ? (void *)context : folder),
			0);
	}
	for (size_t i = 0; i < 5; i++) {
		void *wrong;

		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	cbx_context_close(context);
	forget(folder);
}

/* ---- whose turn it is ---- */

static atomic_int done[2];

static void *use_libconfbox(void *arg)
{
	atomic_store(&done[0], count_once(arg) ? 1 : -1);
	return NULL;
}

static void *use_verify(void *arg)
{
	(void)arg;
	atomic_store(&done[1], verify((struct cbx_span){ evidence, 1 }) ==
					       CBX_REFUSED_MALFORMED
				       ? 1
				       : -1);
	return NULL;
}

/* mbedTLS's tables exist once in the process, and so does the turn: whoever has
 * it keeps both libraries out. */
static void both_libraries_take_one_turn(void **state)
{
	void *(*const use[])(void *) = { use_libconfbox, use_verify };
	const struct timespec while_ = { .tv_nsec = 200000000 };
	char folder[] = "/tmp/test_libraries.XXXXXX";
	pthread_t thread[2];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(
		mbedtls_mutex_lock(&mbedtls_threading_readdir_mutex), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			pthread_create(&thread[i], NULL, use[i], folder), 0);
	}
	(void)nanosleep(&while_, NULL);
	assert_int_equal(atomic_load(&done[0]), 0);
	assert_int_equal(atomic_load(&done[1]), 0);
	assert_int_equal(
		mbedtls_mutex_unlock(&mbedtls_threading_readdir_mutex), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(atomic_load(&done[i]), 1);
	}
	forget(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_libraries_take_one_turn),
		cmocka_unit_test(both_libraries_serve_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
