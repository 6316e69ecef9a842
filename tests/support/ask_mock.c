/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <hal/mock/mock.h>

#include "support/ask.h"

bool ask_host_read(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	memset(buf, 0, bytes);
	return mock_host_read(
		cbx_hal_cpu(), (struct cbx_pfn){ pfn }, offset, buf, bytes);
}

bool ask_host_write(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	return mock_host_write(
		cbx_hal_cpu(), (struct cbx_pfn){ pfn }, offset, buf, bytes);
}

bool ask_host_may(uint64_t pfn, uint8_t bit)
{
	return mock_host_may((struct cbx_pfn){ pfn }, (struct cbx_view){ bit });
}

bool ask_host_finds(const void *bytes, size_t size)
{
	return mock_host_can_find(bytes, size);
}

bool ask_hypervisor_may(uint64_t pfn)
{
	return mock_hypervisor_may((struct cbx_pfn){ pfn });
}

void ask_page(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	memcpy(buf, mock_page((struct cbx_pfn){ pfn }) + offset, bytes);
}

bool ask_zero(uint64_t pfn)
{
	return mock_is_zero((struct cbx_pfn){ pfn });
}

void ask_put(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	memcpy(mock_page((struct cbx_pfn){ pfn }) + offset, buf, bytes);
}

bool ask_program(uint64_t pfn)
{
	(void)pfn;
	return false;
}

bool ask_is_memory(uint64_t pfn)
{
	(void)pfn;
	return true;
}

bool ask_host_finds_any(const uint64_t *words, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ask_host_finds(&words[i], sizeof(words[i]))) {
			return true;
		}
	}
	return false;
}
