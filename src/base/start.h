/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client library and the runtime of a box agree on: where things
 * lie in a box that runs a Linux program.  The monitor knows none of it.
 *
 * The first thread starts at the runtime's entry with the start block's
 * address as its argument.  Every page of it is measured.
 */
#ifndef CBX_BASE_START_H
#define CBX_BASE_START_H

#include <base/desk.h>
#include <confbox/abi.h>

/* CBX_RUNTIME_VA: the runtime's image */
#define CBX_START_VA 0x610000000000ull /* struct cbx_start, then strings */
#define CBX_FILES_VA \
	0x620000000000ull /* the measured files: a ustar archive, \
					   * and its list at the next page */
#define CBX_FILES_BYTES 0x4000000000ull	  /* most of them, and of their list */
#define CBX_STACK_VA	0x630000000000ull /* the runtime's first stack */
#define CBX_STACK_PAGES 16u
#define CBX_WINDOW_VA	0x640000000000ull /* I/O windows */

#define CBX_START_MAGIC	  0x5452415453584243ull /* "CBXSTART" */
#define CBX_START_VERSION 6u

/** Start flags. */
#define CBX_START_KEEPER \
	1u /* the program is the keeper: its KEEPER_NEXT gate
			     * passes through, its output is the log */
#define CBX_START_CONFINE \
	2u /* standard input is the client's data: read it
			      * from CBX_PORT_CLIENT */
#define CBX_START_TRACE \
	4u /* report each result by UPCALL_RESUME before
			    * returning to the program */

#define CBX_START_EXECUTE_ONLY \
	8u /* the policy's: what is executable has no other right */
#define CBX_START_NO_COUNTER	16u	/* the box has no time stamp counter */
#define CBX_START_NO_REWRITE	0x100u	/* every system call traps */
#define CBX_START_REWRITE_FIRST 0x200u	/* rewrite at the first trap */
#define CBX_START_CLOCK_FIXED	0x400u	/* time passes in sleep only */
#define CBX_START_TEMPLATE	0x800u	/* at /dev/template it becomes one */
#define CBX_START_FILES_LENT	0x1000u /* the files are another box's */
#define CBX_START_GDB		0x2000u /* a debugger is there (DEBUG) */
/** Where a clone has a stack of CBX_STACK_PAGES pages, zero.  Its first thread
 * starts at the runtime's entry with 0 as its argument. */
#define CBX_CLONE_STACK_VA 0x638000000000ull

/** Where shared file @p i lies. */
#define CBX_SHARES_MAX	8u
#define CBX_SHARE_BYTES 0x1000000000ull
#define CBX_SHARE_VA(i) (0x628000000000ull + (i)*CBX_SHARE_BYTES)

/** END's status when the program died of a signal: CBX_END_SIGNAL | number.
 * Its exit code otherwise. */
#define CBX_END_SIGNAL 0x100u

/**
 * The start block.  Offsets are from the block's beginning and lie within
 * size; strings end with a zero byte.
 */
struct cbx_start {
	uint64_t magic;
	uint32_t version;
	uint32_t flags;
	uint64_t size;	       /* bytes of the block with its strings */
	uint64_t memory_pages; /* pages of reserve the program may use */
	uint64_t files_bytes;  /* bytes of the archive at CBX_FILES_VA, or 0 */
	uint64_t argc;
	uint64_t argv_offset; /* argc strings, one after the other */
	uint64_t envc;
	uint64_t envp_offset;	/* envc strings, one after the other */
	uint64_t path_offset;	/* the program's path in the archive */
	uint64_t cwd_offset;	/* the working directory */
	uint64_t epoch_ns;	/* what CLOCK_REALTIME says at tick 0 */
	uint64_t policy_offset; /* struct cbx_policy, if it has rules, or 0 */
	uint64_t share_count;	/* at most CBX_SHARES_MAX */
	uint64_t share_offset; /* struct cbx_start_share, share_count of them */
	uint64_t template_ns;  /* of running until its point, or 0 */
	uint64_t list_bytes;   /* of the archive's list (base/contents.h) */
	uint64_t cpuid; /* the level CPUID tells (base/cpuid.h); 0: the policy
			 * does not withhold it */
};

/** A file whose pages a template lends, at CBX_SHARE_VA of its place. */
struct cbx_start_share {
	uint64_t bytes;
	uint64_t path_offset;
};

CBX_AT(0x00, 8, cbx_start, magic);
CBX_AT(0x08, 4, cbx_start, version);
CBX_AT(0x0c, 4, cbx_start, flags);
CBX_AT(0x10, 8, cbx_start, size);
CBX_AT(0x18, 8, cbx_start, memory_pages);
CBX_AT(0x20, 8, cbx_start, files_bytes);
CBX_AT(0x28, 8, cbx_start, argc);
CBX_AT(0x30, 8, cbx_start, argv_offset);
CBX_AT(0x38, 8, cbx_start, envc);
CBX_AT(0x40, 8, cbx_start, envp_offset);
CBX_AT(0x48, 8, cbx_start, path_offset);
CBX_AT(0x50, 8, cbx_start, cwd_offset);
CBX_AT(0x58, 8, cbx_start, epoch_ns);
CBX_AT(0x60, 8, cbx_start, policy_offset);
CBX_AT(0x68, 8, cbx_start, share_count);
CBX_AT(0x70, 8, cbx_start, share_offset);
CBX_AT(0x78, 8, cbx_start, template_ns);
CBX_AT(0x80, 8, cbx_start, list_bytes);
CBX_AT(0x88, 8, cbx_start, cpuid);
CBX_SIZE(0x90, cbx_start);
CBX_SIZE(0x10, cbx_start_share);

#endif
