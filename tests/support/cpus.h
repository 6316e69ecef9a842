/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More host CPUs: a thread whose machine_gate() calls come from another CPU
 * than the test's, on every backend.
 */
#ifndef CBX_TESTS_SUPPORT_CPUS_H
#define CBX_TESTS_SUPPORT_CPUS_H

#include <pthread.h>
#include <stdint.h>

/** A thread on a CPU. */
struct cpus_thread {
	pthread_t thread;
	uint32_t cpu;
	void (*work)(void *arg);
	void *arg;
	int socket; /* linux: the host's end */
};

/**
 * Run @p work on CPU @p cpu, at the same time as this.  It makes gate calls
 * and looks at the machine; it asserts nothing (cmocka cannot take that from
 * another thread) but reports by @p arg.
 *
 * @param cpu  1 to 3; one thread each at a time
 */
void cpus_run(struct cpus_thread *thread, uint32_t cpu, void (*work)(void *arg),
	void *arg);

/** Wait until it is done. */
void cpus_join(struct cpus_thread *thread);

#endif
