/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the list of a box's files (base/contents.h).  Pure, and safe on any
 * bytes.
 */
#ifndef CBX_RUNTIME_CONTENTS_H
#define CBX_RUNTIME_CONTENTS_H

#include <base/contents.h>
#include <base/types.h>

#define CBX_TARGET_MAX 4095u /* bytes of a link's target */

/** A list that is whole. */
struct cbx_list {
	const struct cbx_contents *head;
	const struct cbx_member *member;
	const char *string;
};

/**
 * Find the parts of list[bytes], which is at a page's beginning.
 *
 * @retval false  it is shorter than it says
 */
CBX_MUST_CHECK bool cbx_contents_open(
	const uint8_t *bytes, uint64_t size, struct cbx_list *list);

/**
 * Whether member @p i makes sense: a known type, a parent before it, a name
 * without slash and zero that is neither "." nor "..", content within an
 * archive of @p archive_bytes, a target of 1 to CBX_TARGET_MAX bytes.
 *
 * @param i  below list->head->members
 */
CBX_MUST_CHECK bool cbx_contents_valid(
	const struct cbx_list *list, uint64_t i, uint64_t archive_bytes);

#endif
