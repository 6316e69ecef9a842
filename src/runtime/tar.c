/* SPDX-License-Identifier: Apache-2.0 */
#include "tar.h"

#include "lib.h"

#define BLOCK 512u

/* POSIX.1-1988 ustar header; numbers are octal text. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char owner[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};
CBX_SIZE(512, header);

static bool octal(const char *text, size_t bytes, uint64_t *number)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < bytes && text[i] == ' ') {
		i++;
	}
	while (i < bytes && text[i] >= '0' && text[i] <= '7') {
		value = value * 8 + (uint64_t)(text[i++] - '0');
	}
	*number = value;
	return i == bytes || text[i] == '\0' || text[i] == ' ';
}

static size_t length_of(const char *text, size_t bytes)
{
	const char *end = memchr(text, '\0', bytes);

	return end == NULL ? bytes : (size_t)(end - text);
}

static uint64_t sum_of(const uint8_t *block)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		size_t start = offsetof(struct header, sum);

		sum += i >= start && i < start + 8 ? ' ' : block[i];
	}
	return sum;
}

static bool is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK; i++) {
		if (block[i] != 0) {
			return false;
		}
	}
	return true;
}

static bool kind_of(char type, enum cbx_tar_kind *kind)
{
	switch (type) {
	case '\0':
	case '0':
		*kind = CBX_TAR_FILE;
		return true;
	case '1':
		*kind = CBX_TAR_HARDLINK;
		return true;
	case '2':
		*kind = CBX_TAR_SYMLINK;
		return true;
	case '5':
		*kind = CBX_TAR_DIRECTORY;
		return true;
	default:
		return false;
	}
}

/* Prefix, a slash, name. */
static bool join_path(const struct header *header, char *path)
{
	size_t prefix = length_of(header->prefix, sizeof(header->prefix));
	size_t name = length_of(header->name, sizeof(header->name));

	memcpy(path, header->prefix, prefix);
	if (prefix != 0) {
		path[prefix++] = '/';
	}
	memcpy(path + prefix, header->name, name);
	path[prefix + name] = '\0';
	return name != 0;
}

static bool read_numbers(
	const struct header *header, struct cbx_tar_entry *entry)
{
	uint64_t mode, uid, gid, mtime;

	if (!octal(header->mode, sizeof(header->mode), &mode) ||
		!octal(header->uid, sizeof(header->uid), &uid) ||
		!octal(header->gid, sizeof(header->gid), &gid) ||
		!octal(header->mtime, sizeof(header->mtime), &mtime) ||
		!octal(header->size, sizeof(header->size), &entry->size)) {
		return false;
	}
	entry->mode = (uint32_t)mode & 07777u;
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	entry->mtime = (int64_t)mtime;
	return true;
}

static bool read_header(
	const struct header *header, struct cbx_tar_entry *entry)
{
	size_t link = length_of(header->link, sizeof(header->link));
	uint64_t sum;

	if (memcmp(header->magic, "ustar", 6) != 0 ||
		!octal(header->sum, sizeof(header->sum), &sum) ||
		sum != sum_of((const uint8_t *)header) ||
		!kind_of(header->type, &entry->kind) ||
		!join_path(header, entry->path) ||
		!read_numbers(header, entry)) {
		return false;
	}
	memcpy(entry->link, header->link, link);
	entry->link[link] = '\0';
	if (entry->kind == CBX_TAR_FILE) {
		return true;
	}
	entry->size = 0;
	return entry->kind == CBX_TAR_DIRECTORY || link != 0;
}

enum cbx_tar_status cbx_tar_read(const uint8_t *archive, uint64_t bytes,
	uint64_t *offset, struct cbx_tar_entry *entry)
{
	uint64_t at = *offset;
	uint64_t left;

	if (at >= bytes) {
		return CBX_TAR_END;
	}
	if (bytes - at < BLOCK) {
		return CBX_TAR_BAD;
	}
	if (is_zero(archive + at)) {
		return CBX_TAR_END;
	}
	if (!read_header((const struct header *)(archive + at), entry)) {
		return CBX_TAR_BAD;
	}
	at += BLOCK;
	left = bytes - at;
	if (entry->size > left) {
		return CBX_TAR_BAD;
	}
	entry->bytes = archive + at;
	*offset = at + cbx_min(left, (entry->size + BLOCK - 1) &
					     ~(uint64_t)(BLOCK - 1));
	return CBX_TAR_NEXT;
}
