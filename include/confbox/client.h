/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving data to a box that one has verified, and getting its answer.
 *
 *   cbx_verify_box         accept evidence of the box (confbox/verify.h)
 *   cbx_client_start       a session with exactly that box
 *   cbx_client_seal        data becomes bytes for whoever runs the box
 *   cbx_client_open        a frame of the box's becomes its data, or its end
 *   cbx_client_end
 *
 * How bytes and frames travel is the caller's: who carries them can neither
 * read them nor change, repeat, reorder or drop one without being noticed.  The
 * formats are those of doc/channel.md.
 *
 * Threads: functions on different sessions may run at the same time.
 */
#ifndef CONFBOX_CLIENT_H
#define CONFBOX_CLIENT_H

#include <confbox/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cbx_client_error {
	CBX_CLIENT_OK = 0,
	CBX_CLIENT_E_VERDICT = 1, /* it accepted no evidence of a box */
	CBX_CLIENT_E_BOX = 2,	  /* that box takes no client's data: it has
				   * it, it is a template, or its policy makes
				   * the host its client */
	CBX_CLIENT_E_STATE = 3,	  /* all data was sealed; not all was; or the
				   * box's end was opened */
	CBX_CLIENT_E_ROOM = 4,	  /* more bytes than there is room for */
	CBX_CLIENT_E_FRAME = 5,	  /* not the next frame of this session */
	CBX_CLIENT_E_SAVED = 6,	  /* no saved session */
	CBX_CLIENT_E_LIBRARY = 7, /* no memory, or no cryptography; a session
				   * it happened to is of no use any more */
};

/** What it means, in a few words; never NULL. */
CBX_VERIFY_API const char *cbx_client_error_text(enum cbx_client_error error);

/** A session with one box. */
struct cbx_client;

/**
 * Begin a session with the box whose evidence was accepted.  Evidence that was
 * not cannot be used: the keys come from the verdict.
 *
 * @param      verdict  of cbx_verify_box, which just returned CBX_ACCEPTED; not
 *                      kept
 * @param[out] client   what cbx_client_end ends; NULL on failure
 *
 * @retval CBX_CLIENT_OK
 * @retval CBX_CLIENT_E_VERDICT, CBX_CLIENT_E_BOX, CBX_CLIENT_E_LIBRARY
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_client_error cbx_client_start(
	const struct cbx_verdict *verdict, struct cbx_client **client);

/** Where sealed bytes go; more are appended at used. */
struct cbx_client_room {
	uint8_t *bytes;
	size_t size;
	size_t used; /* at most size */
};

/** Bytes that cbx_client_seal appends for so much data, at most; SIZE_MAX: too
 * many. */
CBX_VERIFY_API size_t cbx_client_sealed_size(
	const struct cbx_client *client, size_t data_size);

/**
 * Seal data.  It becomes records of at most 64 KiB, a header in front of the
 * first (doc/channel.md); all calls' bytes, one after the other, are the message
 * to the box.
 *
 * @param final  not 0: it is the last data, and may be of no bytes.  A box gets
 *               no part of a message that is not complete.
 *
 * @retval CBX_CLIENT_OK
 * @retval CBX_CLIENT_E_STATE    the last data was sealed before
 * @retval CBX_CLIENT_E_ROOM     nothing was appended
 * @retval CBX_CLIENT_E_LIBRARY
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_client_error cbx_client_seal(
	struct cbx_client *client, struct cbx_span data, int final,
	struct cbx_client_room *room);

/** Bytes of every frame of the box's, as its policy says. */
CBX_VERIFY_API size_t cbx_client_frame_size(const struct cbx_client *client);

/** What a frame holds. */
struct cbx_client_frame {
	int end;	      /* 1: the box ended, there are no more frames */
	int port;	      /* of data: 1 output, 2 error */
	struct cbx_span data; /* until the next call on the session */
	uint64_t status;      /* of the end: the box's own, if it exited */
	uint64_t
		reason; /* of the end: 0 exited, 1 killed, 2 violation, 3 fault,
			  * 4 lost (enum cbx_end_reason) */
};

/**
 * Open the box's next frame.  Who has not seen the end has not seen all.
 *
 * @param[out] opened  zero on failure
 *
 * @retval CBX_CLIENT_OK
 * @retval CBX_CLIENT_E_STATE    not all data was sealed, or the box ended
 * @retval CBX_CLIENT_E_FRAME    of another session, out of order, repeated or
 *                               changed: nothing happened, the next frame still
 *                               opens
 * @retval CBX_CLIENT_E_LIBRARY  it opened, and is not what a keeper writes
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_client_error cbx_client_open(
	struct cbx_client *client, struct cbx_span frame,
	struct cbx_client_frame *opened);

#define CBX_CLIENT_SAVED_BYTES 72u

/**
 * Save what opens the remaining frames: to send now and read the answer later.
 * It is secret.
 *
 * @param[out] saved  zeros on failure
 *
 * @retval CBX_CLIENT_OK
 * @retval CBX_CLIENT_E_STATE  not all data was sealed, or the box ended
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_client_error cbx_client_save(
	const struct cbx_client *client, uint8_t saved[CBX_CLIENT_SAVED_BYTES]);

/**
 * Go on where cbx_client_save was called.
 *
 * @param[out] client  what cbx_client_end ends; NULL on failure
 *
 * @retval CBX_CLIENT_OK
 * @retval CBX_CLIENT_E_SAVED, CBX_CLIENT_E_LIBRARY
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_client_error cbx_client_restore(
	const uint8_t saved[CBX_CLIENT_SAVED_BYTES],
	struct cbx_client **client);

/** Forget a session and its keys.  @param client  NULL does nothing */
CBX_VERIFY_API void cbx_client_end(struct cbx_client *client);

#ifdef __cplusplus
}
#endif

#endif
