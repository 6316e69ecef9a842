/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own mapping of the host file, as the library makes it. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hal/linux/memory.h>

#include "support/ask.h"
#include "support/check.h"

static uint8_t *map_file(enum cbx_linux_file file)
{
	static uint8_t *memory[CBX_FILES];

	if (memory[file] == NULL) {
		void *map = mmap(NULL, cbx_hal_page_count() * CBX_PAGE_SIZE,
			PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			cbx_linux_memory_fd(file), 0);

		assert_ptr_not_equal(map, MAP_FAILED);
		memory[file] = map;
	}
	return memory[file];
}

static uint8_t *host_page(uint64_t pfn)
{
	assert_true(pfn < cbx_hal_page_count());
	return map_file(CBX_FILE_HOST) + pfn * CBX_PAGE_SIZE;
}

void *ask_place(uint64_t pfn)
{
	return map_file(cbx_linux_memory_file((struct cbx_pfn){ pfn })) +
	       pfn * CBX_PAGE_SIZE;
}

static uint8_t *true_page(uint64_t pfn)
{
	return ask_place(pfn);
}

bool ask_host_read(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	memcpy(buf, host_page(pfn) + offset, bytes);
	return true;
}

bool ask_host_write(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	memcpy(host_page(pfn) + offset, buf, bytes);
	return true;
}

bool ask_host_may(uint64_t pfn, uint8_t bit)
{
	volatile uint8_t *from =
		bit == CBX_VIEW_W ? host_page(pfn) : true_page(pfn);
	const volatile uint8_t *to =
		bit == CBX_VIEW_W ? true_page(pfn) : host_page(pfn);
	const uint8_t was = *from;
	const uint8_t other = *to ^ 0xff;
	bool arrives;

	*from = other;
	arrives = *to == other;
	*from = was;
	return arrives;
}

bool ask_host_finds(const void *bytes, size_t size)
{
	const int fd = cbx_linux_memory_fd(CBX_FILE_HOST);
	off_t end = (off_t)(cbx_hal_page_count() * CBX_PAGE_SIZE);
	off_t at = 0;

	while (at < end) {
		off_t data = lseek(fd, at, SEEK_DATA);

		if (data < 0) {
			return false;
		}
		at = lseek(fd, data, SEEK_HOLE);
		if (memmem(map_file(CBX_FILE_HOST) + data, (size_t)(at - data),
			    bytes, size) != NULL) {
			return true;
		}
	}
	return false;
}

/* There is none that is not the kernel. */
bool ask_hypervisor_may(uint64_t pfn)
{
	(void)pfn;
	return false;
}

void ask_page(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	memcpy(buf, true_page(pfn) + offset, bytes);
}

/* A hole is zero, and stays one. */
bool ask_zero(uint64_t pfn)
{
	static const uint8_t zero[CBX_PAGE_SIZE];
	const int fd = cbx_linux_memory_fd(
		cbx_linux_memory_file((struct cbx_pfn){ pfn }));
	off_t at = (off_t)(pfn * CBX_PAGE_SIZE);
	off_t data = lseek(fd, at, SEEK_DATA);

	return data < 0 || data >= at + (off_t)CBX_PAGE_SIZE ||
	       memcmp(true_page(pfn), zero, sizeof(zero)) == 0;
}

void ask_put(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	memcpy(true_page(pfn) + offset, buf, bytes);
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
