/* SPDX-License-Identifier: Apache-2.0 */
#include <client/archive.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/types.h>
#include <client/error.h>
#include <client/file.h>
#include <client/pyc.h>
#include <client/ustar.h>

#define BLOCK	  512u
#define FILE_MOST 077777777777ull /* eleven octal digits */

/* Room for @p size more bytes, zeros up to a whole block. @return NULL: none */
static uint8_t *extend(struct cbx_archive *archive, size_t size)
{
	size_t blocks = (size + BLOCK - 1) / BLOCK * BLOCK;
	uint8_t *from;

	if (archive->bytes == NULL || blocks > archive->room - archive->size) {
		size_t room = archive->size + blocks;
		uint8_t *grown;

		room += room / 4 + 65536;
		grown = realloc(archive->bytes, room);
		if (grown == NULL) {
			return NULL;
		}
		archive->bytes = grown;
		archive->room = room;
	}
	from = archive->bytes + archive->size;
	memset(from + size, 0, blocks - size);
	archive->size += blocks;
	return from;
}

static enum cbx_status fail_name(const char *name)
{
	return cbx_fail(CBX_E_INVALID,
		"%.100s...: too long a name for a box's files (%u bytes in "
		"each "
		"part, %u in all)",
		name, CBX_USTAR_PART_MAX, CBX_USTAR_NAME_MAX);
}

static bool fits(const char *name)
{
	size_t length = 0;

	for (const char *part = name; *part != '\0';) {
		size_t bytes = strcspn(part, "/");

		if (bytes > CBX_USTAR_PART_MAX) {
			return false;
		}
		part += bytes + (part[bytes] == '/' ? 1 : 0);
		length = (size_t)(part - name);
	}
	return length <= CBX_USTAR_NAME_MAX;
}

static enum cbx_status add_header(struct cbx_archive *archive,
	const struct cbx_node *node, char type, uint64_t size)
{
	const struct cbx_ustar member = { node->box + 1, node->target, type,
		node->mode, size };
	size_t at = archive->size;
	size_t bytes;
	uint8_t *to;

	if (!fits(member.path)) {
		return fail_name(member.path);
	}
	if (member.target != NULL && !fits(member.target)) {
		return fail_name(member.target);
	}
	bytes = cbx_ustar_size(&member, at);
	to = extend(archive, bytes);
	if (to == NULL) {
		return cbx_fail_memory("files of the box");
	}
	memset(to, 0, bytes);
	cbx_ustar_write(&member, at, to);
	archive->last = (struct cbx_place){ archive->size, size };
	return CBX_OK;
}

static enum cbx_status fail_file(const struct cbx_node *node, int error)
{
	return error == 0
		       ? cbx_fail(CBX_E_INVALID,
				 "%s: it changed while it was read", node->host)
		       : cbx_fail_os(CBX_E_INVALID, error, "%s", node->host);
}

static enum cbx_status add_open_file(
	struct cbx_archive *archive, const struct cbx_node *node, int fd)
{
	enum cbx_status status;
	struct stat st;
	uint8_t *to;
	uint8_t more;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return fail_file(node, 0);
	}
	if ((uint64_t)st.st_size > FILE_MOST) {
		return fail_file(node, EFBIG);
	}
	status = add_header(archive, node, '0', (uint64_t)st.st_size);
	if (status != CBX_OK || st.st_size == 0) {
		return status;
	}
	to = extend(archive, (size_t)st.st_size);
	if (to == NULL) {
		return cbx_fail_memory(node->host);
	}
	if (!cbx_file_read_all(fd, to, (size_t)st.st_size)) {
		return fail_file(node, errno);
	}
	if (cbx_file_read_all(fd, &more, 1)) {
		return fail_file(node, 0);
	}
	cbx_pyc_level(node->host, to, (size_t)st.st_size);
	return CBX_OK;
}

static enum cbx_status add_bytes(
	struct cbx_archive *archive, const struct cbx_node *node)
{
	enum cbx_status status =
		add_header(archive, node, '0', node->byte_count);
	uint8_t *to;

	if (status != CBX_OK || node->byte_count == 0) {
		return status;
	}
	to = extend(archive, node->byte_count);
	if (to == NULL) {
		return cbx_fail_memory(node->box);
	}
	memcpy(to, node->bytes, node->byte_count);
	return CBX_OK;
}

static enum cbx_status add_file(
	struct cbx_archive *archive, const struct cbx_node *node)
{
	enum cbx_status status;
	int fd;

	if (node->host == NULL) {
		return add_bytes(archive, node);
	}
	fd = open(node->host, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return fail_file(node, errno);
	}
	status = add_open_file(archive, node, fd);
	close(fd);
	return status;
}

static enum cbx_status add_node(
	struct cbx_archive *archive, const struct cbx_node *node)
{
	if (strcmp(node->box, "/") == 0) {
		return CBX_OK;
	}
	switch (node->kind) {
	case CBX_NODE_DIRECTORY:
		return add_header(archive, node, '5', 0);
	case CBX_NODE_LINK:
		return add_header(archive, node, '2', 0);
	case CBX_NODE_FILE:
	case CBX_NODE_WHITEOUT: /* merged already */
	case CBX_NODE_OPAQUE:
	default:
		return add_file(archive, node);
	}
}

static enum cbx_status add_end(struct cbx_archive *archive)
{
	uint8_t *to = extend(archive, 2 * BLOCK);

	if (to == NULL) {
		return cbx_fail_memory("files of the box");
	}
	memset(to, 0, 2 * BLOCK);
	return CBX_OK;
}

/* @param place  place[tree->count], or NULL */
static enum cbx_status pack(const struct cbx_tree *tree,
	struct cbx_archive *archive, struct cbx_place *place)
{
	struct cbx_archive fresh = { 0 };
	enum cbx_status status = CBX_OK;

	for (size_t i = 0; i < tree->count && status == CBX_OK; i++) {
		status = add_node(&fresh, &tree->node[i]);
		if (place != NULL) {
			place[i] = fresh.last;
		}
	}
	if (status == CBX_OK) {
		status = add_end(&fresh);
	}
	if (status != CBX_OK) {
		free(fresh.bytes);
		return status;
	}
	*archive = fresh;
	return CBX_OK;
}

enum cbx_status cbx_archive_pack(
	const struct cbx_tree *tree, struct cbx_archive *archive)
{
	return pack(tree, archive, NULL);
}

size_t cbx_archive_bytes(const struct cbx_archive *archive)
{
	return archive->list_bytes == 0
		       ? archive->size
		       : cbx_pages_of(archive->size) * CBX_PAGE_SIZE +
				 archive->list_bytes;
}

static enum cbx_status add_list(struct cbx_archive *archive,
	const struct cbx_tree *tree, const struct cbx_place *place)
{
	size_t size = archive->size;
	size_t gap = cbx_pages_of(size) * CBX_PAGE_SIZE - size;
	uint8_t *list = NULL;
	size_t bytes = 0;
	enum cbx_status status = cbx_contents_make(tree, place, &list, &bytes);
	uint8_t *to;

	if (status != CBX_OK) {
		return status;
	}
	to = extend(archive, gap + bytes);
	archive->size = size;
	if (to != NULL) {
		memset(to, 0, gap);
		memcpy(to + gap, list, bytes);
		archive->list_bytes = bytes;
	}
	free(list);
	return to != NULL ? CBX_OK : cbx_fail_memory("files of the box");
}

enum cbx_status cbx_archive_pack_listed(
	const struct cbx_tree *tree, struct cbx_archive *archive)
{
	struct cbx_place *place = calloc(tree->count + 1, sizeof(*place));
	struct cbx_archive fresh;
	enum cbx_status status;

	if (place == NULL) {
		return cbx_fail_memory("files of the box");
	}
	status = pack(tree, &fresh, place);
	if (status == CBX_OK) {
		status = add_list(&fresh, tree, place);
		if (status == CBX_OK) {
			*archive = fresh;
		} else {
			free(fresh.bytes);
		}
	}
	free(place);
	return status;
}
