/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's own calls to the monitor.
 */
#ifndef CBX_RUNTIME_GATE_H
#define CBX_RUNTIME_GATE_H

#include <base/start.h>
#include <base/types.h>

#include <confbox/seal.h>

/** End the box: an exit code, or CBX_END_SIGNAL | signal. */
_Noreturn void cbx_gate_end(uint64_t status);

/**
 * Map zeroed pages of the reserve.
 *
 * @param space   a space's handle; 0: the one this task runs in, here and
 *                below
 * @param rights  CBX_RIGHT_*, at least one
 *
 * @retval true   all mapped
 * @retval false  the reserve is empty; none is
 */
CBX_MUST_CHECK bool cbx_gate_map(
	uint64_t space, uint64_t va, uint64_t pages, unsigned rights);

/** Give mapped pages back to the reserve. */
void cbx_gate_unmap(uint64_t space, uint64_t va, uint64_t pages);

/** Change the rights of mapped pages; false when the monitor refused some. */
CBX_MUST_CHECK bool cbx_gate_protect(
	uint64_t space, uint64_t va, uint64_t pages, unsigned rights);

/** Pages of one space, to be mapped in another one, too. */
struct cbx_alias {
	uint64_t space; /* where to */
	uint64_t va;
	uint64_t pages;
	unsigned rights;
	uint64_t from_space;
	uint64_t from;
};

/** Map pages that exist once more, up to the first that cannot be.
 * @return how many */
uint64_t cbx_gate_alias(const struct cbx_alias *alias);

/** Begin a thread in another space in the place of the calling one; it returns
 * when that cannot be. */
void cbx_gate_switch(
	uint64_t space, uint64_t entry, uint64_t stack, uint64_t arg);

/** Make an empty space; false when there are too many. */
CBX_MUST_CHECK bool cbx_gate_space_create(uint64_t *space);

/** End a space; false while a thread is in it. */
CBX_MUST_CHECK bool cbx_gate_space_destroy(uint64_t space);

/**
 * Read from or write to a channel.
 *
 * @param va     mapped memory of @p bytes
 * @param bytes  any number; CBX_IO_BYTES_MAX at most are moved, but for a read
 *               of CBX_PORT_CLIENT
 *
 * @return bytes moved, 0 at the end of input; a negative errno
 */
int64_t cbx_gate_read(enum cbx_port port, uint64_t va, uint64_t bytes);
int64_t cbx_gate_write(enum cbx_port port, uint64_t va, uint64_t bytes);

/** A call for the host. */
struct cbx_gate_asked {
	uint32_t number;
	struct cbx_forward *block; /* arguments, then payload bytes */
	uint64_t payload;
	void *answer; /* answer[capacity]; an address of the box in any case */
	uint64_t capacity;
	uint64_t most; /* the largest result that makes sense */
	uint64_t got;  /* bytes of answer, as the host says */
};

/** Ask the host to serve a call.
 * @return the host's result, unchecked; -EACCES, -EFAULT, -ENOMEM, -EIO when
 *         the monitor does not ask it */
int64_t cbx_gate_forward(struct cbx_gate_asked *asked);

/** Fill @p word with random numbers. */
void cbx_gate_random(uint64_t word[4]);

/** A sealing key of this box.
 * @retval 0
 * @retval -EINVAL, -EACCES  not such a key, not this box
 * @retval -ENOKEY           there is no root
 * @retval -EIO              the monitor could not */
CBX_MUST_CHECK int64_t cbx_gate_seal_key(
	const struct cbx_seal_want *want, struct cbx_seal_key *key);

/** Nanoseconds since the machine started. */
uint64_t cbx_gate_ticks(void);

/** Sleep until @p deadline in ticks; 0 is for ever. */
void cbx_gate_park(uint64_t deadline);

/**
 * Make a thread that begins at @p entry with @p arg.
 *
 * @param      space   of the box; 0: the running one
 * @param[out] thread  its handle
 *
 * @return false when there is none to be had
 */
CBX_MUST_CHECK bool cbx_gate_thread(uint64_t space, uint64_t entry,
	uint64_t stack, uint64_t arg, uint64_t *thread);

/** End the sleep of a thread, or its next one. */
void cbx_gate_unpark(uint64_t thread);

/**
 * Where the program's system calls and faults enter the runtime.
 *
 * @param      stack   end of the stack they use, where the backend has none of
 *                     its own; 0: where this thread began
 * @param[out] thread  the calling thread's handle
 * @param[out] space   its space's
 */
CBX_MUST_CHECK bool cbx_gate_upcall_entry(
	uint64_t entry, uint64_t stack, uint64_t *thread, uint64_t *space);

/** Have an up-call DEADLINE at the first entry after that time: a thread's,
 * which is interrupted if it runs on another CPU, or (0) the calling one's. */
void cbx_gate_deadline(uint64_t ticks, uint64_t thread);

/** Tell the trace what a system call came to.
 * @param says  struct cbx_trace's word */
void cbx_gate_result(int64_t result, uint64_t says);

#endif
