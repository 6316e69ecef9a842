/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What a box of the test monitor does when it is entered: BOX_THREAD's entry. */
#ifndef TESTS_DRIVER_BEHAVIOUR_H
#define TESTS_DRIVER_BEHAVIOUR_H

enum behaviour {
	BEHAVE_END = 1,	       /* ends with its argument as status */
	BEHAVE_IDLE = 2,       /* as SPIN; a second CPU has nothing to do */
	BEHAVE_SPIN = 3,       /* computes until the CPU is taken back */
	BEHAVE_INTERRUPTS = 4, /* is interrupted argument times, then ends */
	BEHAVE_SHARE = 5,      /* OUTPUT: ret[1] a page it shares now; then ends
				* when it is its own again
				*/
};

/* What a box leaves in its pages. */
#define BEHAVE_SECRET 0x5e
#define BEHAVE_WINDOW 0x77

#endif
