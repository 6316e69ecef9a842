/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor as a process: start-up and the control socket. */
#ifndef CBX_HAL_LINUX_START_H
#define CBX_HAL_LINUX_START_H

#include <hal/linux/cpu.h>

/**
 * Make the process the machine: nothing inherited but the control socket and
 * standard error, no core dumps, memory, CPUs, the stub.  Afterwards every
 * function of hal.h and arch.h works, on CPU 0.
 *
 * Says why and exits when the machine cannot be had.
 *
 * @param argv  as base/wire.h says
 */
void cbx_linux_start(int argc, char **argv);

/** What there is to do, on a CPU and once, before the first call for evidence is
 * reported; calls for evidence wait for it. */
typedef void cbx_linux_before_evidence(void);
void cbx_linux_do_before_evidence(cbx_linux_before_evidence *work);

/**
 * Greet the library and give sockets to CPUs, until the library closes the
 * control socket or its process ends.  Then the process ends, and with it
 * every box.
 *
 * @param serve  what a CPU's thread does with its socket
 */
_Noreturn void cbx_linux_serve(cbx_linux_cpu_serve *serve);

#endif
