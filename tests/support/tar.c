/* SPDX-License-Identifier: Apache-2.0 */
#include "tar.h"

#include <string.h>

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

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

#define WORDS  (BLOCK / sizeof(word))
#define EVEN_8 0x00ff00ff00ff00ffull
#define LOW_16 0x0000ffff0000ffffull

/* Of all bytes; no half of a word overflows. */
static uint64_t sum_of_all(const word *block)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < WORDS; i++) {
		sum += (block[i] & EVEN_8) + (block[i] >> 8 & EVEN_8);
	}
	sum = (sum & LOW_16) + (sum >> 16 & LOW_16);
	return (sum & UINT32_MAX) + (sum >> 32);
}

/* The sum itself counts as spaces. */
static uint64_t sum_of(const uint8_t *block)
{
	const struct header *h = (const struct header *)(const void *)block;
	uint64_t sum = sum_of_all((const word *)(const void *)block);

	for (size_t i = 0; i < sizeof(h->sum); i++) {
		sum += ' ' - (uint64_t)(uint8_t)h->sum[i];
	}
	return sum;
}

static bool is_zero(const uint8_t *block)
{
	const word *words = (const word *)(const void *)block;
	uint64_t any = 0;

	for (size_t i = 0; i < WORDS && any == 0; i++) {
		any = words[i];
	}
	return any == 0;
}

/* What an extended header says of the member after it. */
struct extension {
	const char *path; /* NULL: nothing */
	uint64_t path_bytes;
	const char *link;
	uint64_t link_bytes;
};

static bool starts(const char *at, uint64_t bytes, const char *key)
{
	return bytes >= strlen(key) && memcmp(at, key, strlen(key)) == 0;
}

static bool take(const char *at, uint64_t bytes, const char *key,
	const char **value, uint64_t *value_bytes)
{
	if (!starts(at, bytes, key)) {
		return false;
	}
	*value = at + strlen(key);
	*value_bytes = bytes - strlen(key);
	return true;
}

/* One record, "LENGTH KEY=VALUE\n"; its length, 0 when it is malformed. */
static uint64_t read_record(
	const char *at, uint64_t left, struct extension *extension)
{
	uint64_t length = 0;
	uint64_t i = 0;

	while (i < left && i < 9 && at[i] >= '0' && at[i] <= '9') {
		length = length * 10 + (uint64_t)(at[i++] - '0');
	}
	if (i == 0 || i == left || at[i++] != ' ' || length > left ||
		length < i + 2 || at[length - 1] != '\n') {
		return 0;
	}
	if (!take(at + i, length - i - 1, "path=", &extension->path,
		    &extension->path_bytes)) {
		(void)take(at + i, length - i - 1,
			"linkpath=", &extension->link, &extension->link_bytes);
	}
	return length;
}

static bool read_extension(
	const char *at, uint64_t left, struct extension *extension)
{
	while (left != 0) {
		uint64_t length = read_record(at, left, extension);

		if (length == 0) {
			return false;
		}
		at += length;
		left -= length;
	}
	return true;
}

/* A name of an extension in the place of the header's; false when it is none. */
static bool replace(char *to, const char *from, uint64_t bytes)
{
	if (from == NULL) {
		return true;
	}
	if (bytes == 0 || bytes > CBX_TAR_PATH ||
		memchr(from, '\0', bytes) != NULL) {
		return false;
	}
	memcpy(to, from, bytes);
	to[bytes] = '\0';
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
static void join_path(const struct header *header, char *path)
{
	size_t prefix = length_of(header->prefix, sizeof(header->prefix));
	size_t name = length_of(header->name, sizeof(header->name));

	memcpy(path, header->prefix, prefix);
	if (prefix != 0) {
		path[prefix++] = '/';
	}
	memcpy(path + prefix, header->name, name);
	path[name == 0 ? 0 : prefix + name] = '\0';
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

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* An archive. */
struct source {
	const uint8_t *archive;
	uint64_t bytes;
};

/* Go over a member's content; false when it is not all there. */
static bool skip(const struct source *source, uint64_t *at, uint64_t size,
	const uint8_t **content)
{
	uint64_t left = source->bytes - *at;

	if (size > left) {
		return false;
	}
	*content = source->archive + *at;
	*at += least(left, (size + BLOCK - 1) & ~(uint64_t)(BLOCK - 1));
	return true;
}

static bool is_header(const struct header *header)
{
	uint64_t sum;

	return memcmp(header->magic, "ustar", 6) == 0 &&
	       octal(header->sum, sizeof(header->sum), &sum) &&
	       sum == sum_of((const uint8_t *)header);
}

/* Whether a header is at @p at; END at the archive's. */
static enum cbx_tar_status look(const struct source *source, uint64_t at)
{
	if (at >= source->bytes) {
		return CBX_TAR_END;
	}
	if (source->bytes - at < BLOCK) {
		return CBX_TAR_BAD;
	}
	if (is_zero(source->archive + at)) {
		return CBX_TAR_END;
	}
	return is_header((const struct header *)(source->archive + at))
		       ? CBX_TAR_NEXT
		       : CBX_TAR_BAD;
}

/* Read the extended header at @p at, if it is one; false when it is damaged. */
static bool read_extended(
	const struct source *source, uint64_t *at, struct extension *extension)
{
	const struct header *header =
		(const struct header *)(source->archive + *at);
	const uint8_t *content;
	uint64_t size;

	if (header->type != 'x') {
		return true;
	}
	*at += BLOCK;
	return octal(header->size, sizeof(header->size), &size) &&
	       skip(source, at, size, &content) &&
	       read_extension((const char *)content, size, extension) &&
	       look(source, *at) == CBX_TAR_NEXT;
}

static bool read_header(
	const struct header *header, struct cbx_tar_entry *entry)
{
	size_t link = length_of(header->link, sizeof(header->link));

	if (!read_numbers(header, entry)) {
		return false;
	}
	join_path(header, entry->path);
	memcpy(entry->link, header->link, link);
	entry->link[link] = '\0';
	return true;
}

/* The member at @p at, after its extended header. */
static enum cbx_tar_status read_member(const struct source *source,
	uint64_t *at, const struct extension *extension,
	struct cbx_tar_entry *entry)
{
	const struct header *header =
		(const struct header *)(source->archive + *at);

	if (!kind_of(header->type, &entry->kind) ||
		!read_header(header, entry) ||
		!replace(entry->path, extension->path, extension->path_bytes) ||
		!replace(entry->link, extension->link, extension->link_bytes)) {
		return CBX_TAR_BAD;
	}
	if (entry->kind != CBX_TAR_FILE) {
		entry->size = 0;
	}
	if (entry->path[0] == '\0' ||
		((entry->kind == CBX_TAR_SYMLINK ||
			 entry->kind == CBX_TAR_HARDLINK) &&
			entry->link[0] == '\0')) {
		return CBX_TAR_BAD;
	}
	*at += BLOCK;
	return skip(source, at, entry->size, &entry->bytes) ? CBX_TAR_NEXT
							    : CBX_TAR_BAD;
}

enum cbx_tar_status cbx_tar_read(const uint8_t *archive, uint64_t bytes,
	uint64_t *offset, struct cbx_tar_entry *entry)
{
	const struct source source = { archive, bytes };
	struct extension extension = { 0 };
	uint64_t at = *offset;
	enum cbx_tar_status status = look(&source, at);

	if (status != CBX_TAR_NEXT) {
		return status;
	}
	if (!read_extended(&source, &at, &extension)) {
		return CBX_TAR_BAD;
	}
	status = read_member(&source, &at, &extension, entry);
	if (status == CBX_TAR_NEXT) {
		*offset = at;
	}
	return status;
}
