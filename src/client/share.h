/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose memory many boxes share.
 */
#ifndef CBX_CLIENT_SHARE_H
#define CBX_CLIENT_SHARE_H

#include <client/context.h>
#include <client/image.h>

struct cbx_box;

/**
 * Let boxes of an image share a file, at the next place.
 *
 * @pre fewer than CBX_LENDERS do
 *
 * @retval CBX_OK         the file is part of the image
 * @retval CBX_E_INVALID  it cannot be read, is empty, or too large
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_share_add(
	struct cbx_image *image, const char *path);

/** The same of @p bytes at @p va, which are the image's from now on, also on
 * failure. */
CBX_CHECKED enum cbx_status cbx_share_adopt(
	struct cbx_image *image, uint64_t va, uint8_t *bytes, size_t size);

/** The same of the archive of an image's files; with it goes what nobody writes
 * of the image's segments below the start block: the runtime's text, unless the
 * policy hides text. */
CBX_CHECKED enum cbx_status cbx_share_adopt_files(
	struct cbx_image *image, uint8_t *bytes, size_t size);

/** Table pages a box needs to map what it shares. */
uint64_t cbx_share_pages(const struct cbx_image *image);

/** Borrow what the image shares; the context makes each template once.
 * @retval ...  as cbx_box_load */
CBX_CHECKED enum cbx_status cbx_share_borrow(
	struct cbx_box *box, const struct cbx_image *image);

/** End the context's templates of shared files. */
void cbx_share_end(struct cbx_context *context);

/** End a READY box as a template; let a BUILDING one borrow of it.
 * @retval CBX_OK          done
 * @retval CBX_E_STATE     not such boxes
 * @retval CBX_E_NOMEM     no memory for its tables
 * @retval CBX_E_HARDWARE  the monitor ended */
CBX_CHECKED enum cbx_status cbx_box_template(struct cbx_box *box);
CBX_CHECKED enum cbx_status cbx_box_borrow(
	struct cbx_box *box, const struct cbx_box *lender);

#endif
