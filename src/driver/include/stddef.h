/* SPDX-License-Identifier: GPL-2.0-only */
/* What the headers shared with user space call it, as a kernel has it. */
#ifndef CBX_DRIVER_STDDEF_H
#define CBX_DRIVER_STDDEF_H

#include <linux/stddef.h>

#endif
