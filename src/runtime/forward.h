/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the host (confbox/forward.h), and believing none of its answers.
 *
 * Whatever the host says, a result here is one the call can have: bytes no
 * more than asked, a handle that is not in use, a file with a size and a kind
 * there is, a name without a slash, or a negative errno.  What cannot be is
 * -EIO.  The runtime's lock is dropped while the host is asked.
 */
#ifndef CBX_RUNTIME_FORWARD_H
#define CBX_RUNTIME_FORWARD_H

#include <confbox/forward.h>

#include <base/types.h>

struct cbx_gate_asked;

#define CBX_FORWARD_HANDLES 1024u   /* handles are below that */
#define CBX_FORWARD_BYTES   0x8000u /* most bytes of one read or write */

/** What the policy lets the box ask; NULL: nothing. */
void cbx_forward_init(const struct cbx_policy *policy);

/** No call is made from now on, and none is under way when this returns: the
 * box is about to be confined. */
void cbx_forward_end(void);

/** Whether a rule is about this name, below it or equal. */
bool cbx_forward_names(const char *name, uint64_t bytes);

/** Whether a rule is about this call with these arguments. */
bool cbx_forward_allows(uint32_t call, const uint64_t arg[CBX_RULE_ARGS]);

/** Whether there is a rule about this call at all. */
bool cbx_forward_may(uint32_t call);

/** Ask, and believe no result that cannot be.
 * @pre payload at most a name, or the block in memory of the box */
int64_t cbx_forward_ask(struct cbx_gate_asked *c);

/** @param name  name[bytes], at most CBX_NAME_MAX
 * @return a handle, or a negative errno */
int64_t cbx_forward_open(const char *name, uint64_t bytes,
	const uint64_t flags_mode[2], struct cbx_forward_stat *told);

/** @return 0 or a negative errno, as the rest */
int64_t cbx_forward_stat(const char *name, uint64_t bytes, bool follow,
	struct cbx_forward_stat *told);
int64_t cbx_forward_query(uint64_t handle, struct cbx_forward_stat *told);
int64_t cbx_forward_resize(uint64_t handle, uint64_t bytes);
int64_t cbx_forward_shutdown(uint64_t handle, uint64_t how);

/** The handle is free after it, whatever the host says. */
void cbx_forward_close(uint64_t handle);

/** @param to     to[bytes], at most CBX_FORWARD_BYTES
 * @return bytes, 0 at the end, or a negative errno */
int64_t cbx_forward_read(
	uint64_t handle, uint64_t offset, void *to, uint64_t bytes);

/** A WRITE as the monitor takes it. */
struct cbx_forward_message {
	struct cbx_forward block;
	uint8_t bytes[CBX_FORWARD_BYTES];
};

/** @return bytes of @p message written, or a negative errno */
int64_t cbx_forward_write(uint64_t handle, uint64_t offset,
	struct cbx_forward_message *message, uint64_t bytes);

/** Names of a directory.  @param to  to[CBX_FORWARD_BYTES]
 * @return how many entries lie there, each one well-formed */
int64_t cbx_forward_list(
	uint64_t handle, uint64_t skip, uint8_t *to, uint64_t *bytes);

/** The entry at @p at; its name is @c name_bytes bytes behind it.
 * @return where the next one is */
static inline uint64_t cbx_forward_next(
	uint64_t at, const struct cbx_forward_entry *entry)
{
	return at + sizeof(*entry) + ((entry->name_bytes + 7ull) & ~7ull);
}

/** @param[out] ends  its own end, the peer's
 * @return a handle, or a negative errno; -EAGAIN of ACCEPT: none there */
int64_t cbx_forward_connect(
	const uint64_t peer[CBX_RULE_ARGS], struct cbx_forward_end ends[2]);
int64_t cbx_forward_listen(const uint64_t peer[CBX_RULE_ARGS], uint64_t backlog,
	struct cbx_forward_end *end);
int64_t cbx_forward_accept(uint64_t handle, struct cbx_forward_end ends[2]);

struct cbx_gate_asked;

/** Make a call with at most CBX_NAME_MAX bytes of payload (gate.h); an answer
 * that does not fill its room is -EIO. */
int64_t cbx_forward_whole(struct cbx_gate_asked *asked);

/** POLL as the monitor takes it. */
struct cbx_forward_polls {
	struct cbx_forward block;
	struct cbx_forward_poll poll[CBX_FORWARD_HANDLES];
};

/** Wait until one of @p count handles is ready or somebody wakes us; ready is
 * set, to nothing that was not asked for but errors.  Without the lock.
 * @return how many are ready, or a negative errno */
int64_t cbx_forward_poll(struct cbx_forward_polls *polls, uint64_t count);

/** End every POLL, now or the next one.  With the lock held throughout. */
void cbx_forward_wake(void);

#endif
