/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the library with a real monitor share. */
#ifndef CBX_TESTS_SYSTEM_SERVICE_H
#define CBX_TESTS_SYSTEM_SERVICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <confbox/confbox.h>

/** What a box wrote, and what it is given. */
struct service_io {
	const char *input;
	size_t input_size;
	size_t input_done;
	char output[65536];
	size_t output_size;
	unsigned int traced; /* system calls seen */
};

/** Callbacks of struct cbx_run; arg is struct service_io *. */
int64_t service_input(void *arg, void *buf, size_t size);
int64_t service_output(
	void *arg, enum cbx_port port, const void *buf, size_t size);

/** The image of `busybox name args...` with 16 MiB. */
struct cbx_image *service_image(const char *const *argv, uint32_t flags);

/** A context of @p mib MiB. */
struct cbx_context *service_context(uint64_t mib);

/** A run with callbacks. */
struct cbx_run service_run(struct service_io *io);

/** Load, run to the end, destroy. */
struct cbx_result service_do(struct cbx_context *context,
	const struct cbx_image *image, struct service_io *io);

/** Open descriptors and children of this process. */
unsigned int service_descriptors(void);
unsigned int service_children(void);

/** The newest child of a process, whichever of its threads made it; 0 if it
 * has none. */
int service_child_of(int pid);

/** Wait up to 3 s until this process, a subreaper, has no children. */
bool service_childless(void);

/** cmocka's setup and teardown: nothing may be left when a test is over. */
int service_begin(void **state);
int service_end(void **state);

/** The status of the last call was @p status_, whose text holds @p word. */
#define assert_failed(call, status_, word)                               \
	do {                                                             \
		assert_int_equal((call), (status_));                     \
		assert_int_equal(cbx_error_last()->status, (status_));   \
		assert_non_null(strstr(cbx_error_last()->text, (word))); \
	} while (0)

#define assert_good(call) service_assert_good((call), #call)
void service_assert_good(enum cbx_status status, const char *call);

#endif
