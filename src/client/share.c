/* SPDX-License-Identifier: Apache-2.0 */
/* Files that many boxes read: each is the memory of a template of its own. */
#include <client/share.h>

#include <stdlib.h>

#include <base/start.h>
#include <base/types.h>
#include <client/error.h>
#include <client/file.h>

#define RESERVE_SLACK 16u

static _Atomic uint64_t last_serial;

/* A box that is nothing but the file; its thread never runs. */
static enum cbx_status fill(
	struct cbx_image *image, uint64_t va, uint8_t *bytes, size_t size)
{
	const struct cbx_segment pages = { va, cbx_pages_of(size), CBX_RIGHT_R,
		size, bytes, bytes };

	image->policy = (struct cbx_policy){ .version = CBX_POLICY_VERSION,
		.flags = CBX_POLICY_TEMPLATE,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1 };
	image->entry = va;
	if (size == 0 || size > CBX_SHARE_BYTES) {
		free(bytes);
		return cbx_fail(CBX_E_INVALID,
			"a shared file must have 1 byte to 64 GiB");
	}
	return cbx_image_append(image, &pages);
}

/* What nobody writes of the segments below @p end goes over to a share. */
static enum cbx_status move_constant(
	struct cbx_image *share, struct cbx_image *image, uint64_t end)
{
	enum cbx_status status = CBX_OK;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < image->segment_count; i++) {
		struct cbx_segment segment = image->segment[i];

		if (segment.va >= end || (segment.rights & CBX_RIGHT_W) != 0 ||
			status != CBX_OK) {
			image->segment[kept++] = segment;
		} else {
			status = cbx_image_append(share, &segment);
		}
	}
	image->segment_count = kept;
	return status;
}

static enum cbx_status adopt(struct cbx_image *image, struct cbx_image *share)
{
	share->reserve_pages = cbx_image_tables(share) + RESERVE_SLACK;
	share->serial = atomic_fetch_add(&last_serial, 1) + 1;
	image->share[image->lender_count++] = share;
	return CBX_OK;
}

enum cbx_status cbx_share_adopt(
	struct cbx_image *image, uint64_t va, uint8_t *bytes, size_t size)
{
	struct cbx_image *share = cbx_image_new();
	enum cbx_status status;

	if (share == NULL) {
		free(bytes);
		return cbx_fail_memory("shared file");
	}
	status = fill(share, va, bytes, size);
	if (status != CBX_OK) {
		cbx_image_destroy(share);
		return status;
	}
	return adopt(image, share);
}

enum cbx_status cbx_share_adopt_files(
	struct cbx_image *image, uint8_t *bytes, size_t size)
{
	struct cbx_image *share = cbx_image_new();
	enum cbx_status status;

	if (share == NULL) {
		free(bytes);
		return cbx_fail_memory("shared files");
	}
	/* hidden text stays in the box whose policy hides it */
	status = move_constant(share, image,
		(image->policy.flags & CBX_POLICY_EXECUTE_ONLY) == 0
			? CBX_START_VA
			: 0);
	if (status == CBX_OK) {
		status = fill(share, CBX_FILES_VA, bytes, size);
	} else {
		free(bytes);
	}
	if (status != CBX_OK) {
		cbx_image_destroy(share);
		return status;
	}
	return adopt(image, share);
}

enum cbx_status cbx_share_add(struct cbx_image *image, const char *path)
{
	uint8_t *bytes;
	size_t size;
	enum cbx_status status = cbx_file_read(path, &bytes, &size);

	return status == CBX_OK
		       ? cbx_share_adopt(image,
				 CBX_SHARE_VA(image->lender_count), bytes, size)
		       : status;
}

uint64_t cbx_share_pages(const struct cbx_image *image)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < image->lender_count; i++) {
		pages += image->share[i]->reserve_pages;
	}
	return pages;
}
