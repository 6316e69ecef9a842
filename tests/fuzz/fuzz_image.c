/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image files: any bytes.  What is taken for an image is one: its segments lie
 * in order, in box addresses, within the file; and writing it gives the same
 * bytes again, because an image has one form only.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/types.h>
#include <client/image.h>

static volatile uint8_t sink;

static void check_segment(const struct cbx_segment *segment, uint64_t end)
{
	const struct cbx_va va = { segment->va };
	uint8_t sum = 0;

	FUZZ_ASSERT(segment->page_count >= 1);
	FUZZ_ASSERT(cbx_va_range_valid(va, segment->page_count));
	FUZZ_ASSERT(segment->va >= end);
	FUZZ_ASSERT(segment->rights >= 1 && segment->rights <= CBX_RIGHTS);
	FUZZ_ASSERT(cbx_pages_of(segment->byte_count) <= segment->page_count);
	for (uint64_t i = 0; i < segment->byte_count; i++) {
		sum = (uint8_t)(sum + segment->bytes[i]);
	}
	sink = sum;
}

static void check_segments(const struct cbx_image *image)
{
	uint64_t end = CBX_VA_MIN;
	uint64_t pages = 0;

	FUZZ_ASSERT(image->segment_count >= 1);
	FUZZ_ASSERT(image->segment_count <= CBX_IMAGE_SEGMENTS_MAX);
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct cbx_segment *segment = &image->segment[i];

		check_segment(segment, end);
		end = segment->va + segment->page_count * CBX_PAGE_SIZE;
		pages += segment->page_count;
	}
	FUZZ_ASSERT(pages <= CBX_IMAGE_PAGES_MAX);
	FUZZ_ASSERT(image->reserve_pages >= 1);
	FUZZ_ASSERT(cbx_policy_valid(&image->policy));
}

static void check_written(
	const struct cbx_image *image, const uint8_t *input, size_t size)
{
	static int fd = -1;
	uint8_t *written = malloc(size);

	if (fd < 0) {
		fd = memfd_create("image", 0);
	}
	FUZZ_ASSERT(fd >= 0 && written != NULL);
	FUZZ_ASSERT(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	FUZZ_ASSERT(cbx_image_write(image, fd) == CBX_OK);
	FUZZ_ASSERT(lseek(fd, 0, SEEK_END) == (off_t)size);
	FUZZ_ASSERT(pread(fd, written, size, 0) == (ssize_t)size);
	FUZZ_ASSERT(memcmp(written, input, size) == 0);
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_image *image = NULL;

	if (cbx_image_parse(input, size, &image) != CBX_OK) {
		FUZZ_ASSERT(image == NULL);
		FUZZ_ASSERT(cbx_error_last()->status != CBX_OK);
		return 0;
	}
	check_segments(image);
	(void)cbx_image_tables(image);
	check_written(image, input, size);
	cbx_image_destroy(image);
	return 0;
}
