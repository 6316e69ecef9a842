/* SPDX-License-Identifier: Apache-2.0 */
/* The serial port at 0x3f8, for the operator; and the end of the machine. */
#ifndef CBX_ARCH_X86_64_CONSOLE_H
#define CBX_ARCH_X86_64_CONSOLE_H

#include <base/types.h>

/** 115200 baud, 8 bits, no parity; interrupt controllers masked. */
void cbx_x86_console_init(void);

/** The text alone. */
void cbx_x86_console_put(const char *text);

/** The text and an end of line. */
void cbx_x86_console_line(const char *text);

/** Leave the emulator, if one offers that, with a status that says failure;
 * stop the CPU in any case. */
_Noreturn void cbx_x86_console_exit(void);

#endif
