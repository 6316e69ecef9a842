/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: a program that was given a client's data tries to hand it to the
 * host.  Run it confined:
 *
 *     confbox run --confine -- leak behave | system-call | window | gate < data
 *
 * What it writes last tells how far it came: "done" only if it behaved.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate.h"

#define WINDOW_VA 0x300000000000u

static char data[1 << 16];

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0) {
		_exit(3);
	}
}

/* Ask the host to send the data: a system call, handed on by a gate. */
static void leak_by_forward(void)
{
	static struct {
		struct cbx_forward call;
		char payload[64];
	} block;
	struct cbx_reply reply;

	memcpy(block.payload, data, sizeof(block.payload));
	GATE(FORWARD, &reply, 44 /* sendto */, (uintptr_t)&block,
		sizeof(block.payload), (uintptr_t)data, sizeof(data));
}

/* Put the data where the host can read it. */
static void leak_by_window(void)
{
	struct cbx_reply reply;

	if (GATE(WINDOW_SHARE, &reply, WINDOW_VA, 1) == CBX_OK) {
		memcpy((void *)WINDOW_VA, data, CBX_PAGE_SIZE);
	}
}

/* A gate nobody knows. */
static void leak_by_number(void)
{
	struct cbx_reply reply;

	gate(0xfff, (const uint64_t[CBX_CALL_ARGS]){ (uintptr_t)data }, &reply);
}

static int leak(const char *how)
{
	if (strcmp(how, "system-call") == 0) {
		leak_by_forward();
	} else if (strcmp(how, "window") == 0) {
		leak_by_window();
	} else if (strcmp(how, "gate") == 0) {
		leak_by_number();
	} else if (strcmp(how, "behave") != 0) {
		return 2;
	}
	say("done\n");
	return 0;
}

int main(int argc, char **argv)
{
	ssize_t n;

	if (argc != 2) {
		return 2;
	}
	do {
		n = read(STDIN_FILENO, data, sizeof(data));
	} while (n > 0);
	say("confined\n");
	usleep(1000); /* a box that sleeps lets go of what it has written */
	return leak(argv[1]);
}
