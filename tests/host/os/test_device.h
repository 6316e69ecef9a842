/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/confbox-test of the test host: what only a kernel can do, for attack
 * tests in user mode.
 */
#ifndef TESTS_HOST_OS_TEST_DEVICE_H
#define TESTS_HOST_OS_TEST_DEVICE_H

#include <base/device.h>

#define OS_TEST_PATH "/dev/confbox-test"

/** An access at ring 0. */
enum os_probe_op {
	OS_PROBE_READ = 0,    /* value: out, what was read */
	OS_PROBE_WRITE = 1,   /* value: what to write */
	OS_PROBE_EXECUTE = 2, /* a call; it had better return */
};

struct os_probe {
	uint64_t va;
	uint64_t op;
	uint64_t value;
	uint64_t trapped; /* out, and below: 1 when it was */
	uint64_t vector;
	uint64_t error;
	uint64_t cr2;
};

#define OS_TEST_PROBE CBX_DEVICE_IOCTL(3u, 0x10u, struct os_probe)

/** Any gate with any number, on this CPU: struct cbx_device_call. */
#define OS_TEST_GATE CBX_DEVICE_IOCTL(3u, 0x11u, struct cbx_device_call)

/** The number of this CPU: uint64_t. */
#define OS_TEST_CPU CBX_DEVICE_IOCTL(2u, 0x12u, uint64_t)

#endif
