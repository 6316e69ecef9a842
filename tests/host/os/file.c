/* SPDX-License-Identifier: Apache-2.0 */
/* Open files. */
#include <host/os/file.h>

#include <asm/fcntl.h>
#include <linux/uio.h>

#define FILES	  64u
#define CHUNK	  512u
#define READ_MOST 0x7ffff000ull

#define SYSCALL_BYTES 2u /* of the instruction */

static struct os_file files[FILES];
static bool started;

/* The first three are there. */
struct os_file *os_file_at(uint64_t fd)
{
	if (!started) {
		started = true;
		files[0].kind = os_archive_find("/stdin", &files[0].bytes)
					? OS_KIND_BYTES
					: OS_KIND_NULL;
		files[1].kind = OS_KIND_OUT;
		files[2].kind = OS_KIND_ERR;
	}
	return fd < FILES && files[fd].kind != OS_KIND_FREE ? &files[fd] : NULL;
}

struct os_device *os_file_device(uint64_t fd)
{
	const struct os_file *file = os_file_at(fd);

	return file == NULL || file->kind != OS_KIND_DEVICE ? NULL
							    : file->device;
}

bool os_file_bytes(uint64_t fd, struct os_bytes *bytes)
{
	const struct os_file *file = os_file_at(fd);

	if (file == NULL || file->kind != OS_KIND_BYTES) {
		return false;
	}
	*bytes = file->bytes;
	return true;
}

static uint64_t read_bytes(
	const struct os_file *file, uint64_t at, uint64_t va, uint64_t size)
{
	uint64_t left = at < file->bytes.size ? file->bytes.size - at : 0;

	size = size < left ? size : left;
	if (file->bytes.folder) {
		return OS_ERROR(EISDIR);
	}
	return size == 0 || os_put(va, file->bytes.at + at, size)
		       ? size
		       : OS_ERROR(EFAULT);
}

uint64_t os_again(struct os_thread *t, uint64_t ns)
{
	t->regs.rip -= SYSCALL_BYTES;
	os_wait(t, os_now() + ns, t->regs.rax);
	t->again = true;
	return 0;
}

/* Something has changed: whoever waits asks again at once. */
static void wake_all(void)
{
	for (uint32_t i = 0; i < OS_THREADS; i++) {
		struct os_thread *t = &os_threads[i];

		if (t->state == OS_WAITING && t->again) {
			os_wake(t, t->wake_value);
		}
	}
}

static uint64_t read_counter(
	struct os_thread *t, struct os_file *file, uint64_t va, uint64_t size)
{
	if (size < sizeof(file->position)) {
		return OS_ERROR(EINVAL);
	}
	if (file->position == 0) {
		if ((file->flags & O_NONBLOCK) != 0) {
			return OS_ERROR(EAGAIN);
		}
		return os_again(t, OS_PAUSE);
	}
	if (!os_put(va, &file->position, sizeof(file->position))) {
		return OS_ERROR(EFAULT);
	}
	file->position = 0;
	return sizeof(file->position);
}

uint64_t os_file_read(
	struct os_thread *t, uint64_t fd, uint64_t va, uint64_t size)
{
	struct os_file *file = os_file_at(fd);
	uint64_t done;

	size = size < READ_MOST ? size : READ_MOST;
	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	switch (file->kind) {
	case OS_KIND_BYTES:
		done = read_bytes(file, file->position, va, size);
		file->position += (int64_t)done > 0 ? done : 0;
		return done;
	case OS_KIND_NULL:
		return 0;
	case OS_KIND_RANDOM:
		return os_random(va, size);
	case OS_KIND_COUNTER:
		return read_counter(t, file, va, size);
	case OS_KIND_LINE:
		return os_line_ready(file->line)
			       ? os_line_read(file->line, va, size)
			       : os_again(t, OS_PAUSE);
	case OS_KIND_FREE:
	case OS_KIND_OUT:
	case OS_KIND_ERR:
	case OS_KIND_DEVICE:
	case OS_KIND_TEST:
	case OS_KIND_SOCKET:
	default:
		return OS_ERROR(EBADF);
	}
}

static uint64_t write_channel(
	enum os_channel channel, uint64_t va, uint64_t size)
{
	uint8_t chunk[CHUNK];

	for (uint64_t done = 0; done < size;) {
		uint64_t n = size - done < CHUNK ? size - done : CHUNK;

		if (!os_get(chunk, va + done, n)) {
			return done != 0 ? done : OS_ERROR(EFAULT);
		}
		os_out(channel, chunk, n);
		done += n;
	}
	return size;
}

static uint64_t write_counter(struct os_file *file, uint64_t va, uint64_t size)
{
	uint64_t more;

	if (size < sizeof(more)) {
		return OS_ERROR(EINVAL);
	}
	if (!os_get(&more, va, sizeof(more))) {
		return OS_ERROR(EFAULT);
	}
	file->position += more;
	wake_all();
	return sizeof(more);
}

uint64_t os_file_write(
	struct os_thread *t, uint64_t fd, uint64_t va, uint64_t size)
{
	struct os_file *file = os_file_at(fd);

	size = size < READ_MOST ? size : READ_MOST;
	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	switch (file->kind) {
	case OS_KIND_OUT:
		return write_channel(OS_CHANNEL_OUT, va, size);
	case OS_KIND_ERR:
		return write_channel(OS_CHANNEL_ERR, va, size);
	case OS_KIND_NULL:
		return size;
	case OS_KIND_COUNTER:
		return write_counter(file, va, size);
	case OS_KIND_LINE:
		return size == 0 || os_line_room(file->line)
			       ? os_line_write(file->line, va, size)
			       : os_again(t, OS_PAUSE);
	case OS_KIND_FREE:
	case OS_KIND_BYTES:
	case OS_KIND_RANDOM:
	case OS_KIND_DEVICE:
	case OS_KIND_TEST:
	case OS_KIND_SOCKET:
	default:
		return OS_ERROR(EBADF);
	}
}

OS_SYSCALL(sys_read)
{
	return os_file_read(t, arg[0], arg[1], arg[2]);
}

OS_SYSCALL(sys_write)
{
	return os_file_write(t, arg[0], arg[1], arg[2]);
}

/* Of a line the first part alone: another one might wait. */
static uint64_t vector(struct os_thread *t, const uint64_t *arg, bool write)
{
	const struct os_file *file = os_file_at(arg[0]);
	bool once = file != NULL && file->kind == OS_KIND_LINE;
	uint64_t total = 0;

	for (uint64_t i = 0; i < arg[2]; i++) {
		uint64_t part[2];
		uint64_t done;

		if (!os_get(part, arg[1] + i * sizeof(part), sizeof(part))) {
			return OS_ERROR(EFAULT);
		}
		done = write ? os_file_write(t, arg[0], part[0], part[1])
			     : os_file_read(t, arg[0], part[0], part[1]);
		if ((int64_t)done < 0) {
			return total != 0 ? total : done;
		}
		total += done;
		if (done < part[1] || once) {
			break;
		}
	}
	return total;
}

OS_SYSCALL(sys_readv)
{
	return vector(t, arg, false);
}

OS_SYSCALL(sys_writev)
{
	return vector(t, arg, true);
}

OS_SYSCALL(sys_pread)
{
	const struct os_file *file = os_file_at(arg[0]);

	(void)t;
	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	return file->kind == OS_KIND_BYTES
		       ? read_bytes(file, arg[3], arg[1], arg[2])
		       : OS_ERROR(ESPIPE);
}

OS_SYSCALL(sys_lseek)
{
	struct os_file *file = os_file_at(arg[0]);
	const uint64_t from[] = { 0, file == NULL ? 0 : file->position,
		file == NULL ? 0 : file->bytes.size };

	(void)t;
	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	if (file->kind != OS_KIND_BYTES) {
		return OS_ERROR(ESPIPE);
	}
	if (arg[2] > 2 || (int64_t)(from[arg[2]] + arg[1]) < 0) {
		return OS_ERROR(EINVAL);
	}
	file->position = from[arg[2]] + arg[1];
	return file->position;
}

struct os_file *os_file_new(uint64_t *fd)
{
	(void)os_file_at(0);
	for (*fd = 0; *fd < FILES; ++*fd) {
		if (files[*fd].kind == OS_KIND_FREE) {
			files[*fd] = (struct os_file){ 0 };
			return &files[*fd];
		}
	}
	return NULL;
}

OS_SYSCALL(sys_eventfd2)
{
	uint64_t fd;
	struct os_file *file = os_file_new(&fd);

	(void)t;
	if (file == NULL) {
		return OS_ERROR(EMFILE);
	}
	file->kind = OS_KIND_COUNTER;
	file->position = arg[0];
	file->flags = arg[1];
	return fd;
}

/* No signal comes from outside: there is never anything to read. */
OS_SYSCALL(sys_signalfd4)
{
	uint64_t fresh[6] = { 0, arg[3] };

	if ((int)arg[0] != -1) {
		return OS_ERROR(EINVAL);
	}
	return sys_eventfd2(t, fresh);
}

OS_SYSCALL(sys_close)
{
	struct os_file *file = os_file_at(arg[0]);

	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	if (file->kind == OS_KIND_DEVICE) {
		os_state_save(t->cpu);
		os_device_close(file->device);
	} else if (file->kind == OS_KIND_LINE) {
		os_line_close(file->line);
	}
	file->kind = OS_KIND_FREE;
	return 0;
}

OS_SYSCALL(sys_fstat)
{
	const struct os_file *file = os_file_at(arg[0]);

	(void)t;
	return file == NULL ? OS_ERROR(EBADF)
			    : os_put_stat(arg[1], file->kind, &file->bytes);
}

OS_SYSCALL(sys_fcntl)
{
	struct os_file *file = os_file_at(arg[0]);

	(void)t;
	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	switch (arg[1]) {
	case F_GETFD:
	case F_SETFD:
		return 0;
	case F_GETFL:
		return file->kind == OS_KIND_OUT || file->kind == OS_KIND_ERR
			       ? O_WRONLY
			       : file->flags;
	case F_SETFL:
		file->flags = arg[2];
		return 0;
	default:
		return OS_ERROR(EINVAL);
	}
}

OS_SYSCALL(sys_ioctl)
{
	struct os_file *file = os_file_at(arg[0]);

	if (file == NULL) {
		return OS_ERROR(EBADF);
	}
	if (file->kind == OS_KIND_DEVICE) {
		return os_device_ioctl(t, file->device, arg);
	}
	return file->kind == OS_KIND_TEST ? os_test_ioctl(t, arg)
					  : OS_ERROR(ENOTTY);
}
