/* SPDX-License-Identifier: Apache-2.0 */
#include "count.h"

#include "asm.h"
#include "say.h"

struct lab_counts lab_counts;

void lab_count_run(uint8_t vmpl, bool turn, uint64_t ticks)
{
	if (vmpl != 0 && lab_counts.start == 0) {
		lab_counts.start = lab_counts.ticks[0];
	}
	lab_counts.turns[vmpl] += turn;
	lab_counts.ticks[vmpl] += ticks;
}

void lab_counts_say(void)
{
	const struct lab_counts *c = &lab_counts;

	lab_say("lab: counts: vc %u pvalidate %u state %u msr %u page %u",
		c->vc, c->pvalidate, c->state, c->msr, c->page);
	lab_say(" port %u device %u create %u calls %u\n", c->port, c->device,
		c->create, c->calls);
	lab_say("lab: levels: all %u start %u", lab_tsc(), c->start);
	for (uint64_t vmpl = 0; vmpl < SNP_VMPLS; vmpl++) {
		lab_say("; %u ticks %u turns %u", vmpl, c->ticks[vmpl],
			c->turns[vmpl]);
	}
	lab_say("\n");
}
