/* SPDX-License-Identifier: Apache-2.0 */
#include <client/ustar.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <base/types.h>

#define BLOCK	      CBX_USTAR_BLOCK
#define PADDING_LEAST 16u /* bytes of the shortest padding */

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

static bool set_name(struct header *header, const char *name)
{
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

static void fill_header(struct header *header, uint32_t mode, uint64_t size)
{
	memcpy(header->magic, "ustar\0", 6);
	memcpy(header->magic + 6, "00", 2);
	set_octal(header->mode, sizeof(header->mode), mode);
	set_octal(header->uid, sizeof(header->uid), 0);
	set_octal(header->gid, sizeof(header->gid), 0);
	set_octal(header->size, sizeof(header->size), size);
	set_octal(header->mtime, sizeof(header->mtime), CBX_USTAR_TIME);
	set_octal(header->major, sizeof(header->major), 0);
	set_octal(header->minor, sizeof(header->minor), 0);
	set_checksum(header);
}

/* Bytes of the record "LENGTH key=value\n"; 0 without a value. */
static size_t record_size(const char *key, const char *value)
{
	size_t rest = value == NULL ? 0 : 3 + strlen(key) + strlen(value);
	size_t digits = 1;

	while (snprintf(NULL, 0, "%zu", rest + digits) != (int)digits) {
		digits++;
	}
	return value == NULL ? 0 : rest + digits;
}

static uint8_t *put_text(uint8_t *to, const char *text, size_t size)
{
	memcpy(to, text, size);
	return to + size;
}

/* The beginning of a record. */
static uint8_t *put_key(uint8_t *to, size_t size, const char *key)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%zu %s=", size, key);

	return put_text(to, text, (size_t)length);
}

static uint8_t *put_record(uint8_t *to, const char *key, const char *value)
{
	if (value == NULL) {
		return to;
	}
	to = put_key(to, record_size(key, value), key);
	to = put_text(to, value, strlen(value));
	*to = '\n';
	return to + 1;
}

/* A record nobody reads. */
static void put_padding(uint8_t *to, size_t size)
{
	uint8_t *end = to + size - 1;

	to = put_key(to, size, "comment");
	memset(to, ' ', (size_t)(end - to));
	*end = '\n';
}

/* What goes before a member's own header. */
struct extension {
	const char *path; /* NULL: its header holds it */
	const char *target;
	size_t names;  /* bytes of records */
	size_t blocks; /* of all records; 0: no extension */
};

static void set_target(struct header *header, struct extension *extension,
	const struct cbx_ustar *member)
{
	if (member->target == NULL) {
		return;
	}
	if (strlen(member->target) > sizeof(header->link)) {
		extension->target = member->target;
	} else {
		memcpy(header->link, member->target, strlen(member->target));
	}
}

/* Blocks of an extension that puts the content off to a page's beginning. */
static size_t aligned_blocks(size_t names, size_t at)
{
	const size_t page = CBX_PAGE_SIZE / BLOCK;
	size_t blocks = (names + PADDING_LEAST + BLOCK - 1) / BLOCK;

	while ((at / BLOCK + 1 + blocks + 1) % page != 0) {
		blocks++;
	}
	return blocks;
}

static struct extension plan(
	const struct cbx_ustar *member, size_t at, struct header *header)
{
	struct extension extension = { 0 };

	*header = (struct header){ .type = member->type };
	if (!set_name(header, member->path)) {
		extension.path = member->path;
	}
	set_target(header, &extension, member);
	extension.names = record_size("path", extension.path) +
			  record_size("linkpath", extension.target);
	extension.blocks = (extension.names + BLOCK - 1) / BLOCK;
	if (member->size >= CBX_USTAR_ALIGNED_FROM &&
		(extension.blocks != 0 || (at + BLOCK) % CBX_PAGE_SIZE != 0)) {
		extension.blocks = aligned_blocks(extension.names, at);
	}
	return extension;
}

size_t cbx_ustar_size(const struct cbx_ustar *member, size_t at)
{
	struct header header;
	struct extension extension = plan(member, at, &header);

	return BLOCK +
	       (extension.blocks == 0 ? 0 : BLOCK + extension.blocks * BLOCK);
}

static void write_extension(const struct extension *extension, uint8_t *to)
{
	struct header header = { .name = "././@PaxHeader", .type = 'x' };
	size_t size = extension->blocks * BLOCK;
	bool padded = size - extension->names >= PADDING_LEAST;

	fill_header(&header, 0644, padded ? size : extension->names);
	memcpy(to, &header, sizeof(header));
	to = put_record(to + BLOCK, "path", extension->path);
	to = put_record(to, "linkpath", extension->target);
	if (padded) {
		put_padding(to, size - extension->names);
	}
}

void cbx_ustar_write(const struct cbx_ustar *member, size_t at, uint8_t *to)
{
	struct header header;
	struct extension extension = plan(member, at, &header);

	if (extension.blocks != 0) {
		write_extension(&extension, to);
		to += BLOCK + extension.blocks * BLOCK;
	}
	fill_header(&header, member->mode, member->size);
	memcpy(to, &header, sizeof(header));
}
