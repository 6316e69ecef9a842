/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/cpu.h>

#include "support/bare/exit.h"

#define PORT 0xf4

_Noreturn void bare_exit(uint32_t status)
{
	cbx_x86_out32(PORT, status);
	cbx_x86_stop();
}
