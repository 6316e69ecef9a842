/* SPDX-License-Identifier: Apache-2.0 */
/* Accepted evidence, for people. */
#ifndef CBX_TOOLS_VERIFY_PRINT_H
#define CBX_TOOLS_VERIFY_PRINT_H

#include <confbox/verify.h>

/** Print what was accepted, when, and every claim.
 * @param title  what it is evidence of, as in "an Intel TD quote" */
void cbx_verify_print(const struct cbx_verdict *verdict, const char *title,
	const struct cbx_appraisal *appraisal);

/** Print the result of a verification, whichever, as JSON (an EAR).
 * @return 0, or CBX_VERIFY_UNREAD after saying why not */
int cbx_verify_print_json(const struct cbx_verdict *verdict);

/** Say on standard error why it was refused: "refused: REASON: detail". */
void cbx_verify_print_refused(const struct cbx_verdict *verdict);

#endif
