/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters: what a backend whose firmware takes sealed messages has the keeper
 * do, as the monitor itself has no cryptography (doc/adr/0032).
 *
 * A letter is a page of the backend's.  It comes out of cbx_hal_host_run as
 * CBX_EVENT_LETTER, is copied to the desk (CBX_DESK_LETTER) and back.  One that
 * comes back as it was is one the keeper refused, and the key's end: the keeper
 * has wiped it.
 */
#ifndef CBX_BASE_LETTER_H
#define CBX_BASE_LETTER_H

#include <base/types.h>

/** What is to be done.  The answer has the op DONE, what is said here as its
 * body, and zeros behind that. */
enum cbx_letter_op {
	CBX_LETTER_DONE = 0,
	/** The body is the key that firmware and monitor share: keep it.  A
	 * message that asks for the root of sealing keys. */
	CBX_LETTER_KEY = 1,
	/** The body is CBX_LETTER_DATA_BYTES of report data.  A message that
	 * asks for a report with them. */
	CBX_LETTER_REPORT = 2,
	/** The body is a nonce of CBX_LETTER_DATA_BYTES.  A message that asks
	 * for a report with SHA-512 of it and CBX_LETTER_MANIFEST. */
	CBX_LETTER_ATTEST = 3,
	/** The body begins with the firmware's answer to the last message.
	 * The report; nothing when it was not granted, or is the root, which
	 * the keeper keeps. */
	CBX_LETTER_ANSWER = 4,
	/** Nobody knows what became of the last message: wipe the key.
	 * Nothing comes back. */
	CBX_LETTER_LOST = 5,
};

#define CBX_LETTER_KEY_BYTES  32u
#define CBX_LETTER_DATA_BYTES 64u

/** What attestation by SVSM's protocol 1 vouches for: the manifest of no
 * services (a GUID, bytes, services).  Nonce and manifest are 88 bytes, never
 * what a keeper's own report data is made of, which is longer
 * (doc/evidence.md). */
#define CBX_LETTER_MANIFEST_BYTES 24u
#define CBX_LETTER_MANIFEST                                                 \
	{                                                                   \
		0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46, 0xa1, 0xff, \
			0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb,                 \
			CBX_LETTER_MANIFEST_BYTES, 0, 0, 0, 0, 0, 0, 0      \
	}

struct cbx_letter {
	uint32_t op;
	uint32_t bytes; /* of the body */
	uint8_t body[CBX_PAGE_SIZE - 8];
};
CBX_SIZE(CBX_PAGE_SIZE, cbx_letter);

#endif
