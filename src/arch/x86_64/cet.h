/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control-flow enforcement (doc/pks-vm.md): all of ring 0, monitor and host,
 * where CPUID reports it.
 */
#ifndef CBX_ARCH_X86_64_CET_H
#define CBX_ARCH_X86_64_CET_H

/** Turn on what this CPU has. @pre CR0.WP is set */
void cbx_x86_cet_init(void);

#endif
