/* SPDX-License-Identifier: Apache-2.0 */
/* Counters in a directory, and over a socket: what they remember, and what
 * they never take for nothing. */
#include "client/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <client/counter.h>
#include <client/counter_values.h>
#include <trust/counter.h>

static char place[64];
static char folder[96];

static int make_place(void **state)
{
	(void)state;
	(void)snprintf(place, sizeof(place), "/tmp/test_counter.XXXXXX");
	assert_non_null(mkdtemp(place));
	(void)snprintf(folder, sizeof(folder), "%s/counters", place);
	return 0;
}

static int drop_place(void **state)
{
	static const char *const names[] = { "counters/lock", "counters/key",
		"counters/values", "counters/new", "socket" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", place, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
	return rmdir(place);
}

static const char *file_of(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *bytes, size_t size)
{
	int fd = open(file_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	assert_int_equal(close(fd), 0);
}

static size_t get(const char *name, char *bytes, size_t most)
{
	int fd = open(file_of(name), O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, bytes, most);
	assert_true(n >= 0);
	assert_int_equal(close(fd), 0);
	return (size_t)n;
}

/* An open directory, and the id of its counter "a". */
static struct cbx_counter_service service;
static struct cbx_counter_id id;

static void open_it(void)
{
	memset(&id, 0, sizeof(id));
	id.name[0] = 'a';
	assert_int_equal(
		cbx_counter_directory(folder, &service, id.service), CBX_OK);
}

static void close_it(void)
{
	cbx_counter_close(&service);
	assert_null(service.ask);
}

/* What asking comes to; a good answer is a signed one. */
static int ask_of(uint64_t op, uint64_t from, struct cbx_counter_answer *answer)
{
	struct cbx_counter_question question = {
		.op = op, .from = from, .id = id, .nonce = "n"
	};
	int status = service.ask(service.arg, &question, answer);

	if (status == 0) {
		assert_int_equal(
			cbx_counter_check(&question, answer), CBX_SEAL_OK);
	}
	return status;
}

static uint64_t value_now(void)
{
	struct cbx_counter_answer answer;

	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), 0);
	assert_int_equal(answer.done, 0);
	return answer.value;
}

static bool advance(uint64_t from)
{
	struct cbx_counter_answer answer;

	assert_int_equal(ask_of(CBX_COUNTER_ADVANCE, from, &answer), 0);
	assert_true(answer.done == 0 || answer.value == from + 1);
	return answer.done == 1;
}

static void it_counts_from_where_it_is(void **state)
{
	(void)state;
	open_it();
	assert_int_equal(value_now(), 0);
	assert_false(advance(1));
	assert_int_equal(value_now(), 0);
	assert_true(advance(0));
	assert_false(advance(0));
	assert_true(advance(1));
	assert_int_equal(value_now(), 2);
	id.name[31] = 1;
	assert_int_equal(value_now(), 0);
	close_it();
}

static void it_remembers(void **state)
{
	uint8_t before[32];
	struct stat st;

	(void)state;
	open_it();
	assert_true(advance(0));
	memcpy(before, id.service, sizeof(before));
	close_it();
	open_it();
	assert_memory_equal(before, id.service, sizeof(before));
	assert_int_equal(value_now(), 1);
	close_it();
	assert_int_equal(stat(file_of("key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void what_makes_no_sense_is_not_answered(void **state)
{
	struct cbx_counter_answer answer;

	(void)state;
	open_it();
	assert_int_equal(ask_of(0, 0, &answer), -EINVAL);
	assert_int_equal(ask_of(3, 0, &answer), -EINVAL);
	assert_int_equal(ask_of(CBX_COUNTER_READ, 1, &answer), -EINVAL);
	id.service[0] ^= 1;
	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), -ENOENT);
	close_it();
}

static void two_directories_are_two_services(void **state)
{
	uint8_t first[32];

	(void)state;
	open_it();
	memcpy(first, id.service, sizeof(first));
	close_it();
	assert_int_equal(unlink(file_of("key")), 0);
	assert_int_equal(unlink(file_of("values")), 0);
	open_it();
	assert_memory_not_equal(first, id.service, sizeof(first));
	close_it();
}

static void opening_fails(void)
{
	struct cbx_counter_service none = { 0 };
	uint8_t unused[32];

	assert_int_equal(
		cbx_counter_directory(folder, &none, unused), CBX_E_INVALID);
	assert_null(none.ask);
	assert_string_not_equal(cbx_error_last()->text, "");
}

static void a_broken_directory_is_not_an_empty_one(void **state)
{
	char values[256];
	char key[64];
	size_t size;

	(void)state;
	open_it();
	assert_true(advance(0));
	close_it();
	size = get("values", values, sizeof(values));
	assert_int_equal(get("key", key, sizeof(key)), 48);

	for (size_t cut = 0; cut < size; cut++) {
		put("values", values, cut);
		opening_fails();
	}
	for (size_t i = 0; i < size; i++) {
		values[i] ^= 0x10;
		put("values", values, size);
		opening_fails();
		values[i] ^= 0x10;
	}
	values[size] = '\n';
	put("values", values, size + 1);
	opening_fails();
	values[size] = '\0';
	put("values", values, size + 1);
	opening_fails();
	assert_int_equal(unlink(file_of("values")), 0);
	opening_fails();

	put("values", values, size);
	put("key", key, 47);
	opening_fails();
	put("key", key, 49);
	opening_fails();
	assert_int_equal(unlink(file_of("key")), 0);
	opening_fails();

	put("key", key, 48);
	open_it();
	assert_int_equal(value_now(), 1);
	close_it();
}

static void it_breaks_while_it_is_open_too(void **state)
{
	struct cbx_counter_answer answer;

	(void)state;
	open_it();
	put("values", "libconfbox counters 1\n", 22);
	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), -EBADMSG);
	assert_int_equal(ask_of(CBX_COUNTER_ADVANCE, 0, &answer), -EBADMSG);
	close_it();
}

static void it_ends_before_it_begins_anew(void **state)
{
	struct cbx_counter_answer answer;
	char line[160];
	int size;

	(void)state;
	open_it();
	size = snprintf(line, sizeof(line),
		"libconfbox counters 1\n61%062d 18446744073709551615\nend 1\n",
		0);
	put("values", line, (size_t)size);
	assert_true(value_now() == UINT64_MAX);
	assert_int_equal(
		ask_of(CBX_COUNTER_ADVANCE, UINT64_MAX, &answer), -ERANGE);
	assert_true(value_now() == UINT64_MAX);
	size = snprintf(line, sizeof(line),
		"libconfbox counters 1\n61%062d 18446744073709551616\nend 1\n",
		0);
	put("values", line, (size_t)size);
	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), -EBADMSG);
	close_it();
}

static void it_is_full_at_last(void **state)
{
	struct cbx_counter_answer answer;
	FILE *file;

	(void)state;
	open_it();
	file = fopen(file_of("values"), "we");
	assert_non_null(file);
	(void)fprintf(file, "libconfbox counters 1\n");
	for (unsigned int i = 0; i < CBX_COUNTERS_MAX; i++) {
		(void)fprintf(file, "%064x 5\n", i);
	}
	(void)fprintf(file, "end %u\n", CBX_COUNTERS_MAX);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(ask_of(CBX_COUNTER_ADVANCE, 0, &answer), -ENOSPC);
	assert_int_equal(value_now(), 0);
	id.name[0] = 0;
	assert_true(advance(5));
	assert_int_equal(value_now(), 6);
	close_it();
}

/* ---- several at once ---- */

#define PROCESSES 4
#define TURNS	  8

static void advance_often(uint32_t *acknowledged)
{
	open_it();
	for (int turn = 0; turn < TURNS;) {
		uint64_t now = value_now();

		if (advance(now)) {
			acknowledged[turn++] = (uint32_t)now + 1;
		}
	}
	close_it();
}

static void nobodys_turn_is_lost(void **state)
{
	uint32_t *acknowledged = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool seen[PROCESSES * TURNS + 1] = { false };

	(void)state;
	assert_ptr_not_equal(acknowledged, MAP_FAILED);
	for (size_t i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			advance_often(acknowledged + i * TURNS);
			_exit(0);
		}
	}
	for (size_t i = 0; i < PROCESSES; i++) {
		int code;

		assert_true(wait(&code) > 0);
		assert_int_equal(code, 0);
	}
	for (size_t i = 0; i < (size_t)PROCESSES * TURNS; i++) {
		assert_in_range(acknowledged[i], 1, PROCESSES * TURNS);
		assert_false(seen[acknowledged[i]]);
		seen[acknowledged[i]] = true;
	}
	open_it();
	assert_int_equal(value_now(), PROCESSES * TURNS);
	close_it();
	assert_int_equal(munmap(acknowledged, 4096), 0);
}

/* Killed at any moment, what was said is remembered. */
static void a_killed_one_leaves_what_it_said(void **state)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *said = page;

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	for (unsigned int round = 0; round < 12; round++) {
		pid_t pid = fork();
		int code;

		if (pid == 0) {
			open_it();
			for (uint64_t at = value_now();; at++) {
				*said = advance(at) ? at + 1 : 0;
			}
		}
		/* While it makes the directory, later while it counts. */
		for (uint64_t before = *said; round >= 4 && *said <= before;) {
			(void)usleep(500);
		}
		(void)usleep(1500 * round);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &code, 0), pid);
		assert_true(WIFSIGNALED(code));
		open_it();
		assert_in_range(value_now(), *said, *said + 1);
		close_it();
	}
	assert_true(*said > 0);
}

/* ---- over a socket ---- */

static char socket_path[128];
static int listener;

static void listen_there(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	(void)snprintf(socket_path, sizeof(socket_path), "%s/socket", place);
	memcpy(name.sun_path, socket_path, strlen(socket_path) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(
		bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(listener, 8), 0);
}

static uint64_t served;

static void *serve_one(void *arg)
{
	int fd = accept(listener, NULL, NULL);

	served = cbx_counter_serve(arg, fd);
	close(fd);
	return NULL;
}

static void a_socket_says_what_the_directory_says(void **state)
{
	struct cbx_counter_service there;
	struct cbx_counter_answer answer;
	pthread_t thread;

	(void)state;
	open_it();
	there = service;
	listen_there();
	assert_int_equal(cbx_counter_socket(socket_path, &service), CBX_OK);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(
			pthread_create(&thread, NULL, serve_one, &there), 0);
		assert_true(advance(i));
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(served, 1);
	}
	id.service[0] ^= 1;
	assert_int_equal(pthread_create(&thread, NULL, serve_one, &there), 0);
	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), -ECONNRESET);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(served, 0);
	close(listener);
	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), -ECONNREFUSED);
	close_it();
	service = there;
	close_it();
}

/* A service that ends in the middle of its answer. */
static void *answer_half(void *arg)
{
	static const uint8_t half[sizeof(struct cbx_counter_answer) - 1];
	struct cbx_counter_question question;
	int fd = accept(listener, NULL, NULL);

	(void)arg;
	(void)recv(fd, &question, sizeof(question), MSG_WAITALL);
	(void)send(fd, half, sizeof(half), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void half_an_answer_is_none(void **state)
{
	struct cbx_counter_answer answer;
	struct cbx_counter_answer before;
	pthread_t thread;

	(void)state;
	listen_there();
	assert_int_equal(cbx_counter_socket(socket_path, &service), CBX_OK);
	memset(&answer, 0x5a, sizeof(answer));
	before = answer;
	assert_int_equal(pthread_create(&thread, NULL, answer_half, NULL), 0);
	assert_int_equal(ask_of(CBX_COUNTER_READ, 0, &answer), -ECONNRESET);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_memory_equal(&answer, &before, sizeof(answer));
	close(listener);
	close_it();
}

static void a_name_that_is_none_is_refused(void **state)
{
	struct cbx_counter_service none = { 0 };
	char name[200];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[108] = '\0';
	assert_int_equal(cbx_counter_socket(name, &none), CBX_E_INVALID);
	assert_int_equal(cbx_counter_socket("", &none), CBX_E_INVALID);
	assert_null(none.ask);
	cbx_counter_close(&none);
	cbx_counter_close(NULL);
}

/* ---- a box's call ---- */

static void a_call_is_a_question_and_room_for_its_answer(void **state)
{
	const struct cbx_counter_question question = { .op = CBX_COUNTER_READ,
		.id = { .name = "a" } };
	struct cbx_forward_call call = { .max = sizeof(
						 struct cbx_counter_answer) };
	struct cbx_counter_answer data;
	size_t bytes = sizeof(question);
	struct cbx_counter_question whole = question;

	(void)state;
	open_it();
	memcpy(whole.id.service, id.service, sizeof(id.service));
	memcpy(&data, &whole, sizeof(whole));
	assert_int_equal(
		cbx_counter_forward(&service, &call, &data, &bytes), 0);
	assert_int_equal(bytes, sizeof(data));
	assert_int_equal(cbx_counter_check(&whole, &data), CBX_SEAL_OK);

	bytes = sizeof(question) - 1;
	assert_int_equal(
		cbx_counter_forward(&service, &call, &data, &bytes), -EINVAL);
	assert_int_equal(bytes, 0);
	bytes = sizeof(question);
	call.max--;
	assert_int_equal(
		cbx_counter_forward(&service, &call, &data, &bytes), -EINVAL);
	call.max++;
	bytes = sizeof(question);
	memcpy(&data, &question, sizeof(question)); /* of no service */
	assert_int_equal(
		cbx_counter_forward(&service, &call, &data, &bytes), -ENOENT);
	assert_int_equal(bytes, 0);
	close_it();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_counts_from_where_it_is),
		TEST(it_remembers),
		TEST(what_makes_no_sense_is_not_answered),
		TEST(two_directories_are_two_services),
		TEST(a_broken_directory_is_not_an_empty_one),
		TEST(it_breaks_while_it_is_open_too),
		TEST(it_ends_before_it_begins_anew),
		TEST(it_is_full_at_last),
		TEST(nobodys_turn_is_lost),
		TEST(a_killed_one_leaves_what_it_said),
		TEST(a_socket_says_what_the_directory_says),
		TEST(half_an_answer_is_none),
		TEST(a_name_that_is_none_is_refused),
		TEST(a_call_is_a_question_and_room_for_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
