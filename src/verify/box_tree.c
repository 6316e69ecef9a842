/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes a box is of, and that are of it (doc/evidence.md, the tree). */
#include <verify/box.h>

#include <verify/span.h>

/* The first lender that has a runtime; NULL: none. */
static const struct cbx_cbor *lender_with_runtime(
	const struct cbx_cbor *lenders, size_t from, size_t *at)
{
	for (size_t i = from; i < lenders->number; i++) {
		const struct cbx_cbor *lender = cbx_cbor_at(lenders, i);

		if (cbx_cbor_at(lender, 2)->kind != CBX_CBOR_NULL) {
			*at = i;
			return lender;
		}
	}
	return NULL;
}

const struct cbx_cbor *cbx_evidence_runtime(const struct cbx_cbor *const *box)
{
	const struct cbx_cbor *lenders = box[CBX_IN_BOX_LENDERS];
	const struct cbx_cbor *own = box[CBX_IN_BOX_RUNTIME];
	size_t at = 0;
	const struct cbx_cbor *lender = lender_with_runtime(lenders, 0, &at);

	if (lender == NULL) {
		return own->kind == CBX_CBOR_NULL ? NULL : own;
	}
	return own->kind != CBX_CBOR_NULL ||
			       lender_with_runtime(lenders, at + 1, &at) != NULL
		       ? NULL
		       : cbx_cbor_at(lender, 2);
}

/* Whether the parent is whom the lenders say: the first that has a runtime, if
 * the box has none of its own. */
static bool parent_valid(const struct cbx_cbor *const *box)
{
	const struct cbx_cbor *parent = box[CBX_IN_BOX_PARENT];
	size_t at = 0;
	const struct cbx_cbor *lender =
		lender_with_runtime(box[CBX_IN_BOX_LENDERS], 0, &at);

	if (lender == NULL || box[CBX_IN_BOX_RUNTIME]->kind != CBX_CBOR_NULL) {
		return parent->kind == CBX_CBOR_NULL;
	}
	return parent->kind == CBX_CBOR_BYTES &&
	       cbx_span_equal(parent->bytes, cbx_cbor_at(lender, 0)->bytes);
}

/* A template alone is borrowed of, and borrows of nobody. */
static bool children_valid(const struct cbx_cbor *const *box)
{
	return box[CBX_IN_BOX_CHILDREN]->number == 0 ||
	       box[CBX_IN_BOX_STATE]->number == CBX_EVIDENCE_TEMPLATE;
}

bool cbx_evidence_tree_valid(const struct cbx_cbor *const *box)
{
	return parent_valid(box) && children_valid(box);
}
