/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls: a table of functions that take six arguments and answer a
 * result or a negative errno.
 */
#ifndef CBX_RUNTIME_SYSCALL_H
#define CBX_RUNTIME_SYSCALL_H

#include <base/types.h>

/** Serve a system call; an unknown one is -ENOSYS. */
int64_t cbx_syscall(uint32_t number, const uint64_t *arg);

#define X(number, name, function, kinds) \
	int64_t cbx_sys_##function(const uint64_t *arg);
#include "syscall.def"
#undef X

#endif
