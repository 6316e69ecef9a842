/* SPDX-License-Identifier: Apache-2.0 */
#include "user.h"

#include "linux.h"

/* entry_linux.S */
int64_t cbx_user_swap(uint64_t va, uint32_t *expected, uint32_t desired);
extern const uint8_t cbx_user_copy_touch[], cbx_user_copy_fixup[];
extern const uint8_t cbx_user_words_touch[], cbx_user_words_fixup[];
extern const uint8_t cbx_user_zero_touch[], cbx_user_zero_fixup[];
extern const uint8_t cbx_user_zeros_touch[], cbx_user_zeros_fixup[];
extern const uint8_t cbx_user_string_touch[], cbx_user_string_fixup[];
extern const uint8_t cbx_user_swap_touch[], cbx_user_swap_fixup[];
extern const uint8_t cbx_fsgsbase_touch[], cbx_fsgsbase_fixup[];
extern const uint8_t cbx_tiles_touch[], cbx_tiles_fixup[];

uint64_t cbx_user_fixup(uint64_t rip)
{
	static const struct {
		const uint8_t *touch, *fixup;
	} spot[] = {
		{ cbx_user_copy_touch, cbx_user_copy_fixup },
		{ cbx_user_words_touch, cbx_user_words_fixup },
		{ cbx_user_zero_touch, cbx_user_zero_fixup },
		{ cbx_user_zeros_touch, cbx_user_zeros_fixup },
		{ cbx_user_string_touch, cbx_user_string_fixup },
		{ cbx_user_swap_touch, cbx_user_swap_fixup },
		{ cbx_fsgsbase_touch, cbx_fsgsbase_fixup },
		{ cbx_tiles_touch, cbx_tiles_fixup },
	};

	for (size_t i = 0; i < sizeof(spot) / sizeof(spot[0]); i++) {
		if (rip == (uint64_t)spot[i].touch) {
			return (uint64_t)spot[i].fixup;
		}
	}
	return 0;
}

int64_t cbx_user_get(void *to, uint64_t va, uint64_t bytes)
{
	if (!cbx_user_valid(va, bytes) ||
		cbx_user_copy(to, (const void *)va, bytes) != 0) {
		return -LX_EFAULT;
	}
	return 0;
}

int64_t cbx_user_put(uint64_t va, const void *from, uint64_t bytes)
{
	if (!cbx_user_valid(va, bytes) ||
		cbx_user_copy((void *)va, from, bytes) != 0) {
		return -LX_EFAULT;
	}
	return 0;
}

int64_t cbx_user_exchange(uint64_t va, uint32_t *expected, uint32_t desired)
{
	return cbx_user_valid(va, sizeof(desired))
		       ? cbx_user_swap(va, expected, desired)
		       : -LX_EFAULT;
}

int64_t cbx_user_time(uint64_t va, int64_t *ns)
{
	struct lx_timespec t;

	if (cbx_user_get(&t, va, sizeof(t)) != 0) {
		return -LX_EFAULT;
	}
	if (t.sec < 0 || t.nsec < 0 || t.nsec >= LX_NS) {
		return -LX_EINVAL;
	}
	if (__builtin_mul_overflow(t.sec, LX_NS, ns) ||
		__builtin_add_overflow(*ns, t.nsec, ns)) {
		*ns = INT64_MAX;
	}
	return 0;
}

void cbx_user_try_put(uint64_t va, const void *from, uint64_t bytes)
{
	if (cbx_user_valid(va, bytes)) {
		cbx_user_copy((void *)va, from, bytes);
	}
}

int64_t cbx_user_path(char *to, uint64_t va)
{
	int64_t length;

	if (!cbx_user_valid(va, 1)) {
		return -LX_EFAULT;
	}
	length = cbx_user_copy_string(to, (const char *)va, LX_PATH_MAX);
	if (length < 0) {
		return length;
	}
	return length == LX_PATH_MAX ? -LX_ENAMETOOLONG : 0;
}
