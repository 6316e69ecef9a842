/* SPDX-License-Identifier: Apache-2.0 */
/* What the lab was told on its command line, a kernel's words beside its own. */
#ifndef LAB_OPTION_H
#define LAB_OPTION_H

#include <stdbool.h>

/**
 * Whether a word "lab.NAME" or "lab.NAME=a,b,c" is there, and one of its values.
 *
 * @param name   without "lab."
 * @param value  one of those behind '='; NULL: the word alone is asked for
 */
bool lab_option(const char *name, const char *value);

#endif
