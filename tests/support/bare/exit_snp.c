/* SPDX-License-Identifier: Apache-2.0 */
/* Ports raise #VC: what the tests say and how they end goes by the GHCB. */
#include <arch/x86_64/console.h>
#include <hal/hal.h>
#include <hal/snp/talk.h>

#include "support/bare/exit.h"
#include "support/bare/snp.h"

#define SERIAL 0x3f8
#define PORT   0xf4

void cbx_x86_console_put(const char *text)
{
	for (; *text != '\0'; text++) {
		bare_port_out(SERIAL, 1, (uint8_t)*text);
	}
}

void cbx_x86_console_line(const char *text)
{
	cbx_hal_log(text);
}

_Noreturn void bare_exit(uint32_t status)
{
	bare_port_out(PORT, 4, status);
	cbx_snp_refuse("there is no end");
}
