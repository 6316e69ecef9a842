/* SPDX-License-Identifier: Apache-2.0 */
#include <client/program_file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/error.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif

static bool write_all(int fd, struct cbx_blob program)
{
	size_t done = 0;

	while (done < program.size) {
		ssize_t n =
			write(fd, program.bytes + done, program.size - done);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

/* Older kernels know no MFD_EXEC: there every memory file is executable. */
static int create_memory_file(void)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("confbox-monitor", flags | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) {
		fd = memfd_create("confbox-monitor", flags);
	}
	return fd;
}

static bool seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS,
		       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
			       F_SEAL_SEAL) == 0;
}

static enum cbx_status fail_close(int fd, int error, const char *what)
{
	close(fd);
	return cbx_fail_transport(error == ENOSPC || error == ENOMEM
					  ? CBX_E_NOMEM
					  : CBX_E_HARDWARE,
		error, "cannot prepare the monitor: %s", what);
}

static enum cbx_status open_memory_file(struct cbx_blob program, int *fd)
{
	int file = create_memory_file();

	if (file < 0 && (errno == EACCES || errno == ENOSYS)) {
		return CBX_E_UNSUPPORTED;
	}
	if (file < 0) {
		return cbx_fail_transport(CBX_E_NOMEM, errno,
			"cannot prepare the monitor: memfd_create");
	}
	if (!write_all(file, program) || fchmod(file, 0500) != 0 ||
		!seal(file)) {
		return fail_close(file, errno, "memory file");
	}
	*fd = file;
	return CBX_OK;
}

/* An executable must not be open for writing: open it again by its number. */
static enum cbx_status reopen(int file, int *fd)
{
	char path[64];
	int again;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0) {
		return fail_close(file, errno, path);
	}
	close(file);
	*fd = again;
	return CBX_OK;
}

static enum cbx_status open_temporary_file(
	struct cbx_blob program, const char *folder, int *fd)
{
	int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0500);

	if (file < 0) {
		return cbx_fail_transport(CBX_E_HARDWARE, errno,
			"cannot prepare the monitor: temporary file in %s",
			folder);
	}
	if (!write_all(file, program)) {
		return fail_close(file, errno, folder);
	}
	return reopen(file, fd);
}

enum cbx_status cbx_program_file_open(
	struct cbx_blob program, unsigned int kind, int *fd)
{
	static const char *const folders[] = { "/tmp", "/var/tmp", "/dev/shm" };

	if (kind == 0) {
		return open_memory_file(program, fd);
	}
	if (kind - 1 < sizeof(folders) / sizeof(folders[0])) {
		return open_temporary_file(program, folders[kind - 1], fd);
	}
	return CBX_E_UNSUPPORTED;
}
