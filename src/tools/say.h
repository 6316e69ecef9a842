/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What confbox(1) says when something is wrong, and with which status it
 * exits.
 */
#ifndef CBX_TOOLS_SAY_H
#define CBX_TOOLS_SAY_H

/** Exit statuses of our own; any other is the program's. */
enum cbx_code {
	CBX_CODE_FINDINGS = 1,	   /* scan: there are some */
	CBX_CODE_TIMEOUT = 124,	   /* --timeout was over */
	CBX_CODE_FAILED = 125,	   /* confbox itself failed */
	CBX_CODE_NO_PROGRAM = 126, /* found, but nothing a box can run */
	CBX_CODE_NOT_FOUND = 127,  /* no such program */
	CBX_CODE_BY_SIGNAL = 128,  /* plus the signal */
};

/** One line on standard error: "confbox: " and what printf makes of it; the
 * form is "what: cause; remedy". */
void cbx_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Say the library's last error, and what helps against it. */
void cbx_say_error(void);

/** Flush standard output. @return 0, or CBX_CODE_FAILED after saying why */
int cbx_say_flush(void);

#endif
