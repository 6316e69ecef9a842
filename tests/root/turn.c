/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked with a service, it makes that one turn on its box: at SIGUSR1 the process
 * looks for a text in each page it has.
 *
 *   TURN_TEXT    the text, as pry.c has it
 *   TURN_OWN     another one, which it has in memory from the start
 *
 * What came of it is said on standard error.
 */
#include "look.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In one page; nobody reads it but who searches. */
static _Alignas(SPY_MOST) volatile uint8_t kept[SPY_MOST];

static void try_page(void *arg, uint64_t va)
{
	uint8_t page[SPY_PAGE];

	look_count(arg, page, look_copy(page, look_pointer(va)));
	memset(page, 0, sizeof(page));
}

static void turn(const struct look *texts)
{
	struct look look = *texts;

	look_begin();
	if (!look_through("self", try_page, &look)) {
		(void)fprintf(stderr, "turned: no map\n");
		return;
	}
	look_say(stderr, "turned", &look);
}

static void *wait_for_it(void *arg)
{
	sigset_t set;
	int number;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	for (;;) {
		if (sigwait(&set, &number) == 0) {
			turn(arg);
		}
	}
	return NULL;
}

/* Before any other thread, so that none is told of the signal. */
__attribute__((constructor)) static void begin(void)
{
	static struct look look;
	const char *text = getenv("TURN_TEXT");
	const char *own = getenv("TURN_OWN");
	pthread_t thread;
	sigset_t set;

	if (text == NULL || own == NULL) {
		return;
	}
	if (!look_text(text, &look.text) || !look_text(own, &look.own)) {
		(void)fprintf(stderr, "turned: not a text\n");
		exit(2);
	}
	for (uint32_t i = 0; i < look.own.size; i++) {
		kept[i] = (uint8_t)~look.own.inverted[i];
	}
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, wait_for_it, &look) != 0) {
		exit(2);
	}
}
