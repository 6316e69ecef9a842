/* SPDX-License-Identifier: Apache-2.0 */
/* The client's data, and the box from then on. */
#include <base/string.h>
#include <core/assert.h>
#include <core/channel.h>
#include <core/keeper.h>
#include <core/measure.h>

/* What lies on the desk for the box, and what changes when it has it. */
struct piece {
	uint64_t bytes;
	bool last;
	struct cbx_digest digest;
	struct cbx_session session;
};

static bool is_plain(const struct cbx_domain *d)
{
	return (d->policy.flags & CBX_POLICY_PLAIN) != 0;
}

/* Whether nobody but who made it has had a part in what it is. */
static bool pristine(const struct cbx_domain *d)
{
	static const struct cbx_digest nothing;

	return !d->tainted && d->lender_count == 0 &&
	       memcmp(&d->input_digest, &nothing, sizeof(nothing)) == 0;
}

/* Whether the box may hold client data from now on. */
static enum cbx_status check(const struct cbx_domain *d,
	const struct cbx_thread *thread, const struct cbx_answer *answer)
{
	uint64_t flags = is_plain(d) ? CBX_CONFINE_LAST : 0;

	if ((answer->result & ~flags) != 0 ||
		answer->bytes > CBX_IO_BYTES_MAX) {
		return CBX_E_INVALID;
	}
	if (thread->state != CBX_THREAD_WAITING ||
		thread->ask != CBX_ASK_CLIENT || d->client_complete ||
		d->shared_count != 0 || d->asks != 0) {
		return CBX_E_STATE;
	}
	if (d->state == CBX_DOMAIN_READY &&
		(d->policy.flags & CBX_POLICY_CLEAN) != 0 && !pristine(d)) {
		return CBX_E_DENIED;
	}
	if (d->running != 0) {
		cbx_domain_kick(d);
		return CBX_E_BUSY;
	}
	return CBX_OK;
}

/* Plain: what the host brought is the piece. */
static enum cbx_status take(const struct cbx_domain *d,
	const struct cbx_thread *thread, const struct cbx_answer *answer,
	struct piece *piece)
{
	const struct cbx_record record = {
		.kind = CBX_RECORD_CLIENT,
		.address = thread->filled,
		.info = answer->result,
	};

	piece->bytes = answer->bytes;
	piece->last = answer->result == CBX_CONFINE_LAST;
	return cbx_measure_bytes(d, &record, answer->bytes, &piece->digest);
}

/* Sealed: the keeper opens it, if it is the session's next. */
static enum cbx_status unseal(const struct cbx_domain *d,
	const struct cbx_answer *answer, struct piece *piece)
{
	struct cbx_desk *desk = cbx_keeper_desk(CBX_DESK_OPEN);
	enum cbx_status status;

	desk->size = answer->bytes;
	desk->session = d->session;
	memcpy(desk->digest, &d->input_digest, sizeof(desk->digest));
	cbx_keeper_tell_box(d, &desk->box);
	status = cbx_keeper_work(desk);
	if (status == CBX_OK) {
		CBX_ASSERT(desk->size <= answer->bytes);
		piece->bytes = desk->size;
		piece->last = desk->count != 0;
		piece->session = desk->session;
		memcpy(&piece->digest, desk->digest, sizeof(piece->digest));
	}
	cbx_hal_page_unmap(desk);
	return status;
}

static void commit(struct cbx_domain *d, struct cbx_thread *thread,
	const struct piece *piece)
{
	d->session = piece->session;
	if (d->state == CBX_DOMAIN_READY) {
		cbx_domain_move(d, CBX_DOMAIN_DO_CONFINE);
		d->was_confined = true;
	}
	thread->filled += piece->bytes;
	if (piece->last) {
		d->client_complete = true;
		cbx_channel_answer(thread, thread->filled, 0);
	}
}

enum cbx_status cbx_channel_confine(struct cbx_domain *d,
	struct cbx_thread *thread, const struct cbx_answer *answer)
{
	struct cbx_va to = { thread->buffer.a + thread->filled };
	struct piece piece = { .digest = d->input_digest };
	enum cbx_status status = check(d, thread, answer);

	if (status == CBX_OK) {
		status = cbx_measure_fetch(answer->source, answer->bytes);
	}
	if (status == CBX_OK) {
		status = is_plain(d) ? take(d, thread, answer, &piece)
				     : unseal(d, answer, &piece);
	}
	if (status == CBX_OK &&
		piece.bytes > thread->capacity - thread->filled) {
		status = CBX_E_INVALID;
	}
	if (status == CBX_OK) {
		status = cbx_channel_deliver(
			d, thread, to, piece.bytes, &piece.digest);
	}
	if (status == CBX_OK) {
		commit(d, thread, &piece);
	}
	return status;
}
