/* SPDX-License-Identifier: GPL-2.0-only */
/* What the headers shared with user space call it, as a kernel has it. */
#ifndef CBX_DRIVER_STDINT_H
#define CBX_DRIVER_STDINT_H

#include <linux/limits.h>
#include <linux/types.h>

#ifndef UINT64_MAX
#define UINT64_MAX U64_MAX
#endif

#endif
