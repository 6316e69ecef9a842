/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that name a file by its path. */
#include <host/os/file.h>
#include <host/os/test_device.h>

#include <asm/fcntl.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define PATH_SIZE 256u

static bool get_path(char *path, uint64_t va)
{
	char text[PATH_SIZE];
	uint64_t at = 0;

	if (!os_get_text(text, va, sizeof(text) - 1)) {
		return false;
	}
	if (text[0] != '/') {
		path[at++] = '/';
	}
	memcpy(path + at, text, os_length(text) + 1);
	return true;
}

/* What a name stands for; nothing: OS_KIND_FREE. */
static enum os_kind kind_of(const char *path, struct os_bytes *bytes)
{
	static const struct {
		const char *path;
		enum os_kind kind;
	} nodes[] = {
		{ CBX_DEVICE_PATH, OS_KIND_DEVICE },
		{ OS_TEST_PATH, OS_KIND_TEST },
		{ "/dev/null", OS_KIND_NULL },
		{ "/dev/urandom", OS_KIND_RANDOM },
		{ "/dev/random", OS_KIND_RANDOM },
	};

	uint64_t line;

	*bytes = (struct os_bytes){ 0 };
	if (os_line_is(path, &line)) {
		return OS_KIND_LINE;
	}
	for (uint32_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (os_same(path, nodes[i].path)) {
			return nodes[i].kind;
		}
	}
	return os_archive_find(path, bytes) ? OS_KIND_BYTES : OS_KIND_FREE;
}

/* What opening does beyond finding. */
static uint64_t begin(struct os_file *file, enum os_kind kind, const char *path)
{
	uint64_t line;

	if (kind == OS_KIND_DEVICE) {
		file->device = os_device_open();
		return file->device == NULL ? OS_ERROR(EBUSY) : 0;
	}
	return kind == OS_KIND_LINE && os_line_is(path, &line)
		       ? os_line_open(line, &file->line)
		       : 0;
}

static uint64_t open_path(uint64_t va, uint64_t flags)
{
	char path[PATH_SIZE];
	struct os_bytes bytes;
	struct os_file *file;
	enum os_kind kind;
	uint64_t error;
	uint64_t fd;

	if (!get_path(path, va)) {
		return OS_ERROR(EFAULT);
	}
	kind = kind_of(path, &bytes);
	if (kind == OS_KIND_FREE) {
		return OS_ERROR((flags & O_CREAT) != 0 ? EROFS : ENOENT);
	}
	if (kind == OS_KIND_BYTES && (flags & O_ACCMODE) != O_RDONLY) {
		return OS_ERROR(EROFS);
	}
	if ((flags & O_DIRECTORY) != 0 && !bytes.folder) {
		return OS_ERROR(ENOTDIR);
	}
	file = os_file_new(&fd);
	if (file == NULL) {
		return OS_ERROR(EMFILE);
	}
	error = begin(file, kind, path);
	if (error != 0) {
		return error;
	}
	file->kind = kind;
	file->bytes = bytes;
	file->flags = flags;
	return fd;
}

OS_SYSCALL(sys_open)
{
	(void)t;
	return open_path(arg[0], arg[1]);
}

OS_SYSCALL(sys_openat)
{
	(void)t;
	return open_path(arg[1], arg[2]);
}

uint64_t os_put_stat(
	uint64_t va, enum os_kind kind, const struct os_bytes *bytes)
{
	struct stat st = { .st_nlink = 1, .st_blksize = CBX_PAGE_SIZE };

	st.st_mode = (kind == OS_KIND_LINE ? S_IFSOCK : S_IFCHR) | 0600;
	if (kind == OS_KIND_BYTES) {
		st.st_mode = bytes->folder ? S_IFDIR | 0555 : S_IFREG | 0555;
		st.st_size = (int64_t)bytes->size;
		st.st_blocks = (int64_t)((bytes->size + 511) / 512);
		st.st_ino = (uint64_t)bytes->at;
	}
	return os_put(va, &st, sizeof(st)) ? 0 : OS_ERROR(EFAULT);
}

static uint64_t stat_path(uint64_t path_va, uint64_t va)
{
	char path[PATH_SIZE];
	struct os_bytes bytes;
	enum os_kind kind;

	if (!get_path(path, path_va)) {
		return OS_ERROR(EFAULT);
	}
	kind = kind_of(path, &bytes);
	if (kind == OS_KIND_FREE) {
		return OS_ERROR(ENOENT);
	}
	return va == 0 ? 0 : os_put_stat(va, kind, &bytes);
}

OS_SYSCALL(sys_stat)
{
	(void)t;
	return stat_path(arg[0], arg[1]);
}

OS_SYSCALL(sys_newfstatat)
{
	char first;

	if ((arg[3] & AT_EMPTY_PATH) != 0 && os_get(&first, arg[1], 1) &&
		first == '\0') {
		const uint64_t as[] = { arg[0], arg[2] };

		return sys_fstat(t, as);
	}
	return stat_path(arg[1], arg[2]);
}

OS_SYSCALL(sys_access)
{
	(void)t;
	return stat_path(arg[0], 0);
}

OS_SYSCALL(sys_faccessat)
{
	(void)t;
	return stat_path(arg[1], 0);
}

static uint64_t read_link(uint64_t path_va, uint64_t va, uint64_t size)
{
	uint64_t length = os_length(os_program_path);
	char path[PATH_SIZE];

	if (!get_path(path, path_va)) {
		return OS_ERROR(EFAULT);
	}
	if (!os_same(path, "/proc/self/exe")) {
		return OS_ERROR(EINVAL);
	}
	length = length < size ? length : size;
	return os_put(va, os_program_path, length) ? length : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_readlink)
{
	(void)t;
	return read_link(arg[0], arg[1], arg[2]);
}

OS_SYSCALL(sys_readlinkat)
{
	(void)t;
	return read_link(arg[1], arg[2], arg[3]);
}

OS_SYSCALL(sys_getcwd)
{
	(void)t;
	return os_put(arg[0], "/", 2) ? 2 : OS_ERROR(EFAULT);
}
