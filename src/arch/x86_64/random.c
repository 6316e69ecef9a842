/* SPDX-License-Identifier: Apache-2.0 */
/* What one instruction does for the HAL. */
#include <arch/x86_64/cpu.h>
#include <base/string.h>
#include <hal/hal.h>

#define RDRAND_TRIES 10u

void cbx_hal_cpu_relax(void)
{
	__builtin_ia32_pause();
}

static bool random_word(uint64_t *word)
{
	for (uint32_t i = 0; i < RDRAND_TRIES; i++) {
		if (cbx_x86_rdrand(word)) {
			return true;
		}
	}
	return false;
}

enum cbx_status cbx_hal_random(void *buf, size_t size)
{
	uint8_t *to = buf;

	for (size_t at = 0; at < size;) {
		size_t n = size - at < sizeof(uint64_t) ? size - at
							: sizeof(uint64_t);
		uint64_t word;

		if (!random_word(&word)) {
			memset(buf, 0, size);
			return CBX_E_HARDWARE;
		}
		memcpy(to + at, &word, n);
		at += n;
	}
	return CBX_OK;
}
