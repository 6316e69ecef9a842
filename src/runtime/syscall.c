/* SPDX-License-Identifier: Apache-2.0 */
#include "syscall.h"

#include "linux.h"

typedef int64_t call_fn(const uint64_t *arg);

static call_fn *const table[] = {
#define X(number, name, function, kinds) [number] = cbx_sys_##function,
#include "syscall.def"
#undef X
};

int64_t cbx_sys_none(const uint64_t *arg)
{
	(void)arg;
	return -LX_ENOSYS;
}

/* Calls that ask for something a box has no need to do. */
int64_t cbx_sys_nothing(const uint64_t *arg)
{
	(void)arg;
	return 0;
}

int64_t cbx_sys_not_supported(const uint64_t *arg)
{
	(void)arg;
	return -LX_EOPNOTSUPP;
}

int64_t cbx_sys_not_permitted(const uint64_t *arg)
{
	(void)arg;
	return -LX_EPERM;
}

int64_t cbx_syscall(uint32_t number, const uint64_t *arg)
{
	if (number >= sizeof(table) / sizeof(table[0]) ||
		table[number] == NULL) {
		return -LX_ENOSYS;
	}
	return table[number](arg);
}
