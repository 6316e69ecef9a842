/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modelled firmware without a libc: linked from the model, the shim and
 * libmbedcrypto.a only, as in the lab.  Asks for 200 reports, as a guest does,
 * and prints the last, to be compared with a hosted program's.
 *
 * Ends with 0; 1 the firmware did not answer, 2 the answer was wrong, 3 the
 * shim's memory grew.
 */
#include "psp.h"
#include "snp/crypto/shim.h"

#define SYS_WRITE      1
#define SYS_EXIT       60
#define SYS_ARCH_PRCTL 158
#define ARCH_SET_FS    0x1002

void _start(void);

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static _Alignas(16) uint8_t page[2][SNP_MESSAGE_BYTES];

static int ask(struct snp_firmware *psp, uint64_t number)
{
	struct psp_message message = psp_ask_report(0, number, 1);

	if (!psp_seal(psp, &message, page[0]) ||
		snp_message_serve(psp, page[0], page[1]) !=
			SNP_STATUS_SUCCESS) {
		return 1;
	}
	return psp_open(psp, &message, page[1]) &&
			       snp_load(page[1] + 0x60, 4) == 0
		       ? 0
		       : 2;
}

static int run(void)
{
	struct snp_firmware psp = psp_make();
	size_t used = 0;

	for (uint64_t i = 0; i < 200; i++) {
		int wrong = ask(&psp, 2 * i + 1);

		if (wrong != 0) {
			return wrong;
		}
		if (i == 20) {
			used = snp_shim_used();
		}
	}
	if (snp_shim_used() != used) {
		return 3;
	}
	call(SYS_WRITE, 1, (long)(page[1] + 0x80), SNP_REPORT_BYTES);
	return 0;
}

__attribute__((force_align_arg_pointer)) void _start(void)
{
	call(SYS_ARCH_PRCTL, ARCH_SET_FS, (long)snp_shim_thread, 0);
	call(SYS_EXIT, run(), 0, 0);
	__builtin_trap();
}
