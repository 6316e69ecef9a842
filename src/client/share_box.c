/* SPDX-License-Identifier: Apache-2.0 */
/* The templates of shared files: a context needs one of each. */
#include <stdlib.h>
#include <string.h>

#include <client/box.h>
#include <client/error.h>
#include <client/share.h>

struct cbx_share {
	struct cbx_share *next;
	struct cbx_box *box;
	uint64_t serial; /* of the image it was made of, which may be gone */
	uint64_t va;	 /* of its last segment, the file */
	uint64_t bytes;
};

static const struct cbx_segment *file_of(const struct cbx_image *image)
{
	return &image->segment[image->segment_count - 1];
}

static enum cbx_status lend(struct cbx_context *context,
	const struct cbx_image *image, struct cbx_box **box)
{
	enum cbx_status status = cbx_box_load(context, image, box);

	if (status == CBX_OK) {
		status = cbx_box_template(*box);
		if (status != CBX_OK) {
			cbx_box_destroy(*box);
		}
	}
	return status;
}

static struct cbx_share *find_serial(
	const struct cbx_context *context, uint64_t serial)
{
	struct cbx_share *share = context->shares;

	while (share != NULL && share->serial != serial) {
		share = share->next;
	}
	return share;
}

/* Another image may have the same file: only of one that has its place and size
 * is the digest worth computing. */
static enum cbx_status find_alike(const struct cbx_context *context,
	const struct cbx_image *image, struct cbx_share **found)
{
	uint8_t known[CBX_DIGEST_BYTES];
	uint8_t digest[CBX_DIGEST_BYTES];
	enum cbx_status status = CBX_OK;
	bool measured = false;

	*found = NULL;
	for (struct cbx_share *share = context->shares;
		share != NULL && status == CBX_OK && *found == NULL;
		share = share->next) {
		if (share->va != file_of(image)->va ||
			share->bytes != file_of(image)->byte_count) {
			continue;
		}
		if (!measured) {
			status = cbx_image_measure(image, digest);
			measured = true;
		}
		if (status == CBX_OK) {
			status = cbx_box_digest(
				share->box, CBX_DIGEST_MEASUREMENT, known);
		}
		if (status == CBX_OK &&
			memcmp(known, digest, sizeof(known)) == 0) {
			*found = share;
		}
	}
	return status;
}

static enum cbx_status make(struct cbx_context *context,
	const struct cbx_image *image, struct cbx_share **share)
{
	struct cbx_share *fresh = calloc(1, sizeof(*fresh));
	enum cbx_status status;

	if (fresh == NULL) {
		return cbx_fail_memory("shared file");
	}
	status = lend(context, image, &fresh->box);
	if (status != CBX_OK) {
		free(fresh);
		return status;
	}
	fresh->serial = image->serial;
	fresh->va = file_of(image)->va;
	fresh->bytes = file_of(image)->byte_count;
	fresh->next = context->shares;
	context->shares = fresh;
	*share = fresh;
	return CBX_OK;
}

/* The template of a share: the context's, made when it is the first. */
static enum cbx_status find(struct cbx_context *context,
	struct cbx_image *image, struct cbx_box **box)
{
	struct cbx_share *share = find_serial(context, image->serial);
	enum cbx_status status = CBX_OK;

	if (share == NULL) {
		status = find_alike(context, image, &share);
	}
	if (status == CBX_OK && share == NULL) {
		status = make(context, image, &share);
	}
	if (share != NULL) {
		image->serial = share->serial;
		*box = share->box;
	}
	return status;
}

enum cbx_status cbx_share_borrow(
	struct cbx_box *box, const struct cbx_image *image)
{
	struct cbx_context *context = box->context;
	enum cbx_status status = CBX_OK;

	for (uint32_t i = 0; i < image->lender_count && status == CBX_OK &&
			     image->share[i] != NULL;
		i++) {
		struct cbx_box *lender = NULL;

		pthread_mutex_lock(&context->share_lock);
		status = find(context, image->share[i], &lender);
		pthread_mutex_unlock(&context->share_lock);
		if (status == CBX_OK) {
			status = cbx_box_borrow(box, lender);
		}
	}
	return status;
}

void cbx_share_end(struct cbx_context *context)
{
	while (context->shares != NULL) {
		struct cbx_share *share = context->shares;

		context->shares = share->next;
		cbx_box_destroy(share->box);
		free(share);
	}
}
