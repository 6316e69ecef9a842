/* SPDX-License-Identifier: Apache-2.0 */
#include <seal/device.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <confbox/seal.h>

/* One exchange with an open device. @return 0 or -errno */
static int exchange(
	int fd, const void *question, size_t size, void *answer, size_t room)
{
	ssize_t done = write(fd, question, size);

	if (done != (ssize_t)size) {
		return done < 0 ? -errno : -EIO;
	}
	done = read(fd, answer, room);
	if (done != (ssize_t)room) {
		return done < 0 ? -errno : -EIO;
	}
	return 0;
}

static int ask(const char *path, const void *question, size_t size,
	void *answer, size_t room)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int status;

	if (fd < 0) {
		return -errno;
	}
	status = exchange(fd, question, size, answer, room);
	close(fd);
	return status;
}

int cbx_seal_device_ask(void *arg, const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	(void)arg;
	return ask(CBX_COUNTER_DEVICE, question, sizeof(*question), answer,
		sizeof(*answer));
}

enum cbx_seal_result cbx_seal_key(
	const struct cbx_seal_want *want, struct cbx_seal_key *key)
{
	struct cbx_seal_key got;

	switch (ask(
		CBX_SEAL_KEY_DEVICE, want, sizeof(*want), &got, sizeof(got))) {
	case 0:
		*key = got;
		explicit_bzero(&got, sizeof(got));
		return CBX_SEAL_OK;
	case -EINVAL:
		return CBX_SEAL_E_INVALID;
	case -EACCES:
		return CBX_SEAL_E_DENIED;
	case -ENOKEY:
		return CBX_SEAL_E_ROOT;
	default:
		return CBX_SEAL_E_SILENT;
	}
}
