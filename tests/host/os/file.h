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
	OS_KIND_LINE,
	OS_KIND_SOCKET, /* not connected yet */
};

struct os_file {
	enum os_kind kind;
	struct os_bytes bytes;
	uint64_t position; /* of a counter: its value */
	struct os_device *device;
	struct os_line *line;
	uint64_t flags;
};

/** An open file; NULL when @p fd is none. */
struct os_file *os_file_at(uint64_t fd);

/** A free descriptor; its kind is to be set. @return NULL when there is none */
struct os_file *os_file_new(uint64_t *fd);

uint64_t os_file_read(
	struct os_thread *t, uint64_t fd, uint64_t va, uint64_t size);
uint64_t os_file_write(
	struct os_thread *t, uint64_t fd, uint64_t va, uint64_t size);

/** The system call is made again, after @p ns or when an eventfd was written to.
 * @return its answer meanwhile */
#define OS_PAUSE 2000000u
uint64_t os_again(struct os_thread *t, uint64_t ns);

/** struct stat to the user. */
uint64_t os_put_stat(
	uint64_t va, enum os_kind kind, const struct os_bytes *bytes);

/*
 * line.c: streams out of the machine
 */

struct os_line;

/** Whether the path is one's. */
bool os_line_is(const char *path, uint64_t *number);

/** Begin a session. @return 0, or an error: EBUSY, or ENXIO without a card */
uint64_t os_line_open(uint64_t number, struct os_line **line);
void os_line_close(struct os_line *line);

/** Whether the other end's session has begun, and said something or ended. */
bool os_line_ready(struct os_line *line);

/** What is there, when it is ready; 0: the end. */
uint64_t os_line_read(struct os_line *line, uint64_t va, uint64_t size);

/** Whether something can be written, and as much of it as can. */
bool os_line_room(struct os_line *line);
uint64_t os_line_write(struct os_line *line, uint64_t va, uint64_t size);

#endif
