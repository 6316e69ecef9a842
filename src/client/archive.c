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

#include <client/error.h>
#include <client/file.h>
#include <client/pyc.h>

#define BLOCK	  512u
#define FILE_MOST 077777777777ull /* eleven octal digits */

/* POSIX.1-1988 ustar. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[8]; /* "ustar", zero, "00" */
	char owner[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "one block");

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

/* Where a long name is split: prefix before it, name after; 0: nowhere. */
static size_t split_point(const char *name, size_t length)
{
	size_t limit = sizeof(((struct header *)0)->prefix);
	size_t i = length - sizeof(((struct header *)0)->name) - 1;

	while (i < length && i <= limit && name[i] != '/') {
		i++;
	}
	return i < length - 1 && i <= limit ? i : 0;
}

/* The name in the archive has no slash in front. */
static bool set_name(struct header *header, const char *box)
{
	const char *name = box + 1;
	size_t length = strlen(name);
	size_t split;

	if (length <= sizeof(header->name)) {
		memcpy(header->name, name, length);
		return true;
	}
	split = split_point(name, length);
	if (split == 0) {
		return false;
	}
	memcpy(header->prefix, name, split);
	memcpy(header->name, name + split + 1, length - split - 1);
	return true;
}

static void set_octal(char *field, size_t size, uint64_t value)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i-- > 0;) {
		field[i] = (char)('0' + (value & 7u));
		value >>= 3;
	}
}

static void set_checksum(struct header *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	uint32_t sum = 0;

	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++) {
		sum += bytes[i];
	}
	set_octal(header->checksum, 7, sum);
}

static enum cbx_status fail_name(const char *name)
{
	return cbx_fail(CBX_E_INVALID,
		"%.100s%s: too long a name for a box's files (100 bytes in its "
		"last part, 255 in all)",
		name, strlen(name) > 100 ? "..." : "");
}

static enum cbx_status add_header(struct cbx_archive *archive,
	const struct cbx_node *node, char type, uint64_t size)
{
	struct header header = { .magic = "ustar\0"
					  "00" };
	uint8_t *to;

	header.type = type;
	if (!set_name(&header, node->box)) {
		return fail_name(node->box);
	}
	if (node->target != NULL) {
		if (strlen(node->target) > sizeof(header.link)) {
			return fail_name(node->target);
		}
		memcpy(header.link, node->target, strlen(node->target));
	}
	set_octal(header.mode, sizeof(header.mode), node->mode);
	set_octal(header.uid, sizeof(header.uid), 0);
	set_octal(header.gid, sizeof(header.gid), 0);
	set_octal(header.size, sizeof(header.size), size);
	set_octal(header.mtime, sizeof(header.mtime), 0);
	set_octal(header.major, sizeof(header.major), 0);
	set_octal(header.minor, sizeof(header.minor), 0);
	set_checksum(&header);
	to = extend(archive, sizeof(header));
	if (to == NULL) {
		return cbx_fail_memory("files of the box");
	}
	memcpy(to, &header, sizeof(header));
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

enum cbx_status cbx_archive_pack(
	const struct cbx_tree *tree, struct cbx_archive *archive)
{
	struct cbx_archive fresh = { 0 };
	enum cbx_status status = CBX_OK;

	for (size_t i = 0; i < tree->count && status == CBX_OK; i++) {
		status = add_node(&fresh, &tree->node[i]);
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
