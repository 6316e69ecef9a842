/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI images: a folder or an archive with oci-layout, index.json and blobs.
 */
#ifndef CBX_CLIENT_OCI_H
#define CBX_CLIENT_OCI_H

#include <client/layer.h>

/** Where an image's files are. */
struct cbx_oci {
	const char *name; /* for errors; the folder, if it is one */
	const struct cbx_tree
		*tree; /* of an archive's members; NULL: a folder */
};

/**
 * Add the layers of an image for x86-64 Linux, each checked against its
 * SHA-256.
 *
 * @param[in,out] tree  gets the system, merged
 *
 * @retval CBX_OK             added
 * @retval CBX_E_INVALID      something of it is missing, damaged or not as its
 *                            digest says, or there is no such image
 * @retval CBX_E_UNSUPPORTED  this library was built without archives
 * @retval CBX_E_NOMEM        out of memory
 */
CBX_CHECKED enum cbx_status cbx_oci_add(struct cbx_tree *tree,
	const struct cbx_oci *image, struct cbx_layer_budget *budget);

#endif
