/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service is killed, again and again, at random points of its life; after each
 * kill nothing of it is left.
 *
 *   kills COUNT SEED SERVICE [WORD]...
 *
 * The service is one that says a line when its box runs, and another one when that is
 * done.  Its life is looked at once; then kills come after each point of it in turn,
 * by a random part of the time it was from there to the next one.
 */
#include "use.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Points of a life. */
enum {
	STARTS,
	HAS_PAGES,
	HAS_BOX,
	RUNS,
	IS_DONE,
	POINTS,
};
static const char *const names[POINTS] = { "starts", "has pages", "has a box",
	"runs", "is done" };

#define STEP_US 2000u

struct life {
	pid_t pid;
	int output;
	unsigned int said; /* lines */
};

static uint64_t seed;
static char **service;

static uint64_t roll(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static uint64_t now_us(void)
{
	struct timespec now;

	EXPECT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct life begin(void)
{
	struct life life = { 0 };
	int ends[2];

	EXPECT(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	life.output = ends[0];
	life.pid = fork();
	EXPECT(life.pid >= 0);
	if (life.pid == 0) {
		(void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)execv(service[0], service);
		_exit(127);
	}
	(void)close(ends[1]);
	return life;
}

static bool has(const char *what)
{
	return use_number(USE_OF_DEVICE, what) != 0;
}

static bool has_said(struct life *life, unsigned int lines)
{
	char text[64];
	ssize_t size = read(life->output, text, sizeof(text));

	for (ssize_t i = 0; i < size; i++) {
		life->said += text[i] == '\n';
	}
	return life->said >= lines;
}

static bool is_at(struct life *life, int point)
{
	switch (point) {
	case HAS_PAGES:
		return has("pages");
	case HAS_BOX:
		return has("boxes");
	case RUNS:
		return has_said(life, 1);
	case IS_DONE:
		return has_said(life, 2);
	default:
		return true;
	}
}

/* @return whether it has ended by itself */
static bool is_over(const struct life *life)
{
	siginfo_t info = { 0 };

	EXPECT(waitid(P_PID, (id_t)life->pid, &info,
		       WEXITED | WNOHANG | WNOWAIT) == 0);
	return info.si_pid != 0;
}

/* @return whether it came there */
static bool wait_for(struct life *life, int point)
{
	while (!is_at(life, point)) {
		if (is_over(life)) {
			return is_at(life, point);
		}
		(void)usleep(STEP_US);
	}
	return true;
}

static int end(struct life *life)
{
	int status;

	EXPECT(waitpid(life->pid, &status, 0) == life->pid);
	(void)close(life->output);
	return status;
}

/* How long it is from each point to the next one. */
static void look(uint64_t *lengths)
{
	struct life life = begin();
	uint64_t begun = now_us();

	for (int point = STARTS + 1; point < POINTS; point++) {
		EXPECT(wait_for(&life, point));
		lengths[point - 1] = now_us() - begun;
		begun = now_us();
	}
	EXPECT(end(&life) == 0);
	lengths[IS_DONE] = now_us() - begun;
	for (int point = 0; point < POINTS; point++) {
		printf("%s for %llu ms\n", names[point],
			(unsigned long long)lengths[point] / 1000);
	}
}

/* @return whether it was killed, and had not ended before */
static bool kill_one(int point, uint64_t wait_us)
{
	struct life life = begin();
	int status;

	EXPECT(wait_for(&life, point));
	(void)usleep((useconds_t)wait_us);
	EXPECT(kill(life.pid, SIGKILL) == 0);
	status = end(&life);
	EXPECT(status == 0 || WIFSIGNALED(status));
	return status != 0;
}

static void expect_nothing(void)
{
	EXPECT(!has("files"));
	EXPECT(!has("boxes"));
	EXPECT(!has("pages"));
	EXPECT(!has("lost"));
}

int main(int argc, char **argv)
{
	uint64_t lengths[POINTS], killed[POINTS] = { 0 };
	unsigned long count;

	EXPECT(argc > 3);
	count = strtoul(argv[1], NULL, 10);
	seed = strtoull(argv[2], NULL, 10) * 2 + 1;
	service = argv + 3;
	look(lengths);
	expect_nothing();
	for (unsigned long i = 0; i < count; i++) {
		int point = (int)(i % POINTS);
		uint64_t wait_us = roll(lengths[point] + 1);

		/* The last point at once for once: later it may have ended. */
		killed[point] += kill_one(point, i == IS_DONE ? 0 : wait_us);
		expect_nothing();
	}
	for (int point = 0; point < POINTS; point++) {
		printf("killed %llu that %s\n",
			(unsigned long long)killed[point], names[point]);
	}
	return 0;
}
