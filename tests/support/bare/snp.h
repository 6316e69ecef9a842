/* SPDX-License-Identifier: Apache-2.0 */
/* Where things lie when the host is another level (snp_start.S). */
#ifndef CBX_TESTS_SUPPORT_BARE_SNP_H
#define CBX_TESTS_SUPPORT_BARE_SNP_H

#define BARE_PUPPET_PA 0x7000000
#define BARE_AREAS_PA  0xa1c0000 /* the monitor's: CBX_AREAS_PA */
#define BARE_ASKED_END 0xc800000 /* of what the monitor asks for: image.lds */
#define BARE_CPUS      4

#ifndef __ASSEMBLER__
#include <stdint.h>

/** Write to a port of the machine's: at VMPL0 that is #VC, and goes by the GHCB. */
void bare_port_out(uint16_t port, uint8_t bytes, uint32_t value);

/** The registers of this CPU's host: a struct cbx_vmsa. */
void *side_registers(void);
#endif

#endif
