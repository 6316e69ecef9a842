/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of operations (snp/rmp_table.h), run on what the lab enforces: with
 * "lab.rows" on the command line, and a guest that does as it is told.
 *
 * The guest hears registers and level of a row, never what is expected.  It asks
 * by the GHCB MSR, in numbers of a hypervisor's own:
 *
 *   NEXT           answer: [14:12] operation, [16:15] VMPL, [18:17] CPL,
 *                  [19] 2 MiB, [28:20] page of the window, [63:29] word
 *   CAME           [13:12] fault, [21:14] EAX, [22] CF, [63:24] value
 *
 * The answer's low 12 bits are the request's and one.  Operations are enum
 * snp_op's; LAB_ROWS_TOUCH: the word says how (enum snp_right, LAB_ROWS_SHARED),
 * and where code is to be there is a JMP to where R14 points.
 */
#ifndef LAB_ROWS_H
#define LAB_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "snp/rmp.h"

/** Guest addresses the rows are about: 2 MiB. */
#define LAB_ROWS_WINDOW 0x6000000ull

#define LAB_ROWS_NEXT	0xfa0ull
#define LAB_ROWS_CAME	0xfa2ull
#define LAB_ROWS_TOUCH	3u
#define LAB_ROWS_END	4u /* that was all */
#define LAB_ROWS_SHARED 0x100u

/** Take the option; before any guest runs. */
void lab_rows_start(void);

/**
 * What a guest asks for by the MSR.
 *
 * @retval false  nothing of the table's, or it is not run: *answer is untouched
 */
bool lab_rows_answer(uint64_t request, uint64_t *answer);

/**
 * An instruction or an access exits to the host, which is what some rows expect: they are
 * judged here.  Then the page becomes one that lets the instruction go on.
 *
 * @retval false  no row is run
 */
bool lab_rows_exit(const struct snp_outcome *outcome);

#endif
