/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/pager.h>

#include <string.h>
#include <sys/syscall.h>

#include <hal/linux/notify.h>

/* Generous: only a starving machine is slower. */
#define PAGER_WAIT_NS 10000000000ull

static struct cbx_linux_comm *comm_of(struct cbx_linux_process *process)
{
	return (struct cbx_linux_comm *)(void *)process->comm;
}

static bool receive(
	struct cbx_linux_process *process, struct cbx_linux_notice *notice)
{
	uint64_t patience = PAGER_WAIT_NS;

	if (cbx_linux_notify_wait(process, &process->pager, &patience, false,
		    notice) != CBX_WAIT_NOTICE) {
		cbx_linux_process_kill(process);
		return false;
	}
	return true;
}

static bool receive_next(struct cbx_linux_process *process, int64_t *result)
{
	struct cbx_linux_notice notice;

	if (!receive(process, &notice)) {
		return false;
	}
	if (!cbx_linux_notice_stub(&notice) || notice.nr != CBX_STUB_NEXT) {
		cbx_linux_process_kill(process);
		return false;
	}
	process->next = notice.id;
	*result = (int64_t)notice.arg[0];
	return true;
}

/* Those that its filter lets the pager make: the notice and its answer, two
 * switches, are most of what a mapping costs. */
static bool is_unasked(uint64_t nr)
{
	return nr == SYS_mmap || nr == SYS_munmap || nr == SYS_mprotect;
}

/* Of the others, the order is checked against what is to be done. */
static bool receive_command(
	struct cbx_linux_process *process, uint64_t nr, const uint64_t arg[6])
{
	struct cbx_linux_notice notice;

	if (!receive(process, &notice)) {
		return false;
	}
	if (!cbx_linux_notice_stub(&notice) || (uint64_t)notice.nr != nr ||
		memcmp(notice.arg, arg, sizeof(notice.arg)) != 0) {
		cbx_linux_process_kill(process);
		return false;
	}
	cbx_linux_notify_continue(process, notice.id);
	return true;
}

bool cbx_linux_pager_meet(struct cbx_linux_process *process)
{
	int64_t result;

	return receive_next(process, &result);
}

bool cbx_linux_pager_call(struct cbx_linux_process *process, uint64_t nr,
	const uint64_t arg[6], int64_t *result)
{
	struct cbx_linux_comm *comm = comm_of(process);

	if (process->dead) {
		return false;
	}
	comm->nr = nr;
	memcpy(comm->arg, arg, sizeof(comm->arg));
	cbx_linux_notify_answer(process, process->next, 0);
	return (is_unasked(nr) || receive_command(process, nr, arg)) &&
	       receive_next(process, result);
}
