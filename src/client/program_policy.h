/* SPDX-License-Identifier: Apache-2.0 */
/* What a program's box may do. */
#ifndef CBX_CLIENT_PROGRAM_POLICY_H
#define CBX_CLIENT_PROGRAM_POLICY_H

#include <confbox/confbox.h>

/** The policy a program asks for.  @pre defaults are filled in */
struct cbx_policy cbx_program_policy(const struct cbx_program *program);

#endif
