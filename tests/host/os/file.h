/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about open files share. */
#ifndef TESTS_HOST_OS_FILE_H
#define TESTS_HOST_OS_FILE_H

#include <host/os/os.h>

enum os_kind {
	OS_KIND_FREE,
	OS_KIND_BYTES, /* of the archive */
	OS_KIND_NULL,
	OS_KIND_RANDOM,
	OS_KIND_OUT,
	OS_KIND_ERR,
	OS_KIND_DEVICE,
	OS_KIND_TEST,
	OS_KIND_COUNTER, /* eventfd */
};

struct os_file {
	enum os_kind kind;
	struct os_bytes bytes;
	uint64_t position; /* of a counter: its value */
	struct os_device *device;
	uint64_t flags;
};

/** An open file; NULL when @p fd is none. */
struct os_file *os_file_at(uint64_t fd);

/** A free descriptor; its kind is to be set. @return NULL when there is none */
struct os_file *os_file_new(uint64_t *fd);

/** struct stat to the user. */
uint64_t os_put_stat(
	uint64_t va, enum os_kind kind, const struct os_bytes *bytes);

#endif
