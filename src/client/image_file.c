/* SPDX-License-Identifier: Apache-2.0 */
/* Images as bytes: the parser and the writer of the file format. */
#include <client/image.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <base/types.h>
#include <client/error.h>

#define RESERVE_MAX (1ull << 32)

static uint64_t table_bytes(uint64_t segments)
{
	return sizeof(struct cbx_image_header) +
	       segments * sizeof(struct cbx_image_segment);
}

static uint64_t page_up(uint64_t bytes)
{
	return cbx_pages_of(bytes) * CBX_PAGE_SIZE;
}

static const char *check_header(
	const struct cbx_image_header *header, size_t size)
{
	if (header->segment_count == 0 ||
		header->segment_count > CBX_IMAGE_SEGMENTS_MAX) {
		return "the number of segments makes no sense";
	}
	if (header->file_bytes != size) {
		return header->file_bytes > size ? "it is truncated"
						 : "bytes follow its end";
	}
	if (size < page_up(table_bytes(header->segment_count))) {
		return "it is truncated";
	}
	if (header->reserve_pages == 0 || header->reserve_pages > RESERVE_MAX ||
		header->reserved != 0) {
		return "a field is out of range";
	}
	if (!cbx_policy_valid(&header->policy)) {
		return "its policy is malformed";
	}
	return NULL;
}

static bool all_zero(const uint8_t *bytes, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		if (bytes[i] != 0) {
			return false;
		}
	}
	return true;
}

/* The segment's bytes begin at *next, and nothing but zeros pads them. */
static bool data_valid(const struct cbx_image_segment *entry,
	const uint8_t *bytes, size_t size, uint64_t *next)
{
	uint64_t end;

	if (entry->byte_count == 0) {
		return entry->offset == 0;
	}
	if (entry->offset != *next ||
		!cbx_range_fits(entry->offset, entry->byte_count, size)) {
		return false;
	}
	end = page_up(entry->offset + entry->byte_count);
	if (end > size ||
		!all_zero(bytes, entry->offset + entry->byte_count, end)) {
		return false;
	}
	*next = end;
	return true;
}

static enum cbx_status fail_image(const char *cause)
{
	return cbx_fail(
		CBX_E_INVALID, "not a well-formed confbox image: %s", cause);
}

static enum cbx_status read_segments(
	struct cbx_image *image, const uint8_t *bytes, size_t size)
{
	struct cbx_image_header header;
	uint64_t next;

	memcpy(&header, bytes, sizeof(header));
	next = page_up(table_bytes(header.segment_count));
	if (!all_zero(bytes, table_bytes(header.segment_count), next)) {
		return fail_image("padding is not zero");
	}
	for (uint32_t i = 0; i < header.segment_count; i++) {
		struct cbx_image_segment entry;
		struct cbx_segment segment;
		enum cbx_status status;

		memcpy(&entry, bytes + table_bytes(i), sizeof(entry));
		if (!data_valid(&entry, bytes, size, &next)) {
			return fail_image("a segment's bytes are not there");
		}
		segment = (struct cbx_segment){ entry.va, entry.page_count,
			entry.rights, entry.byte_count, bytes + entry.offset,
			NULL };
		status = cbx_image_append(image, &segment);
		if (status != CBX_OK) {
			return status;
		}
	}
	return next == size ? CBX_OK : fail_image("bytes follow its end");
}

static enum cbx_status check_file(const void *bytes, size_t size)
{
	struct cbx_image_header header;
	const char *cause;

	if (size < sizeof(header.magic) + sizeof(header.version)) {
		return fail_image("it is too short");
	}
	memset(&header, 0, sizeof(header));
	memcpy(&header, bytes, size < sizeof(header) ? size : sizeof(header));
	if (header.magic != CBX_IMAGE_MAGIC) {
		return fail_image("it does not begin like one");
	}
	if (header.version != CBX_IMAGE_VERSION) {
		return cbx_fail(CBX_E_UNSUPPORTED,
			"image: version %u, this library knows version %u",
			header.version, CBX_IMAGE_VERSION);
	}
	if (size < sizeof(header)) {
		return fail_image("it is truncated");
	}
	cause = check_header(&header, size);
	return cause == NULL ? CBX_OK : fail_image(cause);
}

static enum cbx_status parse(struct cbx_image *image, size_t size)
{
	struct cbx_image_header header;

	memcpy(&header, image->file, sizeof(header));
	image->policy = header.policy;
	image->reserve_pages = header.reserve_pages;
	image->entry = header.entry;
	image->stack = header.stack;
	image->arg = header.arg;
	return read_segments(image, image->file, size);
}

enum cbx_status cbx_image_adopt(
	void *bytes, size_t size, struct cbx_image **image)
{
	enum cbx_status status = check_file(bytes, size);
	struct cbx_image *fresh;

	if (status != CBX_OK) {
		free(bytes);
		return status;
	}
	fresh = cbx_image_new();
	if (fresh == NULL) {
		free(bytes);
		return cbx_fail_memory("cannot read the image");
	}
	fresh->file = bytes;
	status = parse(fresh, size);
	if (status != CBX_OK) {
		cbx_image_destroy(fresh);
		return status;
	}
	*image = fresh;
	return CBX_OK;
}

enum cbx_status cbx_image_parse(
	const void *bytes, size_t size, struct cbx_image **image)
{
	void *copy = malloc(size != 0 ? size : 1);

	if (copy == NULL) {
		return cbx_fail_memory("cannot read the image");
	}
	if (size != 0) {
		memcpy(copy, bytes, size);
	}
	return cbx_image_adopt(copy, size, image);
}
