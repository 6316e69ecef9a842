/* SPDX-License-Identifier: Apache-2.0 */
/* Image files on disk. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/error.h>
#include <client/file.h>
#include <client/image.h>

enum cbx_status cbx_image_load(const char *path, struct cbx_image **image)
{
	uint8_t *bytes;
	size_t size;
	enum cbx_status status = cbx_file_read(path, &bytes, &size);

	return status == CBX_OK ? cbx_image_adopt(bytes, size, image) : status;
}

static enum cbx_status fail_save(const char *path, int error)
{
	return cbx_fail_os(
		CBX_E_INVALID, error, "cannot write the image %s", path);
}

/* Devices and pipes cannot be replaced; they get the bytes as they come. */
static enum cbx_status save_through(
	const struct cbx_image *image, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	enum cbx_status status;

	if (fd < 0) {
		return fail_save(path, errno);
	}
	status = cbx_image_write(image, fd);
	if (status != CBX_OK) {
		status = fail_save(path, cbx_error_last()->os_error);
	}
	if (close(fd) != 0 && status == CBX_OK) {
		status = fail_save(path, errno);
	}
	return status;
}

/* The modes a new file would get: what the umask leaves of 0666. */
static mode_t new_mode(void)
{
	char line[128];
	unsigned long mask = 022;
	FILE *file = fopen("/proc/self/status", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "Umask:", 6) == 0) {
			mask = strtoul(line + 6, NULL, 8);
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return 0666 & ~(mode_t)mask;
}

static enum cbx_status fill(
	const struct cbx_image *image, const char *path, int fd)
{
	if (cbx_image_write(image, fd) != CBX_OK) {
		return fail_save(path, cbx_error_last()->os_error);
	}
	if (fchmod(fd, new_mode()) != 0 || fsync(fd) != 0) {
		return fail_save(path, errno);
	}
	return CBX_OK;
}

static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL) {
		(void)snprintf(folder, sizeof(folder), ".");
	} else {
		slash[slash == folder ? 1 : 0] = '\0';
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

static enum cbx_status replace(const struct cbx_image *image, const char *path)
{
	char temporary[PATH_MAX];
	enum cbx_status status;
	int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(temporary)) {
		return fail_save(path, ENAMETOOLONG);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return fail_save(path, errno);
	}
	status = fill(image, path, fd);
	close(fd);
	if (status == CBX_OK && rename(temporary, path) != 0) {
		status = fail_save(path, errno);
	}
	if (status != CBX_OK) {
		(void)unlink(temporary);
		return status;
	}
	sync_folder(path);
	return CBX_OK;
}

enum cbx_status cbx_image_save(const struct cbx_image *image, const char *path)
{
	enum cbx_status status;
	struct stat st;
	char *target;

	if (image->lender_count != 0) {
		return cbx_fail(CBX_E_UNSUPPORTED,
			"an image with shared files is not a file: share them "
			"when the box is made (run --share)");
	}
	if (stat(path, &st) != 0) {
		return errno == ENOENT ? replace(image, path)
				       : fail_save(path, errno);
	}
	if (!S_ISREG(st.st_mode)) {
		return save_through(image, path);
	}
	target = realpath(path, NULL);
	if (target == NULL) {
		return fail_save(path, errno);
	}
	status = replace(image, target);
	free(target);
	return status;
}
