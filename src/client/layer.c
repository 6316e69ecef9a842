/* SPDX-License-Identifier: Apache-2.0 */
#include <client/layer.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <client/error.h>
#include <client/tree_node.h>

#define BLOCK_BYTES 65536u
#define MODE_BITS   0777u
#define MARK	    ".wh."
#define OPAQUE	    ".wh..wh..opq"

/* An archive being read. */
struct reading {
	struct archive *archive;
	struct archive_entry *entry;
	const struct cbx_layer_source *source;
	struct cbx_tree *tree;
	struct cbx_layer_budget *budget;
	uint32_t layer;
	bool marks;
};

static enum cbx_status fail_archive(const struct reading *r)
{
	const char *cause = archive_error_string(r->archive);

	if (archive_errno(r->archive) == ENOMEM) {
		return cbx_fail_memory(r->source->name);
	}
	return cbx_fail(CBX_E_INVALID, "%s: %s", r->source->name,
		cause != NULL ? cause : "no tar archive, or a damaged one");
}

static enum cbx_status fail_member(
	const struct reading *r, const char *name, const char *cause)
{
	return cbx_fail(
		CBX_E_INVALID, "%s: %.150s: %s", r->source->name, name, cause);
}

/* A name with characters that are not this locale's is taken as UTF-8. */
static const char *name_of(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	return name != NULL ? name : archive_entry_pathname_utf8(entry);
}

static const char *target_of(struct archive_entry *entry)
{
	const char *target = archive_entry_symlink(entry);

	return target != NULL ? target : archive_entry_symlink_utf8(entry);
}

static const char *original_of(struct archive_entry *entry)
{
	const char *name = archive_entry_hardlink(entry);

	return name != NULL ? name : archive_entry_hardlink_utf8(entry);
}

static bool leads_upwards(const char *name)
{
	while (*name != '\0') {
		size_t length = strcspn(name, "/");

		if (length == 2 && memcmp(name, "..", 2) == 0) {
			return true;
		}
		name += length;
		name += *name == '/' ? 1 : 0;
	}
	return false;
}

/* The name as a path in the box. */
static enum cbx_status box_name(
	const struct reading *r, const char *name, char **box)
{
	enum cbx_status status;
	char *absolute;

	if (leads_upwards(name)) {
		return fail_member(r, name, "a name that leads upwards");
	}
	absolute = malloc(strlen(name) + 2);
	if (absolute == NULL) {
		return cbx_fail_memory(name);
	}
	absolute[0] = '/';
	memcpy(absolute + 1, name, strlen(name) + 1);
	status = cbx_path_clean(absolute, box);
	free(absolute);
	return status;
}

static enum cbx_status read_bytes(
	const struct reading *r, uint8_t *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		la_ssize_t n =
			archive_read_data(r->archive, to + done, size - done);

		if (n <= 0) {
			return n < 0 ? fail_archive(r)
				     : fail_member(r, name_of(r->entry),
					       "it ends too early");
		}
		done += (size_t)n;
	}
	return CBX_OK;
}

static enum cbx_status take_bytes(const struct reading *r, int64_t size)
{
	if (size < 0 ||
		(uint64_t)size > CBX_LAYER_BYTES_MAX - r->budget->bytes) {
		return fail_member(r, name_of(r->entry),
			"too large; all files together may have 8 GiB");
	}
	r->budget->bytes += (uint64_t)size;
	return CBX_OK;
}

static enum cbx_status fill_file(const struct reading *r, struct cbx_node *node)
{
	int64_t size = archive_entry_size(r->entry);
	enum cbx_status status = take_bytes(r, size);

	if (status != CBX_OK) {
		return status;
	}
	node->owned = malloc((size_t)size + 1);
	if (node->owned == NULL) {
		return cbx_fail_memory(node->box);
	}
	node->bytes = node->owned;
	node->byte_count = (size_t)size;
	return read_bytes(r, node->owned, (size_t)size);
}

static const struct cbx_node *last_of_name(
	const struct cbx_tree *tree, const char *box)
{
	for (size_t i = tree->count; i-- > 0;) {
		if (strcmp(tree->node[i].box, box) == 0) {
			return &tree->node[i];
		}
	}
	return NULL;
}

/* A hard link is a second file of the same bytes. */
static enum cbx_status fill_copy(
	const struct reading *r, struct cbx_node *node, const char *original)
{
	const struct cbx_node *other;
	enum cbx_status status;
	char *box;

	status = box_name(r, original, &box);
	if (status != CBX_OK) {
		return status;
	}
	other = last_of_name(r->tree, box);
	free(box);
	if (other == NULL || other->kind != CBX_NODE_FILE) {
		return fail_member(r, name_of(r->entry),
			"a hard link to no file before it");
	}
	status = take_bytes(r, (int64_t)other->byte_count);
	if (status != CBX_OK) {
		return status;
	}
	node->mode = other->mode;
	node->owned = malloc(other->byte_count + 1);
	if (node->owned == NULL) {
		return cbx_fail_memory(node->box);
	}
	memcpy(node->owned, other->bytes, other->byte_count);
	node->bytes = node->owned;
	node->byte_count = other->byte_count;
	return CBX_OK;
}

static enum cbx_status fill_link(const struct reading *r, struct cbx_node *node)
{
	const char *target = target_of(r->entry);

	if (target == NULL || target[0] == '\0') {
		return fail_member(r, name_of(r->entry), "a link to nothing");
	}
	node->kind = CBX_NODE_LINK;
	node->mode = MODE_BITS; /* a link's own are nobody's */
	node->target = strdup(target);
	return node->target == NULL ? cbx_fail_memory(node->box) : CBX_OK;
}

static enum cbx_status fill(const struct reading *r, struct cbx_node *node)
{
	const char *original = original_of(r->entry);

	if (original != NULL) {
		return fill_copy(r, node, original);
	}
	switch (archive_entry_filetype(r->entry)) {
	case AE_IFREG:
		return fill_file(r, node);
	case AE_IFLNK:
		return fill_link(r, node);
	case AE_IFDIR:
		node->kind = CBX_NODE_DIRECTORY;
		return CBX_OK;
	default:
		return fail_member(r, name_of(r->entry),
			"a device, pipe or socket cannot go into a box");
	}
}

/* Whether the node's name is a mark: it then is of what the mark is about. */
static bool read_mark(struct cbx_node *node)
{
	char *name = strrchr(node->box, '/') + 1;

	if (strncmp(name, MARK, strlen(MARK)) != 0) {
		return false;
	}
	if (strcmp(name, OPAQUE) == 0) {
		node->kind = CBX_NODE_OPAQUE;
		name[name - node->box == 1 ? 0 : -1] = '\0';
	} else {
		node->kind = CBX_NODE_WHITEOUT;
		memmove(name, name + strlen(MARK),
			strlen(name + strlen(MARK)) + 1);
	}
	return true;
}

static enum cbx_status add_member(const struct reading *r)
{
	const char *name = name_of(r->entry);
	struct cbx_node node = { .kind = CBX_NODE_FILE, .layer = r->layer };
	enum cbx_status status;

	if (name == NULL) {
		return cbx_fail(CBX_E_INVALID, "%s: a member without a name",
			r->source->name);
	}
	if (++r->budget->entries > CBX_LAYER_ENTRIES_MAX) {
		return fail_member(r, name, "one of more than a million files");
	}
	status = box_name(r, name, &node.box);
	if (node.box == NULL) {
		return status;
	}
	node.mode = archive_entry_perm(r->entry) & MODE_BITS;
	if (!r->marks || !read_mark(&node)) {
		status = fill(r, &node);
	}
	if (status == CBX_OK) {
		return cbx_tree_add_node(r->tree, &node);
	}
	free(node.box);
	free(node.owned);
	free(node.target);
	return status;
}

static enum cbx_status read_members(struct reading *r)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK) {
		int result = archive_read_next_header(r->archive, &r->entry);

		if (result == ARCHIVE_EOF) {
			return CBX_OK;
		}
		status = result == ARCHIVE_OK || result == ARCHIVE_WARN
				 ? add_member(r)
				 : fail_archive(r);
	}
	return status;
}

/* Those that need no other program to read. */
static void support_formats(struct archive *archive)
{
	(void)archive_read_support_format_tar(archive);
	(void)archive_read_support_filter_gzip(archive);
	(void)archive_read_support_filter_bzip2(archive);
	(void)archive_read_support_filter_xz(archive);
	(void)archive_read_support_filter_zstd(archive);
}

enum cbx_status cbx_layer_add(struct cbx_tree *tree,
	const struct cbx_layer_source *source, uint32_t layer, bool marks,
	struct cbx_layer_budget *budget)
{
	struct reading r = { .archive = archive_read_new(),
		.source = source,
		.tree = tree,
		.budget = budget,
		.layer = layer,
		.marks = marks };
	enum cbx_status status;
	int result;

	if (r.archive == NULL) {
		return cbx_fail_memory(source->name);
	}
	support_formats(r.archive);
	result = source->bytes == NULL ? archive_read_open_filename(r.archive,
						 source->name, BLOCK_BYTES)
				       : archive_read_open_memory(r.archive,
						 source->bytes, source->size);
	status = result == ARCHIVE_OK ? read_members(&r) : fail_archive(&r);
	(void)archive_read_free(r.archive);
	return status;
}
