/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's desk: the pages over which the monitor and the keeper talk.
 *
 * The desk is memory of the keeper's own box.  The monitor copies a request
 * and the bytes it concerns onto the desk, runs the keeper until it makes the
 * KEEPER_NEXT gate, and copies the answer off.  So the keeper never maps a
 * page of another box, and a request never races with its owner.
 *
 * The first page holds struct cbx_desk; CBX_DESK_DATA_PAGES pages of data
 * follow.  The same layout serves the offline measurement: a record is what
 * `confbox measure` hashes, too (doc/measurement.md).
 */
#ifndef CBX_BASE_DESK_H
#define CBX_BASE_DESK_H

#include <confbox/abi.h>

/** Where the desk lies in the keeper's address space. */
#define CBX_DESK_VA 0x5f0000000000ull

#define CBX_DESK_DATA_PAGES CBX_IO_PAGES_MAX
#define CBX_DESK_PAGES	    (1u + CBX_DESK_DATA_PAGES)

/** Operations.  Each reads and writes what its comment names; everything else
 * on the desk is ignored and stays as it is. */
enum cbx_desk_op {
	CBX_DESK_NONE = 0,
	/** digest := SHA-384(digest || record_i || data_i) for each record i
	 * below count; see struct cbx_record. */
	CBX_DESK_EXTEND = 1,
	/** key := the platform report's 64 bytes, for nonce. */
	CBX_DESK_REPORT_DATA = 2,
	/** Evidence, of box or (number 0) of the monitor alone, with nonce;
	 * what the platform said is the size bytes of data, the last
	 * endorsements of which are no report.  data, size := evidence. */
	CBX_DESK_EVIDENCE = 3,
	/** Open the size bytes of data, the next piece of a client's message
	 * to box.  data, size := what was sealed; count := 1 when that was the
	 * last; session and digest (of the input) advance. */
	CBX_DESK_OPEN = 4,
	/** Seal the size bytes of data, a whole frame whose last
	 * CBX_OUTPUT_TAIL bytes are free, in place; session advances. */
	CBX_DESK_SEAL = 5,
	/** Check the struct cbx_signature in data over box's measurement;
	 * box.signer := whose it is. */
	CBX_DESK_SIGNER = 6,
	/** The struct cbx_report in data := box's, with the report's own data
	 * and what makes it this keeper's. */
	CBX_DESK_REPORT = 7,
	/** key := box's sealing key of selector count (enum
	 * cbx_seal_selector), version, and the id in nonce; monitor.root :=
	 * where it comes from. */
	CBX_DESK_SEAL_KEY = 8,
	/** Take the root key sealed to this keeper in the size bytes of
	 * data. */
	CBX_DESK_ROOT = 9,
	/** Check that the struct cbx_report in data is this keeper's. */
	CBX_DESK_REPORT_CHECK = 10,
	/** Do what the struct cbx_letter in data says (base/letter.h); data :=
	 * its answer. */
	CBX_DESK_LETTER = 11,
};

/** Kinds of log record; the text is the record's first eight bytes, padded
 * with zeros. */
#define CBX_RECORD_POLICY   "policy" /* data: struct cbx_policy */
#define CBX_RECORD_PAGE	    "page"   /* address, rights; data: the page */
#define CBX_RECORD_ZERO	    "zero"   /* address, rights; one a page, no data */
#define CBX_RECORD_TEMPLATE "template" /* data: its measurement, its input */
#define CBX_RECORD_THREAD   "thread"   /* entry, stack, argument; no data */
#define CBX_RECORD_FINALIZE "finalize" /* no data */
#define CBX_RECORD_INPUT    "input"    /* offset, result; data: the bytes */
#define CBX_RECORD_CLIENT   "client"   /* offset, flags; data: the bytes */
#define CBX_RECORD_CHANNEL \
	"channel" /* first record, flags, bytes; data: the
					* header of the message, tags */

#define CBX_RECORD_BOOT	 "boot"	 /* data: the boot log */
#define CBX_RECORD_IMAGE "image" /* address, flags; data: of a program */

/** One entry of a measurement or input log.  It precedes its data, and length
 * says how long the data is: the log is domain-separated, length-prefixed. */
struct cbx_record {
	char kind[8];
	uint64_t address; /* or entry, offset, number of a record */
	uint64_t info;	  /* or rights, stack, result */
	uint64_t info2;	  /* or thread argument, bytes; else 0 */
	uint64_t length;  /* bytes of data, at most CBX_PAGE_SIZE */
};

/** A client's session with a box: the keeper's, which keeps none; the monitor
 * stores it with the box and does not look into it.  Zero: there is none. */
struct cbx_session {
	uint32_t open;	   /* 1 */
	uint32_t complete; /* 1: the message's last record was opened */
	uint64_t record;   /* number of the next one */
	uint64_t frame;	   /* the same */
	uint8_t key[32];
	uint8_t output_key[32];
	uint8_t nonce[12];
	uint8_t output_nonce[12];
};

/** Who signed a box. */
struct cbx_signer {
	uint8_t key[CBX_DIGEST_BYTES]; /* SHA-384 of it */
	uint8_t family[CBX_FAMILY_BYTES];
	uint64_t version;
};

/** What of a policy evidence says in words. */
enum cbx_policy_word {
	CBX_WORD_FLAGS,
	CBX_WORD_OUTPUT_PAGES,
	CBX_WORD_WAKE_STEP,
	CBX_WORD_FEATURES,
	CBX_WORD_RULES,
	CBX_POLICY_WORDS
};

#define CBX_LENDERS_MAX 8u /* templates one box borrows of */

/** What is added to a box from here to there is its runtime, to evidence. */
#define CBX_RUNTIME_VA	0x600000000000ull
#define CBX_RUNTIME_END 0x610000000000ull

/** What the monitor knows of a box. */
struct cbx_facts {
	uint64_t number; /* from 1; never used again; 0: no box */
	uint32_t state;
	uint32_t flags; /* CBX_BOX_* */
	uint64_t input_bytes;
	uint8_t measurement[CBX_DIGEST_BYTES];
	uint8_t input_digest[CBX_DIGEST_BYTES];
	uint8_t policy_digest[CBX_DIGEST_BYTES];
	uint64_t policy[CBX_POLICY_WORDS];
	uint64_t has_signer; /* 1: the next holds, else zero */
	struct cbx_signer signer;
	uint8_t runtime[CBX_DIGEST_BYTES]; /* zero: it was given none */
	uint64_t borrowers;		   /* boxes that borrow of it */
	uint64_t lender_count;		   /* at most CBX_LENDERS_MAX */
	uint8_t lender[CBX_LENDERS_MAX][3][CBX_DIGEST_BYTES]; /* measurement,
						* input digest, runtime */
};

/** What the monitor knows of itself and its machine. */
struct cbx_facts_monitor {
	uint64_t backend; /* enum cbx_backend */
	uint64_t caps;	  /* CBX_CAP_* */
	uint64_t booted;  /* 1: boot_digest holds */
	uint8_t boot_digest[CBX_DIGEST_BYTES];
	uint32_t platform; /* enum cbx_platform: what the report is */
	uint32_t root;	   /* enum cbx_root_kind; PLATFORM: root_key holds */
	uint8_t root_key[CBX_SEAL_KEY_BYTES];
};

/**
 * A request, and the answer in place.
 *
 * For EXTEND, record i is @c record with address advanced by i * CBX_PAGE_SIZE
 * and, for the last one (i + 1 == count), length last_length; its data is the
 * beginning of data page i.  Well-formed: count at least 1; both lengths at
 * most CBX_PAGE_SIZE; count at most CBX_DESK_DATA_PAGES, or, when both lengths
 * are 0, CBX_RANGE_PAGES_MAX.
 */
struct cbx_desk {
	uint64_t op;
	uint64_t count;
	struct cbx_record record;
	uint64_t last_length;		  /* length of the last record's data */
	uint8_t digest[CBX_DIGEST_BYTES]; /* in and out */

	/* What follows is no part of EXTEND, and not looked at by it. */
	uint64_t size;	       /* bytes of data, in and out */
	uint64_t endorsements; /* of size, the last ones */
	uint64_t version;
	uint64_t nonce_bytes;
	uint8_t nonce[64];
	uint8_t key[64];
	struct cbx_session session;
	struct cbx_facts box;
	struct cbx_facts_monitor monitor;
};

CBX_AT(0x00, 8, cbx_record, kind);
CBX_AT(0x08, 8, cbx_record, address);
CBX_AT(0x10, 8, cbx_record, info);
CBX_AT(0x18, 8, cbx_record, info2);
CBX_AT(0x20, 8, cbx_record, length);
CBX_SIZE(0x28, cbx_record);

CBX_AT(0x00, 8, cbx_desk, op);
CBX_AT(0x08, 8, cbx_desk, count);
CBX_AT(0x10, 40, cbx_desk, record);
CBX_AT(0x38, 8, cbx_desk, last_length);
CBX_AT(0x40, 48, cbx_desk, digest);
CBX_AT(0x70, 8, cbx_desk, size);
_Static_assert(sizeof(struct cbx_desk) <= CBX_PAGE_SIZE, "fits its page");
CBX_SIZE(0x70, cbx_session);

#endif
