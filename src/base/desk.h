/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's desk: the pages over which the monitor and the keeper talk.
 *
 * The desk is memory of the keeper's own box.  The monitor copies a request
 * and the pages it concerns onto the desk, runs the keeper until it makes the
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

/** Operations. */
enum cbx_desk_op {
	CBX_DESK_NONE = 0,
	/** digest := SHA-384(digest || record_i || data_i) for each record i
	 * below count; see struct cbx_record. */
	CBX_DESK_EXTEND = 1,
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

#define CBX_RECORD_BOOT "boot" /* data: the boot log */

/** One entry of a measurement or input log.  It precedes its data, and length
 * says how long the data is: the log is domain-separated, length-prefixed. */
struct cbx_record {
	char kind[8];
	uint64_t address; /* or entry, offset */
	uint64_t info;	  /* or rights, stack, result */
	uint64_t info2;	  /* or thread argument; else 0 */
	uint64_t length;  /* bytes of data, at most CBX_PAGE_SIZE */
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
CBX_SIZE(0x70, cbx_desk);

#endif
