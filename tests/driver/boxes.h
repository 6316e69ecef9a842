/* SPDX-License-Identifier: Apache-2.0 */
/* What boxes.c and the code of its boxes agree on. */
#ifndef TESTS_DRIVER_BOXES_H
#define TESTS_DRIVER_BOXES_H

#define BOXES_CODE   0x600000000000
#define BOXES_DATA   0x630000000000
#define BOXES_PAGES  2 /* of data */
#define BOXES_WORDS  (BOXES_PAGES * 512)
#define BOXES_FACTOR 0x5851f42d4c957f2d

#endif
