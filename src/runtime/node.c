/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include "flock.h"
#include "heap.h"
#include "host_file.h"
#include "lib.h"
#include "linux.h"
#include "path.h"
#include "time.h"

static struct cbx_entry **bucket; /* bucket[buckets], a power of two */
static uint64_t buckets;
static uint64_t entries;
static uint64_t last_ino;

struct cbx_node *cbx_node_create(uint32_t mode, int64_t now)
{
	struct cbx_node *node = cbx_heap_take_zero(sizeof(*node));

	if (node == NULL) {
		return NULL;
	}
	node->ino = ++last_ino;
	node->mode = mode;
	node->atime_ns = now;
	node->mtime_ns = now;
	node->ctime_ns = now;
	if (cbx_node_is(node, LX_S_IFDIR)) {
		node->links = 1; /* its own "." */
		node->dir.parent = node;
	}
	return node;
}

void cbx_node_touch(struct cbx_node *node)
{
	node->mtime_ns = cbx_time_coarse();
	node->ctime_ns = node->mtime_ns;
}

static bool unused(const struct cbx_node *node)
{
	uint32_t own = cbx_node_is(node, LX_S_IFDIR) ? 1 : 0;

	return node->refs == 0 && node->entry == NULL &&
	       (node->links <= own || node->host != NULL);
}

static void free_if_unused(struct cbx_node *node)
{
	struct cbx_node *above;

	if (!unused(node)) {
		return;
	}
	while (node->host != NULL && node->dir.first != NULL) {
		cbx_entry_remove(node->dir.first);
	}
	cbx_flock_free(node);
	if (node->label != NULL) {
		cbx_heap_give(node->label, strlen(node->label) + 1);
	}
	if (cbx_node_is(node, LX_S_IFREG)) {
		cbx_data_free(&node->data);
	}
	if (cbx_node_is(node, LX_S_IFLNK) && node->proc == CBX_PROC_NONE) {
		cbx_heap_give(node->link.target, node->link.length + 1);
	}
	if (node->host != NULL) {
		cbx_heap_give(node->host, sizeof(*node->host));
	}
	above = node->above;
	cbx_heap_give(node, sizeof(*node));
	if (above != NULL) {
		cbx_node_drop(above);
	}
}

void cbx_node_hold(struct cbx_node *node)
{
	node->refs++;
}

void cbx_node_drop(struct cbx_node *node)
{
	node->refs--;
	free_if_unused(node);
}

static uint32_t hash_of(
	const struct cbx_node *dir, const char *name, uint64_t length)
{
	uint64_t hash = 14695981039346656037ull ^ dir->ino;

	for (uint64_t i = 0; i < length; i++) {
		hash = (hash ^ (uint8_t)name[i]) * 1099511628211ull;
	}
	return (uint32_t)(hash ^ (hash >> 32));
}

struct cbx_entry *cbx_entry_find(
	const struct cbx_node *dir, const char *name, uint64_t length)
{
	uint32_t hash = hash_of(dir, name, length);
	struct cbx_entry *entry =
		buckets == 0 ? NULL : bucket[hash & (buckets - 1)];

	while (entry != NULL &&
		(entry->hash != hash || entry->dir != dir ||
			entry->length != length ||
			memcmp(entry->name, name, length) != 0)) {
		entry = entry->hash_next;
	}
	return entry;
}

static void hash_in(struct cbx_entry *entry)
{
	struct cbx_entry **head = &bucket[entry->hash & (buckets - 1)];

	entry->hash_next = *head;
	*head = entry;
}

static void hash_out(const struct cbx_entry *entry)
{
	struct cbx_entry **at = &bucket[entry->hash & (buckets - 1)];

	while (*at != entry) {
		at = &(*at)->hash_next;
	}
	*at = entry->hash_next;
}

/* Twice the buckets when there are more entries than buckets. */
static bool rehash(void)
{
	uint64_t count = cbx_max(1024, buckets * 2);
	struct cbx_entry **old = bucket;
	uint64_t old_count = buckets;
	struct cbx_entry **larger;

	if (entries < buckets) {
		return true;
	}
	larger = cbx_heap_take_zero(count * sizeof(struct cbx_entry *));
	if (larger == NULL) {
		return buckets != 0;
	}
	bucket = larger;
	buckets = count;
	for (uint64_t i = 0; i < old_count; i++) {
		while (old[i] != NULL) {
			struct cbx_entry *entry = old[i];

			old[i] = entry->hash_next;
			hash_in(entry);
		}
	}
	cbx_heap_give(old, old_count * sizeof(struct cbx_entry *));
	return true;
}

static void append(struct cbx_node *dir, struct cbx_entry *entry)
{
	entry->cookie = ++dir->dir.cookie;
	entry->previous = dir->dir.last;
	if (dir->dir.last != NULL) {
		dir->dir.last->next = entry;
	} else {
		dir->dir.first = entry;
	}
	dir->dir.last = entry;
}

int64_t cbx_entry_add(struct cbx_node *dir, const char *name, uint64_t length,
	struct cbx_node *node)
{
	struct cbx_entry *entry;

	if (!rehash()) {
		return -LX_ENOSPC;
	}
	entry = cbx_heap_take_zero(sizeof(*entry) + length + 1);
	if (entry == NULL) {
		return -LX_ENOSPC;
	}
	entry->dir = dir;
	entry->node = node;
	entry->hash = hash_of(dir, name, length);
	entry->length = (uint16_t)length;
	memcpy(entry->name, name, length);
	append(dir, entry);
	hash_in(entry);
	entries++;
	node->links++;
	node->entry = entry;
	if (cbx_node_is(node, LX_S_IFDIR)) {
		node->dir.parent = dir;
		dir->links++;
	}
	return 0;
}

static void unlink_from(struct cbx_dir *dir, const struct cbx_entry *entry)
{
	if (entry->previous != NULL) {
		entry->previous->next = entry->next;
	} else {
		dir->first = entry->next;
	}
	if (entry->next != NULL) {
		entry->next->previous = entry->previous;
	} else {
		dir->last = entry->previous;
	}
}

/* Remember where a node that stays had its name; without memory it is not
 * told. */
static void label(struct cbx_node *node)
{
	static char path[LX_PATH_MAX];
	uint64_t bytes = cbx_path_of(node, path, sizeof(path)) + 1;

	if (node->label != NULL) {
		cbx_heap_give(node->label, strlen(node->label) + 1);
	}
	node->label = cbx_heap_take(bytes);
	if (node->label != NULL) {
		memcpy(node->label, path, bytes);
	}
}

void cbx_entry_remove(struct cbx_entry *entry)
{
	struct cbx_node *dir = entry->dir;
	struct cbx_node *node = entry->node;

	if (node->refs != 0 && node->entry == entry) {
		label(node);
	}
	hash_out(entry);
	unlink_from(&dir->dir, entry);
	entries--;
	node->links--;
	if (cbx_node_is(node, LX_S_IFDIR)) {
		dir->links--;
	}
	if (node->entry == entry) {
		node->entry = NULL;
		if (cbx_node_is(node, LX_S_IFDIR)) {
			node->dir.parent = node;
		}
	}
	cbx_heap_give(entry, sizeof(*entry) + entry->length + 1);
	free_if_unused(node);
}

/* The node an entry names becomes @p node; links of directories follow. */
static void rename_to(struct cbx_entry *entry, struct cbx_node *node,
	const struct cbx_entry *was)
{
	entry->node = node;
	if (node->entry == was) {
		node->entry = entry;
	}
	if (cbx_node_is(node, LX_S_IFDIR)) {
		node->dir.parent = entry->dir;
		was->dir->links--;
		entry->dir->links++;
	}
}

void cbx_entry_exchange(struct cbx_entry *a, struct cbx_entry *b)
{
	struct cbx_node *one = a->node;
	struct cbx_node *two = b->node;

	if (one == two) {
		return;
	}
	rename_to(a, two, b);
	rename_to(b, one, a);
}

bool cbx_node_below(const struct cbx_node *node, const struct cbx_node *dir)
{
	while (node != dir && node->dir.parent != node) {
		node = node->dir.parent;
	}
	return node == dir;
}
