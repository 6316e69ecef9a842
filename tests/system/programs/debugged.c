/* SPDX-License-Identifier: Apache-2.0 */
/* What gdb.py looks into: gdb's words about these lines are what it expects. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct pair {
	int a, b;
};

static int total;
static volatile int spinning = 1;
static volatile long turns;
static pthread_barrier_t all;

__attribute__((noinline)) static int twice(int n)
{
	int result = n * 2;

	total += result;
	return result;
}

static void *work(void *arg)
{
	int number = *(int *)arg;

	pthread_barrier_wait(&all);
	twice(number);
	pthread_barrier_wait(&all);
	return NULL;
}

static int threads(void)
{
	int numbers[3] = { 100, 200, 300 };
	pthread_t thread[3];

	pthread_barrier_init(&all, NULL, 3);
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread[i], NULL, work, &numbers[i]);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
	}
	printf("total %d\n", total);
	return 4;
}

static int spin(void)
{
	while (spinning) {
		turns++;
	}
	return 9;
}

static int answer(void)
{
	char text[64];
	ssize_t n = read(0, text, sizeof(text));

	return n > 0 && write(1, text, (size_t)n) == n ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct pair pair = { 3, argc };
	int x;

	if (argc > 1 && strcmp(argv[1], "threads") == 0) {
		return threads();
	}
	if (argc > 1 && strcmp(argv[1], "spin") == 0) {
		return spin();
	}
	if (argc > 1 && strcmp(argv[1], "answer") == 0) {
		return answer();
	}
	x = twice(21);
	x += twice(pair.a);
	printf("x %d, total %d\n", x, total);
	return x % 7;
}
