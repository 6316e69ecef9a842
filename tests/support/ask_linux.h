/* SPDX-License-Identifier: Apache-2.0 */
/* On linux the test, which is the monitor, can look at a page in place. */
#ifndef CBX_TESTS_SUPPORT_ASK_LINUX_H
#define CBX_TESTS_SUPPORT_ASK_LINUX_H

#include "support/ask.h"

/** The page's bytes where they are now: good until its view changes. */
void *ask_linux_page(uint64_t pfn);

#endif
