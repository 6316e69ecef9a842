/* SPDX-License-Identifier: Apache-2.0 */
/* System calls about memory. */
#include <host/os/os.h>

#include <linux/mman.h>

#define BREAK_MOST (1ull << 32)

static uint64_t break_end;

static uint64_t round_up(uint64_t value)
{
	return (value + CBX_PAGE_SIZE - 1) & ~(CBX_PAGE_SIZE - 1ull);
}

static bool is_range(uint64_t start, uint64_t size)
{
	return start % CBX_PAGE_SIZE == 0 && size <= OS_USER_END &&
	       start <= OS_USER_END - round_up(size);
}

OS_SYSCALL(sys_brk)
{
	uint64_t old = break_end == 0 ? os_break_start : break_end;
	uint64_t want = arg[0];

	(void)t;
	break_end = old;
	if (want < os_break_start || want > os_break_start + BREAK_MOST) {
		return old;
	}
	if (round_up(want) > round_up(old)) {
		(void)os_map_add(&(struct os_map){
			.start = round_up(old),
			.end = round_up(want),
			.prot = PROT_READ | PROT_WRITE,
		});
	} else if (round_up(want) < round_up(old)) {
		os_map_remove(round_up(want), round_up(old));
	}
	break_end = want;
	return want;
}

/* What the CPU can say: what may be written or executed may be read. */
static uint32_t prot_of(uint64_t prot)
{
	prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
	return (uint32_t)(prot == PROT_NONE ? prot : prot | PROT_READ);
}

static uint64_t map_file(struct os_map *map, const uint64_t *arg)
{
	uint64_t size = round_up(arg[1]);
	struct os_device *device = os_file_device(arg[4]);
	struct os_bytes bytes;

	if (device != NULL) {
		map->device = true;
		map->pfn = arg[5] >> CBX_PAGE_SHIFT;
		return os_device_owns(device, map->pfn, size >> CBX_PAGE_SHIFT)
			       ? os_map_add(map)
			       : OS_ERROR(EINVAL);
	}
	if (!os_file_bytes(arg[4], &bytes)) {
		return OS_ERROR(EBADF);
	}
	if ((arg[3] & MAP_PRIVATE) == 0 && (arg[2] & PROT_WRITE) != 0) {
		return OS_ERROR(EACCES);
	}
	if (arg[5] < bytes.size) {
		map->bytes = bytes.at + arg[5];
		map->byte_count = bytes.size - arg[5];
	}
	return os_map_add(map);
}

OS_SYSCALL(sys_mmap)
{
	bool fixed = (arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
	struct os_map map = {
		.start = fixed ? arg[0] : 0,
		.prot = prot_of(arg[2]),
	};

	(void)t;
	if (arg[1] == 0 || arg[5] % CBX_PAGE_SIZE != 0 ||
		!is_range(map.start, arg[1]) || (fixed && arg[0] == 0)) {
		return OS_ERROR(EINVAL);
	}
	map.end = map.start + round_up(arg[1]);
	return (arg[3] & MAP_ANONYMOUS) != 0 ? os_map_add(&map)
					     : map_file(&map, arg);
}

OS_SYSCALL(sys_munmap)
{
	(void)t;
	if (!is_range(arg[0], arg[1]) || arg[1] == 0) {
		return OS_ERROR(EINVAL);
	}
	os_map_remove(arg[0], arg[0] + round_up(arg[1]));
	return 0;
}

OS_SYSCALL(sys_mprotect)
{
	(void)t;
	if (!is_range(arg[0], arg[1])) {
		return OS_ERROR(EINVAL);
	}
	return os_map_protect(
		arg[0], arg[0] + round_up(arg[1]), prot_of(arg[2]));
}

OS_SYSCALL(sys_madvise)
{
	(void)t;
	if (!is_range(arg[0], arg[1])) {
		return OS_ERROR(EINVAL);
	}
	if (arg[2] == MADV_DONTNEED) {
		os_map_forget(arg[0], arg[0] + round_up(arg[1]));
	}
	return 0;
}
