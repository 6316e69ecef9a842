/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"

#include "lib.h"

bool cbx_contents_open(
	const uint8_t *bytes, uint64_t size, struct cbx_list *list)
{
	const struct cbx_contents *head = (const void *)bytes;
	uint64_t left = size - sizeof(*head);

	if (size < sizeof(*head) ||
		head->members > left / sizeof(struct cbx_member)) {
		return false;
	}
	list->head = head;
	list->member = (const void *)(head + 1);
	list->string = (const void *)(list->member + head->members);
	return head->string_bytes <=
	       left - head->members * sizeof(struct cbx_member);
}

/* Whether a string of @p bytes and the zero after it lie among the others, and
 * there is no zero in it. */
static bool string_valid(
	const struct cbx_list *list, uint64_t offset, uint64_t bytes)
{
	uint64_t all = list->head->string_bytes;

	return offset < all && bytes < all - offset &&
	       memchr(list->string + offset, '\0', bytes + 1) ==
		       list->string + offset + bytes;
}

static bool name_valid(
	const struct cbx_list *list, const struct cbx_member *member)
{
	const char *name = list->string + member->name;
	uint64_t bytes = member->name_bytes;

	if (bytes == 0 || bytes > CBX_MEMBER_NAME_MAX ||
		!string_valid(list, member->name, bytes) ||
		memchr(name, '/', bytes) != NULL) {
		return false;
	}
	return name[0] != '.' || (bytes != 1 && (bytes != 2 || name[1] != '.'));
}

bool cbx_contents_valid(
	const struct cbx_list *list, uint64_t i, uint64_t archive_bytes)
{
	const struct cbx_member *member = &list->member[i];

	if (member->parent > i || !name_valid(list, member)) {
		return false;
	}
	switch (member->mode & CBX_MEMBER_TYPE) {
	case CBX_MEMBER_DIRECTORY:
		return true;
	case CBX_MEMBER_FILE:
		return member->offset <= archive_bytes &&
		       member->size <= archive_bytes - member->offset;
	case CBX_MEMBER_LINK:
		return member->size >= 1 && member->size <= CBX_TARGET_MAX &&
		       string_valid(list, member->offset, member->size);
	default:
		return false;
	}
}
