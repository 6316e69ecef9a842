/* SPDX-License-Identifier: Apache-2.0 */
#include <client/bell.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

void cbx_bell_ring(const struct cbx_lender *lender)
{
	uint64_t one = 1;

	if (lender->call >= 0) {
		ssize_t n = write(lender->call, &one, sizeof(one));

		(void)n; /* a full counter rings, too */
	}
}

static bool watch(int bell, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(bell, EPOLL_CTL_ADD, fd, &event) == 0;
}

void cbx_bell_close(struct cbx_lender *lender)
{
	if (lender->call >= 0) {
		close(lender->call);
	}
	if (lender->bell >= 0) {
		close(lender->bell);
	}
	lender->call = -1;
	lender->bell = -1;
}

bool cbx_bell_make(struct cbx_lender *lender)
{
	if (lender->bell >= 0) {
		return true;
	}
	lender->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	lender->bell = epoll_create1(EPOLL_CLOEXEC);
	if (lender->call < 0 || lender->bell < 0 ||
		!watch(lender->bell, lender->call) ||
		!watch(lender->bell, lender->run->box->wake)) {
		cbx_bell_close(lender);
	}
	return lender->bell >= 0;
}
