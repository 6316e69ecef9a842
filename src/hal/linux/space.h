/* SPDX-License-Identifier: Apache-2.0 */
/* What this backend keeps in struct cbx_arch_space. */
#ifndef CBX_HAL_LINUX_SPACE_H
#define CBX_HAL_LINUX_SPACE_H

#include <arch/arch.h>
#include <arch/soft/table.h>
#include <hal/linux/process.h>

struct cbx_linux_space {
	struct cbx_soft_table table; /* the truth; the process mirrors it */
	struct cbx_linux_process *process; /* NULL once destroyed */
	uint64_t flushes;
};

_Static_assert(sizeof(struct cbx_linux_space) <= sizeof(struct cbx_arch_space),
	"struct cbx_arch_space");

static inline struct cbx_linux_space *cbx_linux_space(
	struct cbx_arch_space *space)
{
	return (struct cbx_linux_space *)(void *)space;
}

static inline const struct cbx_linux_space *cbx_linux_space_const(
	const struct cbx_arch_space *space)
{
	return (const struct cbx_linux_space *)(const void *)space;
}

#endif
