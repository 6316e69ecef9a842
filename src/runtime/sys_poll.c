/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for descriptors. */
#include "file.h"
#include "lib.h"
#include "linux.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

#define FOREVER INT64_MAX

/* What holds now of what is asked for a descriptor. */
static uint16_t ready(uint64_t fd, uint32_t events)
{
	struct cbx_file *file = cbx_fd_file(fd);
	uint32_t all = LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM;

	if (file == NULL) {
		return LX_POLLNVAL;
	}
	if (file->ops->poll != NULL) {
		all = file->ops->poll(file);
	}
	return (uint16_t)(all & (events | LX_POLLERR | LX_POLLHUP));
}

/* The monotonic end of a wait of @p ns; at most FOREVER. */
static int64_t end_of(int64_t ns)
{
	int64_t end;

	return __builtin_add_overflow(cbx_time_monotonic(), ns, &end) ? FOREVER
								      : end;
}

/* Nothing was ready: sleep, and then nothing is ready either, for nobody else
 * runs. */
static int64_t wait(int64_t ns)
{
	return ns == 0 ? 0
		       : cbx_time_sleep(ns == FOREVER ? FOREVER : end_of(ns));
}

static int64_t get_timeout(uint64_t va, int64_t *ns)
{
	struct lx_timespec t;

	*ns = FOREVER;
	if (va == 0) {
		return 0;
	}
	if (cbx_user_get(&t, va, sizeof(t)) != 0) {
		return -LX_EFAULT;
	}
	if (t.sec < 0 || t.nsec < 0 || t.nsec >= LX_NS) {
		return -LX_EINVAL;
	}
	if (__builtin_mul_overflow(t.sec, LX_NS, ns) ||
		__builtin_add_overflow(*ns, t.nsec, ns)) {
		*ns = FOREVER;
	}
	return 0;
}

static void swap_mask(uint64_t mask)
{
	cbx_signal_mask_after = cbx_signal_mask;
	cbx_signal_mask_swapped = true;
	cbx_signal_mask = mask & ~(cbx_signal_bit(LX_SIGKILL) |
					 cbx_signal_bit(LX_SIGSTOP));
}

static int64_t poll(uint64_t va, uint64_t count, int64_t ns)
{
	int64_t found = 0;

	if (count > CBX_FD_MAX) {
		return -LX_EINVAL;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = va + i * sizeof(struct lx_pollfd);
		struct lx_pollfd p;

		if (cbx_user_get(&p, at, sizeof(p)) != 0) {
			return -LX_EFAULT;
		}
		p.revents = p.fd < 0 ? 0 : ready((uint32_t)p.fd, p.events);
		found += p.revents != 0 ? 1 : 0;
		if (cbx_user_put(at, &p, sizeof(p)) != 0) {
			return -LX_EFAULT;
		}
	}
	return found != 0 ? found : wait(ns);
}

int64_t cbx_sys_poll(const uint64_t *arg)
{
	int32_t ms = (int32_t)arg[2];

	return poll(arg[0], (uint32_t)arg[1],
		ms < 0 ? FOREVER : ms * (int64_t)1000000);
}

int64_t cbx_sys_ppoll(const uint64_t *arg)
{
	int64_t ns;
	uint64_t mask;
	int64_t status = get_timeout(arg[2], &ns);

	if (status != 0) {
		return status;
	}
	if (arg[3] != 0) {
		if (arg[4] != sizeof(mask)) {
			return -LX_EINVAL;
		}
		if (cbx_user_get(&mask, arg[3], sizeof(mask)) != 0) {
			return -LX_EFAULT;
		}
		swap_mask(mask);
	}
	return poll(arg[0], (uint32_t)arg[1], ns);
}

/* The three sets of select, as bits. */
struct sets {
	uint64_t word[3][CBX_FD_MAX / 64];
};

static int64_t get_sets(const uint64_t *arg, uint64_t bytes, struct sets *sets)
{
	memset(sets, 0, sizeof(*sets));
	for (int i = 0; i < 3; i++) {
		if (arg[1 + i] != 0 &&
			cbx_user_get(sets->word[i], arg[1 + i], bytes) != 0) {
			return -LX_EFAULT;
		}
	}
	return 0;
}

static int64_t put_sets(
	const uint64_t *arg, uint64_t bytes, const struct sets *sets)
{
	for (int i = 0; i < 3; i++) {
		if (arg[1 + i] != 0 &&
			cbx_user_put(arg[1 + i], sets->word[i], bytes) != 0) {
			return -LX_EFAULT;
		}
	}
	return 0;
}

/* Leave in the sets what is ready of one descriptor; how many bits. */
static int64_t check_one(struct sets *sets, uint64_t fd)
{
	static const uint32_t events[3] = {
		LX_POLLIN | LX_POLLHUP | LX_POLLERR,
		LX_POLLOUT | LX_POLLERR,
		0,
	};
	uint64_t bit = 1ull << (fd % 64);
	int64_t found = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t *word = &sets->word[i][fd / 64];
		uint32_t now;

		if ((*word & bit) == 0) {
			continue;
		}
		now = ready(fd, events[i]);
		if (now == LX_POLLNVAL) {
			return -LX_EBADF;
		}
		if ((now & events[i]) != 0) {
			found++;
		} else {
			*word &= ~bit;
		}
	}
	return found;
}

static int64_t select(const uint64_t *arg, int64_t ns)
{
	struct sets sets;
	uint64_t count = (uint32_t)arg[0];
	uint64_t bytes = (count + 63) / 64 * 8;
	int64_t found = 0;
	int64_t status;

	if (count > CBX_FD_MAX) {
		return -LX_EINVAL;
	}
	status = get_sets(arg, bytes, &sets);
	for (uint64_t fd = 0; fd < count && status >= 0; fd++) {
		status = check_one(&sets, fd);
		found += status;
	}
	if (status >= 0) {
		status = put_sets(arg, bytes, &sets);
	}
	if (status < 0) {
		return status;
	}
	return found != 0 ? found : wait(ns);
}

int64_t cbx_sys_select(const uint64_t *arg)
{
	struct lx_timeval t;
	int64_t ns = FOREVER;

	if (arg[4] != 0) {
		if (cbx_user_get(&t, arg[4], sizeof(t)) != 0) {
			return -LX_EFAULT;
		}
		if (t.sec < 0 || t.usec < 0) {
			return -LX_EINVAL;
		}
		if (__builtin_mul_overflow(t.sec, LX_NS, &ns) ||
			__builtin_add_overflow(
				ns, t.usec % 1000000 * 1000, &ns)) {
			ns = FOREVER;
		}
	}
	return select(arg, ns);
}

int64_t cbx_sys_pselect6(const uint64_t *arg)
{
	struct {
		uint64_t mask, bytes;
	} set = { 0, 0 };
	int64_t ns;
	uint64_t mask;
	int64_t status = get_timeout(arg[4], &ns);

	if (status == 0 && arg[5] != 0) {
		status = cbx_user_get(&set, arg[5], sizeof(set));
	}
	if (status == 0 && set.mask != 0) {
		status = set.bytes != sizeof(mask)
				 ? -LX_EINVAL
				 : cbx_user_get(&mask, set.mask, sizeof(mask));
		if (status == 0) {
			swap_mask(mask);
		}
	}
	return status != 0 ? status : select(arg, ns);
}
