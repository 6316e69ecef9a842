/* SPDX-License-Identifier: Apache-2.0 */
#include <client/confine.h>

#include <stdlib.h>
#include <string.h>

#include <client/error.h>
#include <client/lend.h>

/* What a lender's buffer holds. */
#define ROOM ((size_t)CBX_IO_BYTES_MAX)

/* The message, a piece at a time: each function puts the next one into the
 * lender's buffer, says whether it is the last, and how many bytes of data are
 * in it.  @return bytes of the piece, or a negative errno, or 0: it is broken */
struct piece {
	size_t data;
	bool last;
};

/* What is read is the piece. */
static int64_t next_plain(struct cbx_lender *lender, struct piece *piece)
{
	int64_t n = cbx_run_read_full(lender, cbx_lend_buffer(lender), ROOM);

	piece->data = n > 0 ? (size_t)n : 0;
	piece->last = piece->data < ROOM;
	return n;
}

/* This process seals what is read. */
static int64_t next_sealed(struct cbx_lender *lender, struct piece *piece)
{
	struct cbx_channel_session *session = &lender->run->session;
	size_t fits = cbx_session_fits(session, ROOM);
	uint8_t *data = malloc(fits);
	int64_t n = data == NULL ? -1 : cbx_run_read_full(lender, data, fits);
	struct cbx_channel_room room = { cbx_lend_buffer(lender), ROOM, 0 };

	if (n >= 0) {
		piece->data = (size_t)n;
		piece->last = piece->data < fits;
		/* What fails leaves the room empty: the message is broken. */
		(void)cbx_sealed_put(session,
			(struct cbx_span){ data, piece->data }, piece->last,
			&room);
	}
	free(data);
	return n < 0 ? n : (int64_t)room.used;
}

/* A record of the client's, if it fits. @return bytes, 0 none, or -1 */
static int64_t carry_record(
	struct cbx_lender *lender, size_t at, struct piece *piece)
{
	uint8_t *to = (uint8_t *)cbx_lend_buffer(lender) + at;
	struct cbx_channel_record record;
	size_t rest;

	if (ROOM - at < CBX_CHANNEL_RECORD_BYTES) {
		return 0;
	}
	if (cbx_run_read_full(lender, to, sizeof(record)) !=
		(int64_t)sizeof(record)) {
		return -1;
	}
	memcpy(&record, to, sizeof(record));
	if (record.size > CBX_CHANNEL_DATA_BYTES) {
		return -1;
	}
	rest = record.size + CBX_AEAD_TAG_BYTES;
	if (cbx_run_read_full(lender, to + sizeof(record), rest) !=
		(int64_t)rest) {
		return -1;
	}
	piece->data += record.size;
	piece->last = (record.flags & CBX_CHANNEL_FINAL) != 0;
	return (int64_t)(sizeof(record) + rest);
}

/* The client, elsewhere, sealed it: whole records as they come. */
static int64_t next_carried(struct cbx_lender *lender, struct piece *piece)
{
	size_t at = 0;
	int64_t n = 1;

	if (!lender->run->confined) {
		at = sizeof(struct cbx_channel_header);
		if (cbx_run_read_full(lender, cbx_lend_buffer(lender), at) !=
			(int64_t)at) {
			return 0;
		}
	}
	while (n > 0 && !piece->last) {
		n = carry_record(lender, at, piece);
		at += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? 0 : (int64_t)at;
}

static int64_t next_piece(struct cbx_lender *lender, struct piece *piece)
{
	if (lender->run->box->plain) {
		return next_plain(lender, piece);
	}
	return (lender->run->how.flags & CBX_RUN_SEALED) != 0
		       ? next_carried(lender, piece)
		       : next_sealed(lender, piece);
}

/* End the box, for whatever reason was given. */
static enum cbx_status give_up(struct cbx_lender *lender, enum cbx_status why)
{
	struct cbx_error error = *cbx_error_last();
	enum cbx_status status = cbx_box_end(lender->run->box, lender->cpu);

	if (status == CBX_OK && why != CBX_OK) {
		cbx_error_restore(&error);
	}
	return status != CBX_OK ? status : why;
}

static enum cbx_status hand_over(struct cbx_lender *lender, uint64_t thread,
	uint64_t bytes, uint64_t flags)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_CONFINE,
		.arg = { lender->run->box->root, thread, lender->buffer.pfn,
			bytes, flags } };
	struct cbx_reply answer;
	enum cbx_status status;
	uint32_t tries = 0;

	do {
		status = cbx_cpu_call(lender->cpu, &call, &answer);
		if (answer.status == CBX_E_BUSY &&
			cbx_lend_alone(lender) != CBX_OK) {
			break;
		}
	} while (answer.status == CBX_E_BUSY && cbx_busy_wait(++tries));
	if (status == CBX_OK) {
		lender->run->confined = true;
		return cbx_lend_alone(lender);
	}
	if (answer.status == CBX_E_STALE) {
		return CBX_OK;
	}
	(void)cbx_fail_call(status, answer.status,
		"the monitor does not take the client's data");
	return answer.status == CBX_E_DENIED || answer.status == CBX_E_INVALID
		       ? give_up(lender, (enum cbx_status)answer.status)
		       : cbx_error_last()->status;
}

/* A session with the box, which waits for it: this process is the client. */
static enum cbx_status meet(struct cbx_lender *lender)
{
	static const char nobody[CBX_NONCE_BYTES_MIN];
	const struct cbx_evidence_want want = { .size = sizeof(want),
		.nonce = nobody,
		.nonce_bytes = sizeof(nobody) };
	size_t size = CBX_EVIDENCE_ROOM;
	uint8_t *evidence = malloc(size);
	enum cbx_status status;

	if (evidence == NULL) {
		return cbx_fail_memory("a box's evidence");
	}
	status = cbx_box_evidence(lender->run->box, &want, evidence, &size);
	if (status == CBX_OK && !cbx_sealed_start(&lender->run->session,
					(struct cbx_span){ evidence, size })) {
		status = cbx_fail(CBX_E_HARDWARE,
			"no channel to the box: its evidence, or the "
			"cryptographic library, is no good");
	}
	free(evidence);
	return status;
}

static enum cbx_status deliver_piece(struct cbx_lender *lender, uint64_t thread,
	uint64_t most, struct piece *piece)
{
	int64_t n = next_piece(lender, piece);

	if (n < 0) {
		/* Half of the data must not pass for all of it. */
		piece->last = true;
		return give_up(lender, CBX_OK);
	}
	if (n == 0 && !lender->run->box->plain) {
		return give_up(lender,
			cbx_fail(CBX_E_INVALID,
				"the client's message is broken off, or none"));
	}
	if (piece->data > most) {
		return give_up(lender,
			cbx_fail(CBX_E_INVALID,
				"the client's data does not fit: the box has "
				"%llu bytes for the rest of it; give it more "
				"memory",
				(unsigned long long)most));
	}
	return hand_over(lender, thread, (uint64_t)n,
		lender->run->box->plain && piece->last ? CBX_CONFINE_LAST : 0);
}

enum cbx_status cbx_confine_deliver(
	struct cbx_lender *lender, uint64_t thread, uint64_t most)
{
	bool client = !lender->run->box->plain &&
		      (lender->run->how.flags & CBX_RUN_SEALED) == 0;
	enum cbx_status status = client ? meet(lender) : CBX_OK;
	struct piece piece = { 0 };

	while (status == CBX_OK && !piece.last) {
		piece = (struct piece){ 0 };
		status = deliver_piece(lender, thread, most, &piece);
		most -= piece.data <= most ? piece.data : most;
	}
	return status;
}

/* Write data of a confined box.  It cannot be told: what cannot be written is
 * lost, and the result says so. */
static void write_data(struct cbx_lender *lender, const uint8_t *plain)
{
	struct cbx_output header;
	uint64_t done = 0;
	int64_t n = 1;

	memcpy(&header, plain, sizeof(header));
	while (done < header.bytes && n > 0) {
		n = cbx_run_write(lender,
			header.port == CBX_PORT_ERROR ? CBX_PORT_ERROR
						      : CBX_PORT_OUTPUT,
			plain + sizeof(header) + done,
			(size_t)(header.bytes - done));
		done += n > 0 ? (uint64_t)n : 0;
	}
}

/* A frame, to the client that it is for. */
static void carry_frame(struct cbx_lender *lender, size_t bytes)
{
	const uint8_t *frame = cbx_lend_buffer(lender);
	size_t done = 0;
	int64_t n = 1;

	while (done < bytes && n > 0) {
		n = cbx_run_write(
			lender, CBX_PORT_CLIENT, frame + done, bytes - done);
		done += n > 0 ? (size_t)n : 0;
	}
}

/* The frame in the buffer, opened: the caller frees it; NULL: it is none. */
static uint8_t *open_frame(struct cbx_lender *lender, size_t bytes)
{
	uint8_t *plain = malloc(bytes);

	if (plain != NULL &&
		!cbx_sealed_open(&lender->run->session,
			(struct cbx_span){ cbx_lend_buffer(lender), bytes },
			plain)) {
		free(plain);
		plain = NULL;
	}
	return plain;
}

static size_t frame_bytes(const struct cbx_lender *lender)
{
	return (size_t)lender->run->box->output_pages * CBX_PAGE_SIZE;
}

static enum cbx_status output_plain(struct cbx_lender *lender)
{
	struct cbx_output header;

	memcpy(&header, cbx_lend_buffer(lender), sizeof(header));
	if (header.bytes > CBX_IO_BYTES_MAX - sizeof(header)) {
		return cbx_run_nonsense("a confined output's size");
	}
	write_data(lender, cbx_lend_buffer(lender));
	return CBX_OK;
}

enum cbx_status cbx_confine_output(struct cbx_lender *lender)
{
	uint8_t *plain;

	if (lender->run->box->plain) {
		return output_plain(lender);
	}
	if ((lender->run->how.flags & CBX_RUN_SEALED) != 0) {
		carry_frame(lender, frame_bytes(lender));
		return CBX_OK;
	}
	plain = open_frame(lender, frame_bytes(lender));
	if (plain == NULL) {
		return cbx_run_nonsense("a confined output");
	}
	write_data(lender, plain);
	free(plain);
	return CBX_OK;
}

/* What the box's last frame says to this process. */
static void note_end(struct cbx_lender *lender)
{
	uint8_t *plain = open_frame(lender, frame_bytes(lender));
	struct cbx_output header;

	if (plain == NULL) {
		return;
	}
	memcpy(&header, plain, sizeof(header));
	free(plain);
	if (header.kind == CBX_OUTPUT_END) {
		lender->run->result.told = 1;
		cbx_run_note_end(lender->run, header.status,
			(enum cbx_end_reason)header.reason);
	}
}

void cbx_confine_end(struct cbx_lender *lender)
{
	lender->run->result.confined = 1;
	lender->run->result.reason = CBX_END_EXIT;
	if (lender->run->box->plain) {
		return;
	}
	if ((lender->run->how.flags & CBX_RUN_SEALED) != 0) {
		carry_frame(lender, frame_bytes(lender));
	} else {
		note_end(lender);
	}
}
