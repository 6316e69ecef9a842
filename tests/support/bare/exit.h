/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a test's machine, and on snp its words: by the instruction, or by
 * the hypervisor's hand. */
#ifndef CBX_TESTS_SUPPORT_BARE_EXIT_H
#define CBX_TESTS_SUPPORT_BARE_EXIT_H

#include <stdint.h>

#define EXIT_GOOD 0x2au
#define EXIT_BAD  0x2bu

/** Leave the emulator with a status. */
_Noreturn void bare_exit(uint32_t status);

#endif
