/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor's mail on the build machine: the backend, the keeper, the lab's
 * firmware, and a hypervisor between that has messages wait, loses, alters and
 * repeats them.
 */
#ifndef POST_H
#define POST_H

#include <hal/snp/mail.h>

#include "machine.h"

#include "../lab_x86/psp.h"

#define POST_LETTER 4u /* pages */
#define POST_SHARED 5u
#define POST_REPORT 0x4a0u /* bytes of one */
#define POST_DATA   0x50u  /* where its data are */

/** What the hypervisor does to messages. */
struct post {
	uint32_t later;	 /* of them it has wait */
	bool no_room;	 /* for certificates */
	bool no_table;	 /* it knows of none */
	uint64_t answer; /* INFO2 instead of handing it on */
	bool malformed, refuses;
	void (*tamper)(uint8_t *response);
	const uint8_t *table; /* of certificates; NULL: some bytes */
	size_t table_bytes;
	/* what it saw */
	uint32_t sent;
	uint8_t first[CBX_PAGE_SIZE]; /* of one message */
	bool changed;		      /* while it was asked for again */
};
extern struct post post;
extern struct snp_firmware firmware;

/** The machine, the keeper and the firmware anew.  For cmocka. */
int post_boot(void **state);

/** VMPCK0, as in the secrets page; and the start with it. */
uint8_t *post_key(void);
void post_start(void);

/** Both, and the first letters.  For cmocka. */
int post_boot_started(void **state);

/** The loop's part: the keeper does what the letter says. */
void post_keep(struct cbx_pfn letter);

/** Everything up to where the host would run. @return letters */
uint32_t post_step(void);

/** The next message is another one. */
void post_look_anew(void);

#endif
