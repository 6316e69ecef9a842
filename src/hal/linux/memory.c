/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/memory.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hal/linux/check.h>
#include <hal/linux/cpu.h>
#include <hal/linux/memfd.h>

static const char *const names[CBX_FILES] = { "confbox-private",
	"confbox-host" };

static struct {
	int fd;
	uint8_t *bytes;
} files[CBX_FILES];
static uint64_t page_count;
static uint8_t *in_file; /* enum cbx_linux_file of each page */

static off_t offset_of(struct cbx_pfn pfn)
{
	return (off_t)(pfn.n << CBX_PAGE_SHIFT);
}

static bool file_start(enum cbx_linux_file file)
{
	uint64_t bytes = page_count << CBX_PAGE_SHIFT;
	void *map;

	files[file].fd = cbx_linux_memfd(names[file], bytes);
	if (files[file].fd < 0) {
		return false;
	}
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_NORESERVE, files[file].fd, 0);
	if (map == MAP_FAILED) {
		return false;
	}
	files[file].bytes = map;
	return true;
}

bool cbx_linux_memory_start(uint64_t pages)
{
	page_count = pages;
	in_file = malloc(pages);
	if (in_file == NULL) {
		return false;
	}
	memset(in_file, (int)CBX_FILE_HOST, pages);
	in_file[0] = CBX_FILE_PRIVATE;
	return file_start(CBX_FILE_PRIVATE) && file_start(CBX_FILE_HOST);
}

int cbx_linux_memory_fd(enum cbx_linux_file file)
{
	return files[file].fd;
}

enum cbx_linux_file cbx_linux_memory_file(struct cbx_pfn pfn)
{
	CBX_CHECK(pfn.n < page_count);
	return (enum cbx_linux_file)in_file[pfn.n];
}

uint64_t cbx_linux_memory_run(struct cbx_pfn pfn, uint64_t count)
{
	uint64_t run = 1;

	CBX_CHECK(count > 0 && cbx_range_fits(pfn.n, count, page_count));
	while (run < count && in_file[pfn.n + run] == in_file[pfn.n]) {
		run++;
	}
	return run;
}

/* Punching cannot fail on a memory file whose range is inside it. */
static void make_hole(
	enum cbx_linux_file file, struct cbx_pfn pfn, uint64_t count)
{
	int result;

	do {
		result = fallocate(files[file].fd,
			FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			offset_of(pfn), (off_t)(count << CBX_PAGE_SHIFT));
	} while (result != 0 && errno == EINTR);
	CBX_CHECK(result == 0);
}

/* Writing a file takes half the time of writing its mapping, which has to be
 * faulted in and zeroed first. */
static bool write_file(
	enum cbx_linux_file to, const uint8_t *source, off_t from, off_t end)
{
	while (from < end) {
		ssize_t n = pwrite(
			files[to].fd, source, (size_t)(end - from), from);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		source += n;
		from += n;
	}
	return true;
}

/* Copy what is not a hole: a page nobody wrote costs nothing. */
static bool copy(enum cbx_linux_file to, struct cbx_pfn pfn, uint64_t count)
{
	int from = files[CBX_FILES - 1 - to].fd;
	off_t at = offset_of(pfn);
	off_t end = offset_of(cbx_pfn_add(pfn, count));

	while (at < end) {
		off_t data = lseek(from, at, SEEK_DATA);
		off_t hole;

		if (data < 0 && errno == ENXIO) {
			return true;
		}
		if (data < 0 || data >= end) {
			return data >= end;
		}
		hole = lseek(from, data, SEEK_HOLE);
		if (hole <= data) {
			return false;
		}
		at = hole < end ? hole : end;
		if (!write_file(to, files[CBX_FILES - 1 - to].bytes + data,
			    data, at)) {
			return false;
		}
	}
	return true;
}

enum cbx_status cbx_linux_memory_move(
	struct cbx_pfn pfn, uint64_t count, enum cbx_linux_file file)
{
	CBX_CHECK(cbx_range_fits(pfn.n, count, page_count));
	if (file == CBX_FILE_HOST) {
		make_hole(file, pfn, count); /* what was written in vain */
	}
	if (!copy(file, pfn, count)) {
		make_hole(file, pfn, count);
		return CBX_E_HARDWARE;
	}
	memset(in_file + pfn.n, (int)file, count);
	make_hole((enum cbx_linux_file)(CBX_FILES - 1 - file), pfn, count);
	return CBX_OK;
}

uint64_t cbx_hal_page_count(void)
{
	return page_count;
}

bool cbx_hal_memory(uint32_t index, struct cbx_hal_region *region)
{
	if (index == 0) {
		*region = (struct cbx_hal_region){ { 0 }, 1, CBX_HAL_MONITOR };
		return true;
	}
	if (index == 1) {
		*region = (struct cbx_hal_region){ { 1 }, page_count - 1,
			CBX_HAL_RAM };
		return true;
	}
	return false;
}

void *cbx_hal_page_map(struct cbx_pfn pfn)
{
	CBX_CHECK(pfn.n < page_count);
	CBX_CHECK(cbx_linux_cpu_maps < CBX_HAL_MAPS);
	cbx_linux_cpu_maps++;
	return files[in_file[pfn.n]].bytes + (pfn.n << CBX_PAGE_SHIFT);
}

void cbx_hal_page_unmap(const void *page)
{
	CBX_CHECK(page != NULL && cbx_linux_cpu_maps > 0);
	cbx_linux_cpu_maps--;
}

static const uint8_t *private_pages(struct cbx_pfn pfn, uint64_t count)
{
	CBX_CHECK(cbx_range_fits(pfn.n, count, page_count));
	for (uint64_t i = 0; i < count; i++) {
		CBX_CHECK(in_file[pfn.n + i] == CBX_FILE_PRIVATE);
	}
	return files[CBX_FILE_PRIVATE].bytes + offset_of(pfn);
}

void cbx_hal_page_scrub(struct cbx_pfn pfn, uint64_t count)
{
	(void)private_pages(pfn, count);
	if (count > 0) {
		make_hole(CBX_FILE_PRIVATE, pfn, count);
	}
}

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zero[CBX_PAGE_SIZE];

	return memcmp(page, zero, sizeof(zero)) == 0;
}

/* How many pages are zero like the first, or are not. */
static uint64_t zero_run(const uint8_t *pages, uint64_t count, bool *zero)
{
	uint64_t run = 1;

	*zero = is_zero(pages);
	while (run < count && is_zero(pages + run * CBX_PAGE_SIZE) == *zero) {
		run++;
	}
	return run;
}

/* Make zero pages of what may be a hole already, and mostly is. */
static void clear(struct cbx_pfn pfn, uint64_t count)
{
	off_t data =
		lseek(files[CBX_FILE_PRIVATE].fd, offset_of(pfn), SEEK_DATA);

	CBX_CHECK(data >= 0 || errno == ENXIO);
	if (data >= 0 && data < offset_of(cbx_pfn_add(pfn, count))) {
		make_hole(CBX_FILE_PRIVATE, pfn, count);
	}
}

/* Refused is only what has no room, which no backend could go on with. */
static void put(struct cbx_pfn pfn, uint64_t count, const uint8_t *source)
{
	CBX_CHECK(write_file(CBX_FILE_PRIVATE, source, offset_of(pfn),
		offset_of(cbx_pfn_add(pfn, count))));
}

/* What is zero becomes a hole: of a started python3's memory that is a third of
 * what a clone copies, and most of it is not touched then. */
void cbx_hal_page_copy(struct cbx_pfn to, struct cbx_pfn from, uint64_t count)
{
	const uint8_t *source = private_pages(from, count);
	bool zero;

	(void)private_pages(to, count);
	for (uint64_t done = 0, run; done < count; done += run) {
		const uint8_t *pages = source + done * CBX_PAGE_SIZE;

		run = zero_run(pages, count - done, &zero);
		if (zero) {
			clear(cbx_pfn_add(to, done), run);
		} else {
			put(cbx_pfn_add(to, done), run, pages);
		}
	}
}

void *cbx_hal_host_map(struct cbx_pfn pfn)
{
	return cbx_hal_page_map(pfn);
}

void cbx_hal_host_unmap(struct cbx_pfn pfn, const void *page)
{
	(void)pfn;
	cbx_hal_page_unmap(page);
}
