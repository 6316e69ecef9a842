/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/talk.h>

#include "support/bare/snp.h"

void bare_port_out(uint16_t port, uint8_t bytes, uint32_t value)
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
