/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of one process seal, open, ask and keep counters at the same time. */
#include "fake.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <client/counter.h>

#define THREADS 4
#define TURNS	8000

static struct cbx_counter_service service;
static struct cbx_counter_id id;

/* Seal and open, and know whose it is. */
static bool seal_one(uint8_t mine)
{
	const struct cbx_seal_options options = { .size = sizeof(options),
		.selector = CBX_SEAL_EXACT };
	uint8_t data[64];
	uint8_t blob[sizeof(data) + CBX_SEAL_MORE];
	uint8_t again[sizeof(data)] = { 0 };

	memset(data, mine, sizeof(data));
	return cbx_seal(&options, data, sizeof(data), blob) == CBX_SEAL_OK &&
	       cbx_unseal(&options, blob, sizeof(blob), again) == CBX_SEAL_OK &&
	       memcmp(data, again, sizeof(data)) == 0;
}

static void *work(void *arg)
{
	const uint8_t *mine = arg;
	uintptr_t wrong = 0;

	for (int i = 0; i < TURNS; i++) {
		struct cbx_counter_value value = { id, 0 };

		wrong += seal_one(*mine) ? 0 : 1;
		if (i % 400 == 0) {
			wrong += cbx_counter_read(&service, &id, &value) ==
						 CBX_SEAL_OK
					 ? 0
					 : 1;
		}
	}
	return (void *)wrong;
}

static void nobody_disturbs_anybody(void **state)
{
	static const uint8_t who[THREADS] = { 1, 2, 3, 4 };
	char folder[] = "/tmp/test_threads.XXXXXX";
	pthread_t thread[THREADS];
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s", folder);
	assert_int_equal(
		cbx_counter_directory(path, &service, id.service), CBX_OK);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, work,
					 (void *)(uintptr_t)&who[i]),
			0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	cbx_counter_close(&service);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "key", "lock", "values" };

		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_disturbs_anybody, fake_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
