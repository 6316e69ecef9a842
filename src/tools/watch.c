/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/watch.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t watched(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* What nohup or the shell has us ignore stays ignored. */
		if (sigaction(signals[i], NULL, &action) == 0 &&
			action.sa_handler != SIG_IGN) {
			sigaddset(&set, signals[i]);
		}
	}
	return set;
}

void cbx_watch_block(void)
{
	sigset_t set = watched();

	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *watch_main(void *arg)
{
	struct cbx_watch *watch = arg;
	struct pollfd poller[2] = { { .fd = watch->stop, .events = POLLIN },
		{ .fd = watch->signals, .events = POLLIN } };
	struct signalfd_siginfo info;

	while (poll(poller, 2, -1) < 0 && errno == EINTR) {
	}
	if (poller[1].revents != 0 &&
		read(watch->signals, &info, sizeof(info)) == sizeof(info)) {
		watch->caught = (int)info.ssi_signo;
		(void)!cbx_box_kill(watch->box);
	}
	return NULL;
}

static void close_both(struct cbx_watch *watch)
{
	if (watch->stop >= 0) {
		close(watch->stop);
	}
	if (watch->signals >= 0) {
		close(watch->signals);
	}
}

bool cbx_watch_start(struct cbx_watch *watch, struct cbx_box *box)
{
	sigset_t set = watched();

	*watch = (struct cbx_watch){ .box = box };
	watch->stop = eventfd(0, EFD_CLOEXEC);
	watch->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (watch->stop < 0 || watch->signals < 0 ||
		pthread_create(&watch->thread, NULL, watch_main, watch) != 0) {
		close_both(watch);
		return false;
	}
	return true;
}

int cbx_watch_stop(struct cbx_watch *watch)
{
	uint64_t one = 1;

	if (write(watch->stop, &one, sizeof(one)) == sizeof(one)) {
		(void)pthread_join(watch->thread, NULL);
	}
	close_both(watch);
	return watch->caught;
}
