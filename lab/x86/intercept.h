/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a level exit. */
#ifndef LAB_INTERCEPT_H
#define LAB_INTERCEPT_H

#include <stdbool.h>

#include "svm.h"

/** Fill the maps; once. */
void lab_intercept_start(void);

/**
 * Set what the level that runs next exits at.  One that is blind has devices and
 * MSRs to itself but for few, as if nothing lay beneath; any other has what a
 * confidential guest has, and gets #VC for the rest.
 *
 * @param is_unpaged  it does not page, and exits when it might begin to
 */
void lab_intercept(struct lab_control *control, bool is_blind, bool is_unpaged);

#endif
