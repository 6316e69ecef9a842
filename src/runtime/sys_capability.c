/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: kept and told, as owners are; nothing asks for them. */
#include "linux.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

#define VERSION_1 0x19980330u
#define VERSION_2 0x20071026u
#define VERSION_3 0x20080522u

struct lx_cap_header {
	uint32_t version;
	int32_t pid;
};

/* Effective, permitted, inheritable, as words of 32 bits. */
struct lx_cap_data {
	uint32_t set[CBX_CAPABILITY_SETS];
};

/* The words of a version's sets; 0 when it is none, and the newest is told. */
static int64_t words_of(uint64_t va, struct lx_cap_header *header)
{
	if (cbx_user_get(header, va, sizeof(*header)) != 0) {
		return -LX_EFAULT;
	}
	switch (header->version) {
	case VERSION_1:
		return 1;
	case VERSION_2:
	case VERSION_3:
		return 2;
	default:
		header->version = VERSION_3;
		return cbx_user_put(va, header, sizeof(*header));
	}
}

int64_t cbx_sys_capget(const uint64_t *arg)
{
	const struct cbx_process *process = cbx_process_self();
	struct lx_cap_header header;
	struct lx_cap_data data[2];
	int64_t words = words_of(arg[0], &header);

	if (words <= 0) {
		return words < 0 ? words : arg[1] == 0 ? 0 : -LX_EINVAL;
	}
	if (header.pid != 0) {
		process = header.pid < 0
				  ? NULL
				  : cbx_process_find((uint64_t)header.pid);
	}
	if (process == NULL) {
		return header.pid < 0 ? -LX_EINVAL : -LX_ESRCH;
	}
	for (uint32_t i = 0; i < CBX_CAPABILITY_SETS; i++) {
		data[0].set[i] = (uint32_t)process->capability[i];
		data[1].set[i] = (uint32_t)(process->capability[i] >> 32);
	}
	return arg[1] == 0 ? 0
			   : cbx_user_put(arg[1], data,
				     (uint64_t)words * sizeof(data[0]));
}

int64_t cbx_sys_capset(const uint64_t *arg)
{
	enum {
		EFFECTIVE,
		PERMITTED,
		INHERITABLE
	};
	struct cbx_process *process = cbx_process_self();
	struct lx_cap_header header;
	struct lx_cap_data data[2] = { 0 };
	uint64_t wanted[CBX_CAPABILITY_SETS];
	int64_t words = words_of(arg[0], &header);

	if (words <= 0) {
		return words < 0 ? words : -LX_EINVAL;
	}
	if (header.pid != 0 && (uint32_t)header.pid != process->pid) {
		return -LX_EPERM;
	}
	if (cbx_user_get(data, arg[1], (uint64_t)words * sizeof(data[0])) !=
		0) {
		return -LX_EFAULT;
	}
	for (uint32_t i = 0; i < CBX_CAPABILITY_SETS; i++) {
		wanted[i] = data[0].set[i] | (uint64_t)data[1].set[i] << 32;
		wanted[i] &= CBX_CAPABILITY_ALL;
	}
	if ((wanted[PERMITTED] & ~process->capability[PERMITTED]) != 0 ||
		(wanted[EFFECTIVE] & ~wanted[PERMITTED]) != 0 ||
		(wanted[INHERITABLE] &
			~(process->capability[INHERITABLE] |
				process->capability[PERMITTED])) != 0) {
		return -LX_EPERM;
	}
	for (uint32_t i = 0; i < CBX_CAPABILITY_SETS; i++) {
		process->capability[i] = wanted[i];
	}
	return 0;
}
