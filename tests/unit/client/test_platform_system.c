/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a platform for evidence by the library's own system calls, in a
 * directory that looks like a machine. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/platform.h>

#define REPORTS "/sys/kernel/config/tsm/report"

static char root[] = "/tmp/confbox-platform-XXXXXX";

static int make(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int drop(void **state)
{
	static const char *const directories[] = { REPORTS,
		"/sys/kernel/config/tsm", "/sys/kernel/config", "/sys/kernel",
		"/sys", "/dev", "" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]);
		i++) {
		(void)snprintf(
			path, sizeof(path), "%s%s", root, directories[i]);
		if (rmdir(path) != 0) {
			return -1;
		}
	}
	return 0;
}

static void make_directory(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static enum cbx_status ask(uint32_t flags)
{
	const struct cbx_platform_options options = { sizeof(options), flags,
		0 };
	const uint8_t data[CBX_PLATFORM_DATA_BYTES] = { 0 };
	struct cbx_platform_evidence *evidence = NULL;
	enum cbx_status status =
		cbx_platform_report_at(root, data, &options, &evidence);

	assert_null(evidence);
	return status;
}

static void an_empty_machine_has_no_platform(void **state)
{
	(void)state;
	assert_int_equal(ask(0), CBX_E_UNSUPPORTED);
}

static void a_file_is_no_device(void **state)
{
	static const char *const devices[] = { "/dev/sev-guest",
		"/dev/tdx_guest" };
	char path[128];

	(void)state;
	make_directory("/dev");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "%s%s", root, devices[i]);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
		assert_int_equal(ask(CBX_PLATFORM_LOCAL), CBX_E_HARDWARE);
		assert_int_equal(cbx_error_last()->os_error, ENOTTY);
		assert_non_null(strstr(cbx_error_last()->text, devices[i]));
		assert_int_equal(unlink(path), 0);
	}
}

/* A directory does not fill itself with files: the question is made, asked and
 * removed again. */
static void a_question_is_removed(void **state)
{
	char path[128];

	(void)state;
	make_directory("/sys");
	make_directory("/sys/kernel");
	make_directory("/sys/kernel/config");
	make_directory("/sys/kernel/config/tsm");
	make_directory(REPORTS);
	assert_int_equal(ask(0), CBX_E_HARDWARE);
	assert_int_equal(cbx_error_last()->os_error, ENOENT);
	(void)snprintf(path, sizeof(path), "%s" REPORTS, root);
	assert_int_equal(rmdir(path), 0); /* empty */
	assert_int_equal(mkdir(path, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_machine_has_no_platform),
		cmocka_unit_test(a_file_is_no_device),
		cmocka_unit_test(a_question_is_removed),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
