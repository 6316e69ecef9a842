/* SPDX-License-Identifier: Apache-2.0 */
/* The small services of the machine: time, chance, the operator. */
#ifndef CBX_HAL_LINUX_MACHINE_H
#define CBX_HAL_LINUX_MACHINE_H

#include <hal/hal.h>

/** Start the clock. */
void cbx_linux_machine_start(void);

/** The machine cannot start: say why and leave, with all its processes. */
_Noreturn void cbx_linux_fail(const char *what);

/** The same, because the kernel gives no more for @p what: say what to do. */
_Noreturn void cbx_linux_fail_few(const char *what);

#endif
