/* SPDX-License-Identifier: Apache-2.0 */
/* What a box and its host, or its client, tell each other. */
#ifndef CBX_CORE_CHANNEL_H
#define CBX_CORE_CHANNEL_H

#include <core/run.h>

/** Ask for input; the thread waits for BOX_REPLY, or BOX_CONFINE on
 * CBX_PORT_CLIENT.
 * @retval CBX_OK         the thread waits
 * @retval CBX_E_INVALID  no such port, or no room for a byte
 * @retval CBX_E_FAULT    the box may not write the buffer
 * @retval CBX_E_STATE    another thread asks for the client's data already, or
 *                        it came already */
CBX_MUST_CHECK enum cbx_status cbx_channel_read(struct cbx_run *run,
	uint64_t port, struct cbx_va buffer, uint64_t capacity);

/** Give output: to the host at once, or, confined, padded and at the next
 * time step.
 * @param[out] bytes  accepted; at least one unless size is 0
 * @retval CBX_OK         accepted
 * @retval CBX_E_INVALID  no such port
 * @retval CBX_E_FAULT    the box may not read the buffer
 * @retval CBX_E_NOMEM    the host gave no buffer
 * @retval CBX_E_DENIED   the host's buffer is not its own any more */
CBX_MUST_CHECK enum cbx_status cbx_channel_write(struct cbx_run *run,
	uint64_t port, struct cbx_va buffer, uint64_t size, uint64_t *bytes);

/** A call to the host. */
struct cbx_forwarding {
	uint64_t number;
	struct cbx_va block; /* struct cbx_forward, then the payload */
	uint64_t in_bytes;
	struct cbx_va answer;
	uint64_t capacity;
};

/** Forward a call the policy allows, as it was when it was looked at; the
 * thread waits for BOX_REPLY.
 * @retval CBX_OK         the thread waits
 * @retval CBX_E_DENIED   no rule allows it: the host is told so, or the box
 *                        ended; or (rarely) the host's buffer is not its own
 *                        any more
 * @retval CBX_E_INVALID  a size is too large
 * @retval CBX_E_FAULT    the box may not read the block or write the answer
 * @retval CBX_E_NOMEM    the host's buffer is too small */
CBX_MUST_CHECK enum cbx_status cbx_channel_forward(
	struct cbx_run *run, const struct cbx_forwarding *f);

/** An answer of the host's to a thread that asked. */
struct cbx_answer {
	uint64_t result; /* or flags, for cbx_channel_confine */
	uint64_t source; /* HOST pages */
	uint64_t bytes;
};

/** Answer INPUT, FORWARD, or the OUTPUT that was just made.
 * @retval CBX_OK          the thread has its answer, the input digest grew
 * @retval CBX_E_INVALID   more bytes than it asked for
 * @retval CBX_E_STATE     it asked for nothing a reply answers
 * @retval CBX_E_DENIED    a source page is not HOST
 * @retval CBX_E_FAULT     the box took the buffer away meanwhile
 * @retval CBX_E_HARDWARE  the keeper did not extend the digest */
CBX_MUST_CHECK enum cbx_status cbx_channel_reply(struct cbx_domain *d,
	struct cbx_thread *thread, const struct cbx_answer *answer);

/** Hand over bytes on the desk, which are measured: @p digest is the input
 * digest with them.
 * @retval CBX_OK       in the box
 * @retval CBX_E_FAULT  the box may not write there; nothing changed */
CBX_MUST_CHECK enum cbx_status cbx_channel_deliver(struct cbx_domain *d,
	const struct cbx_thread *thread, struct cbx_va to, uint64_t bytes,
	const struct cbx_digest *digest);

/** Let a thread that waits go on, with this answer. */
void cbx_channel_answer(
	struct cbx_thread *thread, uint64_t result, uint64_t bytes);

/** Deliver client data and confine the box (confine.c).
 * @retval CBX_OK          delivered; CONFINED
 * @retval CBX_E_INVALID   too many bytes, unknown flags, malformed records
 * @retval CBX_E_STATE     nobody asked, it is complete, or the box has a
 *                         window, a writable COMMON page or an open request
 * @retval CBX_E_BUSY      a thread of it runs; it was kicked
 * @retval CBX_E_DENIED    a source page is not HOST, the records are not the
 *                         session's next ones, or the policy wants a pristine
 *                         box
 * @retval CBX_E_FAULT     the box took the buffer away meanwhile
 * @retval CBX_E_HARDWARE  the keeper did not do its part */
CBX_MUST_CHECK enum cbx_status cbx_channel_confine(struct cbx_domain *d,
	struct cbx_thread *thread, const struct cbx_answer *answer);

#endif
