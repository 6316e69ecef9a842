/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * A gate area: where a host's CPU puts a call for a monitor that it reaches by
 * an instruction without operands.  One page per CPU, in a row; a CPU's is the
 * one of its APIC ID.
 *
 * The host writes the call, then 1 to pending, and makes the hypervisor run the
 * monitor.  The monitor exchanges pending for 0, reads the call once, and writes
 * the reply before it runs the host again.  Where pending is still 1 then, the
 * monitor did not run.
 */
#ifndef CBX_BASE_AREA_H
#define CBX_BASE_AREA_H

#include <confbox/abi.h>

struct cbx_area {
	uint8_t pending;
	uint8_t reserved[7];
	struct cbx_call call;
	uint8_t unused[56];
	struct cbx_reply reply;
	uint64_t ticks; /* when the reply was written, as boxes are told the
			 * time; 0: not said */
	uint8_t rest[3896];
};

CBX_AT(0x00, 1, cbx_area, pending);
CBX_AT(0x08, 64, cbx_area, call);
CBX_AT(0x80, 64, cbx_area, reply);
CBX_AT(0xc0, 8, cbx_area, ticks);
CBX_SIZE(CBX_PAGE_SIZE, cbx_area);

#endif
