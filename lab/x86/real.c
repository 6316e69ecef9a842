/* SPDX-License-Identifier: Apache-2.0 */
#include "real.h"

#include "asm.h"
#include "say.h"

#define LIMIT	  0xffffu
#define CODE	  0x9bu
#define DATA	  0x93u
#define TABLE	  0x82u
#define TASK	  0x8bu
#define CR0_RESET 0x60000010ull
#define DR6_RESET 0xffff0ff0ull
#define DR7_RESET 0x400ull
#define PAT_RESET 0x0007040600070406ull

void lab_real_state(struct lab_save *save, uint8_t vmpl, uint8_t vector)
{
	const struct lab_segment data = { .attributes = DATA, .limit = LIMIT };

	memset(save, 0, sizeof(*save));
	save->cs = (struct lab_segment){ (uint16_t)(vector << 8), CODE, LIMIT,
		(uint64_t)vector << 12 };
	save->ds = save->es = save->ss = save->fs = save->gs = data;
	save->gdtr.limit = LIMIT;
	save->idtr.limit = LIMIT;
	save->ldtr =
		(struct lab_segment){ .attributes = TABLE, .limit = LIMIT };
	save->tr = (struct lab_segment){ .attributes = TASK, .limit = LIMIT };
	save->vmpl = vmpl;
	save->features = LAB_FEATURES;
	save->efer = LAB_EFER_SVME;
	save->cr0 = CR0_RESET;
	save->dr6 = DR6_RESET;
	save->dr7 = DR7_RESET;
	save->rflags = 2;
	save->pat = PAT_RESET;
	save->xcr0 = 1;
	save->mxcsr = 0x1f80;
	save->x87_ftw = 0x5555;
	save->x87_fcw = 0x40;
}
