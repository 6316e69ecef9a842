/* SPDX-License-Identifier: Apache-2.0 */
/* Where the archive library is not linked: a directory is the only root. */
#include <client/error.h>
#include <client/oci.h>

enum cbx_status cbx_layer_add(struct cbx_tree *tree,
	const struct cbx_layer_source *source, uint32_t layer, bool marks,
	struct cbx_layer_budget *budget)
{
	(void)tree;
	(void)layer;
	(void)marks;
	(void)budget;
	return cbx_fail(CBX_E_UNSUPPORTED,
		"%s: no directory, and this build reads no archives; unpack it",
		source->name);
}

enum cbx_status cbx_oci_add(struct cbx_tree *tree, const struct cbx_oci *image,
	struct cbx_layer_budget *budget)
{
	(void)tree;
	(void)budget;
	return cbx_fail(CBX_E_UNSUPPORTED,
		"%s: an OCI image, and this build reads no archives; unpack it",
		image->name);
}
