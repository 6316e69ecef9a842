/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor that is threads of the test: the library's own transport is not
 * linked.  Its box does what a test says, and ends when it is killed.
 */
#ifndef CBX_TESTS_UNIT_CLIENT_FAKE_MONITOR_H
#define CBX_TESTS_UNIT_CLIENT_FAKE_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <confbox/abi.h>

/** CPUs in the order they are taken: the library's own, who runs the box, who
 * helps. */
enum {
	FAKE_SERVICE,
	FAKE_FIRST,
	FAKE_HELPER,
};

/** What a test's box does; called on the CPU's thread, with the lock. */
struct fake_script {
	/** Entered: how it leaves.  A box that was killed has ended instead. */
	void (*enter)(unsigned int cpu, struct cbx_reply *reply);
	/** Before any other call is answered; NULL: nothing. */
	void (*before)(unsigned int cpu, const struct cbx_call *call);
};

/** Begin; the next context is this monitor's. */
void fake_begin(const struct fake_script *script);

/** Calls of that number so far. @lock the fake's, or none */
unsigned int fake_count(uint64_t id);

/** Threads that the box is said to have. */
void fake_set_threads(uint64_t count);

/** Wait until as many calls of that number have come, or the box was killed, or
 * @p ms have passed.  @lock the fake's, let go meanwhile */
void fake_wait(uint64_t id, unsigned int count, unsigned int ms);

/** An exit that wants input. */
void fake_want_input(struct cbx_reply *reply, uint64_t thread);

#endif
