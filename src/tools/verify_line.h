/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command lines of confbox verify, and of confbox send, which verifies
 * before it sends.
 */
#ifndef CBX_TOOLS_VERIFY_LINE_H
#define CBX_TOOLS_VERIFY_LINE_H

#include <stdbool.h>

#include <confbox/verify.h>
#include <tools/verify_file.h>

/** Most files of --root, and of a policy's roots. */
#define CBX_VERIFY_ROOTS_MOST 16u

/** Who reads its arguments; a bit each, for the table of options. */
enum cbx_verify_command {
	CBX_VERIFY_VERIFY = 1,
	CBX_VERIFY_SEND = 2,
};

/** Exit statuses of confbox verify; what reads says UNREAD for both. */
enum cbx_verify_code {
	CBX_VERIFY_ACCEPTED = 0,
	CBX_VERIFY_REFUSED = 1,
	CBX_VERIFY_UNREAD = 2, /* a file or an argument could not be read */
};

/** What was asked for; every file has been read. */
struct cbx_verify_line {
	enum cbx_verify_command command;
	bool help;
	bool json;
	enum cbx_evidence_kind {
		CBX_EVIDENCE_BOX,
		CBX_EVIDENCE_MONITOR,
		CBX_EVIDENCE_SNP,
		CBX_EVIDENCE_TDX,
		CBX_EVIDENCE_CCA,
	} kind;
	struct cbx_verify_files evidence; /* exactly one */
	struct cbx_verify_files certificates;
	struct cbx_verify_files collateral;
	struct cbx_verify_files certificate_table; /* at most one, as all */
	struct cbx_verify_files event_log;	   /* that follow */
	struct cbx_verify_files key;
	struct cbx_verify_files policy;
	struct cbx_verify_files roots;
	const char *policy_path;
	const char *to;	     /* send: whom, or where to */
	const char *session; /* send: the file that keeps it, or NULL */
	uint8_t nonce[64];
	size_t nonce_size;
	uint32_t flags; /* CBX_APPRAISE_* that options set */
	bool timed;	/* --at was given */
	int64_t now;	/* seconds since 1970 UTC */
};

/**
 * Read the arguments after the command's name, and the files they name.
 *
 * @param[out] line  valid also on failure: finish it
 * @param      argv  NULL-terminated
 *
 * @return 0, or CBX_VERIFY_UNREAD after saying what is wrong
 */
int cbx_verify_line_read(struct cbx_verify_line *line,
	enum cbx_verify_command command, char **argv);

/** Free what reading took. */
void cbx_verify_line_finish(struct cbx_verify_line *line);

/** What came along with the evidence. */
struct cbx_endorsements cbx_verify_line_endorsements(
	const struct cbx_verify_line *line);

/** Print what a command does, and its options. */
void cbx_verify_line_help(enum cbx_verify_command command);

#endif
