/* SPDX-License-Identifier: Apache-2.0 */
/* Ports raise #VC: what the tests say and how they end goes by the GHCB. */
#include <arch/x86_64/console.h>
#include <hal/hal.h>
#include <hal/snp/talk.h>

#include "support/bare/exit.h"

#define SERIAL 0x3f8
#define PORT   0xf4

static void out(uint16_t port, uint8_t bytes, uint32_t value)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(port, bytes, false),
		.field = { value },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	(void)!cbx_snp_ask(&call, 0, &answer);
}

void cbx_x86_console_put(const char *text)
{
	for (; *text != '\0'; text++) {
		out(SERIAL, 1, (uint8_t)*text);
	}
}

void cbx_x86_console_line(const char *text)
{
	cbx_hal_log(text);
}

_Noreturn void bare_exit(uint32_t status)
{
	out(PORT, 4, status);
	cbx_snp_refuse("there is no end");
}
