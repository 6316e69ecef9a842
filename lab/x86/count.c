/* SPDX-License-Identifier: Apache-2.0 */
#include "count.h"

#include "say.h"

struct lab_counts lab_counts;

void lab_counts_say(void)
{
	const struct lab_counts *c = &lab_counts;

	lab_say("lab: counts: vc %u pvalidate %u state %u msr %u page %u",
		c->vc, c->pvalidate, c->state, c->msr, c->page);
	lab_say(" port %u device %u create %u\n", c->port, c->device,
		c->create);
}
