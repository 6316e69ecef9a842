/* SPDX-License-Identifier: Apache-2.0 */
/* What attacks with machine code share: routines of boxcode_x86_64.S. */
#ifndef CBX_TESTS_ATTACK_MACHINE_CODE_H
#define CBX_TESTS_ATTACK_MACHINE_CODE_H

#include "attack/attack.h"
#include "support/mail.h"

#define ROUTINE(name) extern const uint8_t boxcode_##name[]
ROUTINE(wrmsr);
ROUTINE(rdmsr);
ROUTINE(in);
ROUTINE(out);
ROUTINE(cli);
ROUTINE(hlt);
ROUTINE(stac);
ROUTINE(invlpg);
ROUTINE(wbinvd);
ROUTINE(swapgs);
ROUTINE(iret);
ROUTINE(mov_cr0);
ROUTINE(mov_cr3);
ROUTINE(mov_cr4);
ROUTINE(mov_from_cr3);
ROUTINE(xsetbv);
ROUTINE(lidt);
ROUTINE(lgdt);
ROUTINE(lldt);
ROUTINE(ltr);
ROUTINE(mov_dr7);
ROUTINE(vmcall);
ROUTINE(vmmcall);
ROUTINE(vmgexit);
ROUTINE(tdcall);
ROUTINE(rdpru);
ROUTINE(monitorx);
ROUTINE(mwaitx);
ROUTINE(cpuid);
ROUTINE(rdtsc);
ROUTINE(rdpmc);
ROUTINE(xgetbv);
ROUTINE(int80);
ROUTINE(sysenter);
ROUTINE(vsyscall);
ROUTINE(set_bases);
ROUTINE(gate_df_ac);
ROUTINE(gate_tf);
ROUTINE(dump_vectors);
ROUTINE(fill_vectors);
ROUTINE(aes);
ROUTINE(forge);

/** Have thread 0 go to a routine. @return whether it came back */
bool attack_instruction(struct machine_box *box, const uint8_t *label,
	const uint64_t arg[CBX_CALL_ARGS]);

#endif
