/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of a box's address space, and its threads.
 *
 * Every system call instruction executed in it is a notice to the monitor, a
 * signal of its own, or its death (stub/filter.c).  A notice belongs to the
 * mailbox of the thread that made it; whichever monitor thread happens to wait
 * receives it and puts it there.
 *
 * @lock  lock guards everything below; it comes after the core's and is let go
 *        while waiting
 */
#ifndef CBX_HAL_LINUX_PROCESS_H
#define CBX_HAL_LINUX_PROCESS_H

#include <pthread.h>
#include <sys/types.h>

#include <arch/arch.h>
#include <hal/linux/layout.h>

/** A system call that waits for the monitor's word, copied once. */
struct cbx_linux_notice {
	uint64_t id;
	int32_t nr;
	uint64_t address; /* after the instruction */
	uint64_t arg[6];
};

struct cbx_linux_mailbox {
	pid_t tid;
	bool full;
	bool waited; /* a monitor thread waits for it, on cpu */
	uint32_t cpu;
	struct cbx_linux_notice notice;
};

/** Where a box's thread rests while it does not run. */
enum cbx_linux_rest {
	CBX_REST_NONE, /* it runs, or is gone */
	CBX_REST_STOP, /* in CBX_STUB_STOP; context holds its registers */
	CBX_REST_CALL, /* in a gate or a traced call */
};

/** Up-calls that can be due at once: a traced call and a deadline. */
#define CBX_LINUX_UPCALLS 2u

struct cbx_linux_thread {
	struct cbx_linux_process *process;
	struct cbx_linux_mailbox mailbox;
	uint32_t slot;
	enum cbx_linux_rest rest;
	uint64_t id;	  /* of the notice it rests in */
	int64_t answer;	  /* rest CALL: what the call is to return */
	uint64_t context; /* rest STOP: box address, 0 at the start */
	bool returning;	  /* its next call is our rt_sigreturn */
	bool wanted;	  /* interrupt it after that */
	bool kicked;	  /* a signal for that is on its way */
	uint64_t entry;	  /* of the runtime, 0 is none */
	struct cbx_vcpu_start start;
	struct cbx_upcall due[CBX_LINUX_UPCALLS];
	uint32_t due_count;
};

struct cbx_linux_process {
	struct cbx_linux_process *newer; /* all of them; guarded by a lock of */
	struct cbx_linux_process *older; /* their own */
	pthread_mutex_t lock;
	uint32_t users; /* the space and its threads */
	uint32_t flags; /* the space's */
	bool dead;	/* it will never run again */
	pid_t pid;
	int pidfd;	   /* -1 when reaped */
	int listener;	   /* of its notices */
	uint64_t received; /* how many, or nearly */
	uint8_t *comm;
	uint64_t next; /* id of the pager's waiting CBX_STUB_NEXT */
	struct cbx_linux_mailbox pager;
	struct cbx_linux_thread *newborn; /* its tid is not known yet */
	uint32_t thread_end;		  /* no thread in a slot from here on */
	struct cbx_linux_thread *thread[CBX_SLOTS];
	bool slot_mapped[CBX_SLOTS];
};

/**
 * Start the process of an empty address space.
 *
 * @return NULL when the kernel has none to give
 */
struct cbx_linux_process *cbx_linux_process_create(uint32_t flags);

/** Kill the process and wait until nothing of it is left; drop the space's
 * use.  @pre no thread of it is running */
void cbx_linux_process_destroy(struct cbx_linux_process *process);

/** The machine ends: kill all processes and reap them, so that nothing is left
 * to whoever adopts our children; waits a moment at most.  @lock none */
void cbx_linux_process_end_all(void);

/** Drop a use. @lock none */
void cbx_linux_process_drop(struct cbx_linux_process *process);

/** It did what it cannot do: end it.  @lock process->lock */
void cbx_linux_process_kill(struct cbx_linux_process *process);

/** The first page of a slot, as the monitor sees it. */
struct cbx_linux_info *cbx_linux_process_info(
	const struct cbx_linux_process *process, uint32_t slot);

/** A slot's address in the box. */
static inline uint64_t cbx_linux_slot_va(uint32_t slot)
{
	return CBX_SLOT_VA + (uint64_t)slot * CBX_SLOT_BYTES;
}

/** Its offset in the comm file. */
static inline uint64_t cbx_linux_slot_offset(uint32_t slot)
{
	return ((uint64_t)slot + 1) * CBX_SLOT_BYTES;
}

/** Whether a notice comes from an instruction of the stub. */
static inline bool cbx_linux_notice_stub(const struct cbx_linux_notice *notice)
{
	return notice->address > CBX_STUB_TEXT &&
	       notice->address <= CBX_STUB_TEXT + CBX_STUB_TEXT_BYTES;
}

#endif
