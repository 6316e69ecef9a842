/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime itself has to say, on the error port, a line at a time.
 */
#ifndef CBX_RUNTIME_MESSAGE_H
#define CBX_RUNTIME_MESSAGE_H

#include <base/types.h>

/** Begin a line; what does not fit in it is dropped. */
void cbx_message_begin(const char *text);

/** Go on with it. */
void cbx_message_put(const char *text);

/** Go on with a decimal number. */
void cbx_message_number(uint64_t number);

/** Go on with a hexadecimal number. */
void cbx_message_hex(uint64_t number);

/** Write the line. */
void cbx_message_end(void);

/** Say "what: cause" and end the box. */
_Noreturn void cbx_message_fatal(
	const char *what, const char *cause, uint64_t status);

#endif
