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
	struct cbx_image *image; /* held */
};

/* Whether two images of shared files are alike: of one file, mostly. */
static bool alike(const struct cbx_image *a, const struct cbx_image *b)
{
	return a == b ||
	       (a->segment[0].va == b->segment[0].va &&
		       a->segment[0].byte_count == b->segment[0].byte_count &&
		       memcmp(a->segment[0].bytes, b->segment[0].bytes,
			       (size_t)a->segment[0].byte_count) == 0);
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

/* The template of a share: the context's, made when it is the first. */
static enum cbx_status find(struct cbx_context *context,
	struct cbx_image *image, struct cbx_box **box)
{
	struct cbx_share *share = context->shares;
	enum cbx_status status;

	while (share != NULL && !alike(share->image, image)) {
		share = share->next;
	}
	if (share != NULL) {
		*box = share->box;
		return CBX_OK;
	}
	share = calloc(1, sizeof(*share));
	if (share == NULL) {
		return cbx_fail_memory("shared file");
	}
	status = lend(context, image, &share->box);
	if (status != CBX_OK) {
		free(share);
		return status;
	}
	cbx_image_hold(image);
	share->image = image;
	share->next = context->shares;
	context->shares = share;
	*box = share->box;
	return CBX_OK;
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
		cbx_image_destroy(share->image);
		free(share);
	}
}
