/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_ATTACKS_NEIGHBOUR_H
#define EXAMPLES_ATTACKS_NEIGHBOUR_H

/* Where the victim keeps its secret, and where the thief would see it. */
#define SECRET_VA 0x300000000000u
#define LOOT_VA	  0x310000000000u

#endif
