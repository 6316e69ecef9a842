/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System management interrupts.  Where the firmware has no handler, a CPU
 * begins at a fixed place in low memory, with every right.  That place is the
 * monitor's, and what it finds there goes back; each CPU that runs gets
 * another, because the state of an interrupted CPU is kept there.
 */
#include <base/string.h>
#include <monitor/bare/bare.h>

#define FIRST	    0x30000ull /* where every CPU begins */
#define HANDLER	    0x8000ull  /* from there on */
#define NEXT	    0x8ff8ull  /* a word: where this CPU goes; 0: it stays */
#define STATE_PAGES 8u	       /* from the handler's page to the state's end */
#define SMI	    0x4200u

/* mov NEXT, %eax; none: rsm; the state's SMBASE := eax; NEXT := 0; rsm */
static const uint8_t move[] = { 0x2e, 0x66, 0xa1, 0xf8, 0x8f, 0x66, 0x85, 0xc0,
	0x74, 0x0d, 0x2e, 0x66, 0xa3, 0x00, 0xff, 0x66, 0x31, 0xc0, 0x2e, 0x66,
	0xa3, 0xf8, 0x8f, 0x0f, 0xaa };
#define BACK 2u /* its last bytes */

static uint64_t places;

void cbx_bare_smi_carve(uint32_t cpus)
{
	places = cbx_bare_carve(cpus + STATE_PAGES - 1);
	for (uint64_t i = 0; i < cpus; i++) {
		memcpy((void *)(places + (i << CBX_PAGE_SHIFT)),
			&move[sizeof(move) - BACK], BACK);
	}
	memcpy((void *)(FIRST + HANDLER), move, sizeof(move));
}

bool cbx_bare_smi_move(uint8_t id, uint32_t cpu)
{
	_Atomic uint32_t *next = (_Atomic uint32_t *)(FIRST + NEXT);
	uint64_t place = places + ((uint64_t)cpu << CBX_PAGE_SHIFT);

	return cbx_bare_ask(
		id, SMI, next, (uint32_t)(place - HANDLER), cpu == 0);
}
