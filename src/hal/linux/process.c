/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/process.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hal/linux/memfd.h>
#include <hal/linux/notify.h>
#include <hal/linux/pager.h>
#include <hal/linux/spawn.h>

#define END_WAIT_MS 900

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cbx_linux_process *newest;

struct cbx_linux_info *cbx_linux_process_info(
	const struct cbx_linux_process *process, uint32_t slot)
{
	return (struct cbx_linux_info *)(void *)(process->comm +
						 cbx_linux_slot_offset(slot));
}

/* The comm file, mapped here; its descriptor goes to the child only. */
static int comm_create(struct cbx_linux_process *process)
{
	int fd = cbx_linux_memfd("confbox-comm", CBX_COMM_FILE_BYTES);
	struct cbx_linux_comm *comm;
	void *map;

	if (fd < 0) {
		return -1;
	}
	map = mmap(NULL, CBX_COMM_FILE_BYTES, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (map == MAP_FAILED) {
		close(fd);
		return -1;
	}
	process->comm = map;
	comm = map;
	comm->flags = process->flags;
	comm->monitor_pid = (uint64_t)getpid();
	return fd;
}

static bool start(struct cbx_linux_process *process)
{
	struct cbx_linux_child child;
	int comm = comm_create(process);
	bool started;

	if (comm < 0) {
		return false;
	}
	started = cbx_linux_spawn(comm, &child);
	close(comm);
	if (!started) {
		return false;
	}
	process->pid = child.pid;
	process->pager.tid = child.pid;
	process->pidfd = child.pidfd;
	process->listener = child.listener;
	cbx_linux_notify_prepare(child.listener);
	return true;
}

/* The set-up code goes; from here on the process is ready for a box. */
static bool finish(struct cbx_linux_process *process)
{
	const uint64_t init[6] = { CBX_STUB_INIT, CBX_STUB_INIT_BYTES };
	int64_t result = -1;
	bool finished;

	pthread_mutex_lock(&process->lock);
	finished = cbx_linux_pager_meet(process) &&
		   cbx_linux_pager_call(process, SYS_munmap, init, &result) &&
		   result == 0;
	pthread_mutex_unlock(&process->lock);
	return finished;
}

static void enlist(struct cbx_linux_process *process)
{
	pthread_mutex_lock(&list_lock);
	process->older = newest;
	if (newest != NULL) {
		newest->newer = process;
	}
	newest = process;
	pthread_mutex_unlock(&list_lock);
}

/* Once it is out, its pidfd is the caller's alone. */
static void take_off(struct cbx_linux_process *process)
{
	pthread_mutex_lock(&list_lock);
	if (process->newer != NULL) {
		process->newer->older = process->older;
	} else {
		newest = process->older;
	}
	if (process->older != NULL) {
		process->older->newer = process->newer;
	}
	pthread_mutex_unlock(&list_lock);
}

void cbx_linux_process_end_all(void)
{
	siginfo_t info;

	pthread_mutex_lock(&list_lock);
	for (struct cbx_linux_process *p = newest; p != NULL; p = p->older) {
		(void)syscall(
			SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
	}
	pthread_mutex_unlock(&list_lock);
	for (int i = 0; i < END_WAIT_MS; i++) {
		while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) ==
			0) {
			if (info.si_pid == 0) {
				break; /* none is ready */
			}
		}
		if (waitid(P_ALL, 0, &info,
			    WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) {
			return; /* none is left */
		}
		(void)usleep(1000);
	}
}

struct cbx_linux_process *cbx_linux_process_create(uint32_t flags)
{
	struct cbx_linux_process *process = calloc(1, sizeof(*process));

	if (process == NULL) {
		return NULL;
	}
	(void)pthread_mutex_init(&process->lock, NULL);
	process->users = 1;
	process->flags = flags;
	process->pidfd = -1;
	process->listener = -1;
	if (!start(process)) {
		cbx_linux_process_destroy(process);
		return NULL;
	}
	enlist(process);
	if (!finish(process)) {
		cbx_linux_process_destroy(process);
		return NULL;
	}
	return process;
}

void cbx_linux_process_kill(struct cbx_linux_process *process)
{
	process->dead = true;
	if (process->pidfd >= 0) {
		(void)syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL,
			NULL, 0);
	}
}

void cbx_linux_process_destroy(struct cbx_linux_process *process)
{
	pthread_mutex_lock(&process->lock);
	process->dead = true;
	if (process->pidfd >= 0) {
		take_off(process);
		cbx_linux_spawn_end(process->pidfd);
		process->pidfd = -1;
	}
	if (process->listener >= 0) {
		close(process->listener);
		process->listener = -1;
	}
	if (process->comm != NULL) {
		(void)munmap(process->comm, CBX_COMM_FILE_BYTES);
		process->comm = NULL;
	}
	pthread_mutex_unlock(&process->lock);
	cbx_linux_process_drop(process);
}

void cbx_linux_process_drop(struct cbx_linux_process *process)
{
	uint32_t left;

	pthread_mutex_lock(&process->lock);
	left = --process->users;
	pthread_mutex_unlock(&process->lock);
	if (left == 0) {
		(void)pthread_mutex_destroy(&process->lock);
		free(process);
	}
}
