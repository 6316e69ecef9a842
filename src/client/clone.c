/* SPDX-License-Identifier: Apache-2.0 */
/* What defines a clone, beside the pages of its template. */
#include <string.h>

#include <base/start.h>
#include <client/error.h>
#include <client/image.h>

static enum cbx_status fill(
	struct cbx_image *clone, const struct cbx_image *image)
{
	const struct cbx_segment stack = { .va = CBX_CLONE_STACK_VA,
		.page_count = CBX_STACK_PAGES,
		.rights = CBX_RIGHT_R | CBX_RIGHT_W };

	clone->lender_count = 1;
	clone->policy = image->policy;
	clone->policy.flags &= ~CBX_POLICY_TEMPLATE;
	clone->reserve_pages = image->reserve_pages;
	clone->entry = image->entry;
	clone->stack = CBX_CLONE_STACK_VA + CBX_STACK_PAGES * CBX_PAGE_SIZE;
	return cbx_image_append(clone, &stack);
}

enum cbx_status cbx_image_clone(
	const struct cbx_image *image, struct cbx_image **clone)
{
	struct cbx_image *fresh = cbx_image_new();
	enum cbx_status status;

	if (fresh == NULL) {
		return cbx_fail_memory("image of a clone");
	}
	status = fill(fresh, image);
	if (status != CBX_OK) {
		cbx_image_destroy(fresh);
		return status;
	}
	*clone = fresh;
	return CBX_OK;
}

enum cbx_status cbx_image_measure_clone(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES])
{
	struct cbx_image *clone = NULL;
	enum cbx_status status = cbx_image_clone(image, &clone);

	if (status == CBX_OK) {
		status = cbx_image_measure(image, clone->lender[0].measurement);
	}
	if (status == CBX_OK) {
		status = cbx_image_measure(clone, digest);
	}
	cbx_image_destroy(clone);
	return status;
}
