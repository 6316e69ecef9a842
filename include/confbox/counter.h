/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters that only go up, kept by somebody who remembers: which sealed blob
 * is the last one.
 *
 * What boxes ask (libconfbox-seal.a) and who serves counters answers.  A
 * service signs; nobody in between has to be believed.  doc/sealing.md says
 * what a service protects against, and against what it does not.
 */
#ifndef CONFBOX_COUNTER_H
#define CONFBOX_COUNTER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#ifndef _Static_assert
#define _Static_assert static_assert
#endif
extern "C" {
#endif

#include <confbox/abi.h>

#if defined(__GNUC__)
#define CBX_SEAL_CHECKED __attribute__((warn_unused_result))
#define CBX_COUNTER_API	 __attribute__((visibility("default")))
#else
#define CBX_SEAL_CHECKED
#define CBX_COUNTER_API
#endif

/** What sealing, opening or counting came to. */
enum cbx_seal_result {
	CBX_SEAL_OK = 0,
	CBX_SEAL_E_INVALID = 1,	   /* an argument is out of range */
	CBX_SEAL_E_FORMAT = 2,	   /* not a sealed blob of this version */
	CBX_SEAL_E_SIZE = 3,	   /* shorter or longer than it says */
	CBX_SEAL_E_UNEXPECTED = 4, /* its selector, its version or its counter
				    * is not what the opener asks for */
	CBX_SEAL_E_DENIED = 5,	   /* this box gets no such key */
	CBX_SEAL_E_ROOT = 6,	   /* there is no root, or one of another kind
				    * than it was sealed with */
	CBX_SEAL_E_ALTERED = 7,	   /* altered, or another box's */
	CBX_SEAL_E_OLD = 8,	   /* rolled back: the counter is further */
	CBX_SEAL_E_BEHIND = 9,	   /* the counter itself went back */
	CBX_SEAL_E_COUNTER = 10,   /* it has a counter, which was not asked */
	CBX_SEAL_E_SILENT = 11,	   /* no answer of a key or counter service */
	CBX_SEAL_E_FORGED = 12,	   /* an answer that is not its service's */
	CBX_SEAL_E_MOVED = 13,	   /* the counter is not where it was to be
				    * advanced from */
	CBX_SEAL_E_NOMEM = 14,
	CBX_SEAL_E_LIBRARY = 15, /* the cryptographic library failed */
};

/** What it means, in a few words; never NULL. */
const char *cbx_seal_text(enum cbx_seal_result result);

/** Which counter: whose, and the name it has there. */
struct cbx_counter_id {
	uint8_t service[32]; /* SHA-256 of the service's key as a point */
	uint8_t name[32];    /* any bytes, best random ones */
};

struct cbx_counter_value {
	struct cbx_counter_id id;
	uint64_t value; /* 0: never advanced */
};

enum cbx_counter_op {
	CBX_COUNTER_READ = 1,
	CBX_COUNTER_ADVANCE = 2, /* from "from", and by one */
};

struct cbx_counter_question {
	uint64_t op;
	uint64_t from; /* zero of READ */
	struct cbx_counter_id id;
	uint8_t nonce[32];
};

struct cbx_counter_answer {
	struct cbx_counter_question asked;
	uint64_t value; /* after it */
	uint64_t done;	/* of ADVANCE: 1, or 0: it is not at "from" */
	uint8_t key[97];
	uint8_t reserved[7];
	uint8_t signature[96]; /* ES384, by key; doc/sealing.md */
};

/* ------------------------------------------------------- who keeps them -- */

/** Who answers: the caller's own functions, or one of the two below. */
struct cbx_counter_service {
	void *arg;

	/** @return 0, or a negative errno when there is no answer */
	int (*ask)(void *arg, const struct cbx_counter_question *question,
		struct cbx_counter_answer *answer);
};

/**
 * Keep counters in a directory of this machine.
 *
 * A value is on disk before it is said, and any number of processes may keep
 * the same directory.  Whoever can write there can set the counters back: it
 * protects against an old blob, not against an old directory.
 *
 * @param      path     made, with a key of its own, when it is not there
 * @param[out] service  for cbx_run and the rest; untouched on failure
 * @param[out] id       its name as boxes know it
 *
 * @retval CBX_OK          the caller closes it
 * @retval CBX_E_INVALID   it cannot be made or read, or is no such directory
 * @retval CBX_E_NOMEM     out of memory
 * @retval CBX_E_HARDWARE  the cryptographic library failed
 */
CBX_COUNTER_API CBX_SEAL_CHECKED enum cbx_status cbx_counter_directory(
	const char *path, struct cbx_counter_service *service, uint8_t id[32]);

/**
 * Ask whoever listens at a UNIX socket (confbox counter --listen), one
 * connection a question.
 *
 * @param      path     copied; nobody need listen yet
 * @param[out] service  as above
 *
 * @retval CBX_OK         the caller closes it
 * @retval CBX_E_INVALID  too long for a socket's name
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_COUNTER_API CBX_SEAL_CHECKED enum cbx_status cbx_counter_socket(
	const char *path, struct cbx_counter_service *service);

/** End one of these two; nobody may be asking it.  NULL does nothing. */
CBX_COUNTER_API void cbx_counter_close(struct cbx_counter_service *service);

/**
 * Answer what comes over a stream until it ends: a question, an answer, a
 * question.  Without an answer the stream is not answered further.
 *
 * @param fd  a stream socket, which stays open; an error or its timeout ends it,
 *            too
 *
 * @return how many were answered
 */
CBX_COUNTER_API uint64_t cbx_counter_serve(
	const struct cbx_counter_service *service, int fd);

/* --------------------------------------------------------- in a box -- */

#define CBX_COUNTER_DEVICE "/dev/confbox/counter"

/**
 * The counter's value now.
 *
 * @param      service  NULL: CBX_COUNTER_DEVICE
 * @param[out] value    of that counter; untouched on failure
 *
 * @retval CBX_SEAL_OK         the service said so after it was asked
 * @retval CBX_SEAL_E_SILENT   no answer
 * @retval CBX_SEAL_E_FORGED   not an answer of the service's to this
 * @retval CBX_SEAL_E_LIBRARY  not verified
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_counter_read(
	const struct cbx_counter_service *service,
	const struct cbx_counter_id *id, struct cbx_counter_value *value);

/**
 * Advance a counter by one: everything bound to its value is old.
 *
 * @param         service  NULL: CBX_COUNTER_DEVICE
 * @param[in,out] value    where it is believed to be; where it is now,
 *                         untouched on failure but for MOVED
 *
 * @retval CBX_SEAL_E_MOVED  it is elsewhere, and there it stays
 * @retval ...               as cbx_counter_read; then it may have advanced
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_counter_advance(
	const struct cbx_counter_service *service,
	struct cbx_counter_value *value);

CBX_SIZE(64, cbx_counter_id);
CBX_SIZE(112, cbx_counter_question);
CBX_AT(112, 8, cbx_counter_answer, value);
CBX_AT(120, 8, cbx_counter_answer, done);
CBX_AT(128, 97, cbx_counter_answer, key);
CBX_AT(232, 96, cbx_counter_answer, signature);
CBX_SIZE(328, cbx_counter_answer);

#ifdef __cplusplus
}
#endif

#endif
