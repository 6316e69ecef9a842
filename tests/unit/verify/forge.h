/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vendor of our own: certificates, quotes and collateral as Intel makes them,
 * with keys made for this run, so that tests can say anything and sign it.
 */
#ifndef CBX_TESTS_FORGE_H
#define CBX_TESTS_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/verify.h>

/** When everything forged is valid: from FORGE_FROM to FORGE_TO. */
#define FORGE_FROM 1735689600 /* 2025-01-01 */
#define FORGE_NOW  1748736000 /* 2025-06-01 */
#define FORGE_TO   1767225600 /* 2026-01-01 */

enum forge_who {
	FORGE_ROOT,
	FORGE_CA, /* for PCKs */
	FORGE_PCK,
	FORGE_SIGNER,	/* of collateral */
	FORGE_STRANGER, /* another root */
	FORGE_KEYS,	/* certificates */
	FORGE_ATTESTATION = FORGE_KEYS,
	FORGE_ALL
};

/** What a PCK certificate says; all of it may be changed before it is made. */
struct forge_pck {
	uint8_t components[16];
	uint16_t pcesvn;
	uint8_t fmspc[6];
	uint8_t pceid[2];
	unsigned int leave_out; /* a part, 1 to 7; 0: none */
	unsigned int twice;	/* a part; 0: none */
};

/** How a certificate is made. */
struct forge_certificate {
	enum forge_who subject;
	enum forge_who issuer;
	const char *name; /* common name; NULL: as usual */
	const char *issuer_name;
	const struct forge_pck *pck; /* its extension; NULL: none */
	const char *from, *to;	     /* "20250101000000"; NULL: as usual */
	unsigned char serial;
	bool is_ca;
};

struct forge; /* keys */

/** New keys; the test ends when there are none. */
struct forge *forge_create(void);

/** @param forge  NULL does nothing */
void forge_destroy(struct forge *forge);

/** PEM into room[4096]; its length with the zero byte. */
size_t forge_certify(struct forge *forge,
	const struct forge_certificate *certificate, char *room);

/** A usual PCK: what forge_td is up to date with. */
struct forge_pck forge_usual_pck(void);

/** PEM of the certificate that is usual for @p who, into room[4096]. */
size_t forge_usual(struct forge *forge, enum forge_who who, char *room);

/** A revocation list, DER into room[1024]; its length.  @p serial 0: it is
 * empty. */
size_t forge_list(struct forge *forge, enum forge_who issuer,
	unsigned char serial, bool of_this_time, uint8_t *room);

/** A quote before it is signed. */
struct forge_td {
	uint16_t version; /* 4 or 5 */
	bool is_1_5;
	uint8_t report[648];
	uint8_t qe_report[384]; /* its report data is made */
	uint8_t auth[32];
	bool wrong_tail; /* of the QE's report data: no zeros */
	enum forge_who qe_signer;
	const char *certificates; /* PEM */
};

/** A quote of version 5 that is fine, with these certificates. */
struct forge_td forge_usual_td(const char *certificates);

/** Sign it, into room[16384]; its length. */
size_t forge_quote(
	struct forge *forge, const struct forge_td *td, uint8_t *room);

/** An answer {"MEMBER":OBJECT,"signature":"..."} into room[16384]; its
 * length. */
size_t forge_answer(struct forge *forge, enum forge_who signer,
	const char *member, const char *object, char *room);

/** The signature alone, hexadecimal, into room[129]. */
void forge_sign_text(struct forge *forge, enum forge_who signer,
	const char *text, char *room);

#endif
