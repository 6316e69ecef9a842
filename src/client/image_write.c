/* SPDX-License-Identifier: Apache-2.0 */
/* Images to bytes. */
#include <client/image.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <base/types.h>
#include <client/error.h>
#include <client/file.h>

static uint64_t table_end(const struct cbx_image *image)
{
	return sizeof(struct cbx_image_header) +
	       image->segment_count * sizeof(struct cbx_image_segment);
}

static uint64_t padding_after(uint64_t bytes)
{
	return cbx_pages_of(bytes) * CBX_PAGE_SIZE - bytes;
}

static uint64_t file_bytes(const struct cbx_image *image)
{
	uint64_t bytes = table_end(image) + padding_after(table_end(image));

	for (uint32_t i = 0; i < image->segment_count; i++) {
		bytes += cbx_pages_of(image->segment[i].byte_count) *
			 CBX_PAGE_SIZE;
	}
	return bytes;
}

static bool write_header(const struct cbx_image *image, int fd)
{
	struct cbx_image_header header;

	memset(&header, 0, sizeof(header));
	header.magic = CBX_IMAGE_MAGIC;
	header.version = CBX_IMAGE_VERSION;
	header.segment_count = image->segment_count;
	header.file_bytes = file_bytes(image);
	header.reserve_pages = image->reserve_pages;
	header.entry = image->entry;
	header.stack = image->stack;
	header.arg = image->arg;
	header.policy = image->policy;
	return cbx_file_write_all(fd, &header, sizeof(header));
}

static bool write_table(const struct cbx_image *image, int fd)
{
	uint64_t offset = table_end(image) + padding_after(table_end(image));

	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct cbx_segment *segment = &image->segment[i];
		struct cbx_image_segment entry = { segment->va,
			segment->page_count, segment->rights,
			segment->byte_count != 0 ? offset : 0,
			segment->byte_count };

		if (!cbx_file_write_all(fd, &entry, sizeof(entry))) {
			return false;
		}
		offset += cbx_pages_of(segment->byte_count) * CBX_PAGE_SIZE;
	}
	return true;
}

static bool write_padding(int fd, uint64_t after)
{
	static const uint8_t zeros[CBX_PAGE_SIZE];

	return cbx_file_write_all(fd, zeros, (size_t)padding_after(after));
}

static bool write_data(const struct cbx_image *image, int fd)
{
	bool good = write_padding(fd, table_end(image));

	for (uint32_t i = 0; i < image->segment_count && good; i++) {
		const struct cbx_segment *segment = &image->segment[i];

		good = cbx_file_write_all(fd, segment->bytes,
			       (size_t)segment->byte_count) &&
		       write_padding(fd, segment->byte_count);
	}
	return good;
}

enum cbx_status cbx_image_write(const struct cbx_image *image, int fd)
{
	if (!write_header(image, fd) || !write_table(image, fd) ||
		!write_data(image, fd)) {
		return cbx_fail_os(
			CBX_E_INVALID, errno, "cannot write the image");
	}
	return CBX_OK;
}
