/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the processor's counter runs. */
#ifndef LAB_CLOCK_H
#define LAB_CLOCK_H

#include <stdint.h>

/** The TSC in kHz, by the machine's power management timer; takes 50 ms. */
uint64_t lab_clock_khz(void);

#endif
