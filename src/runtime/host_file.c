/* SPDX-License-Identifier: Apache-2.0 */
#include "host_file.h"

#include "forward.h"
#include "fs.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "user.h"

/* What the host is asked to do with an open; the rest is ours. */
#define HOST_FLAGS                                                             \
	(LX_O_ACCMODE | LX_O_CREAT | LX_O_EXCL | LX_O_TRUNC | LX_O_DIRECTORY | \
		LX_O_NOFOLLOW)

/* ---- names ---- */

/* Add one component, or go one up. @return false: no room */
static bool add_part(
	struct cbx_host_name *name, const char *part, uint64_t bytes)
{
	if (bytes == 0 || (bytes == 1 && part[0] == '.')) {
		return true;
	}
	if (bytes == 2 && part[0] == '.' && part[1] == '.') {
		while (name->bytes != 0 && name->name[--name->bytes] != '/') {
		}
		return true;
	}
	if (bytes >= sizeof(name->name) - name->bytes) {
		return false;
	}
	name->name[name->bytes++] = '/';
	memcpy(name->name + name->bytes, part, bytes);
	name->bytes += bytes;
	return true;
}

static bool add_path(struct cbx_host_name *name, const char *path)
{
	for (;;) {
		const char *end = path;

		while (*end != '\0' && *end != '/') {
			end++;
		}
		if (!add_part(name, path, (uint64_t)(end - path))) {
			return false;
		}
		if (*end == '\0') {
			return true;
		}
		path = end + 1;
	}
}

void cbx_host_name(const struct cbx_node *base, const char *path,
	struct cbx_host_name *name)
{
	name->bytes = 0;
	if (path[0] == '\0') {
		return;
	}
	if (path[0] != '/' && base->host != NULL) {
		*name = *base->host;
	} else if (path[0] != '/' && cbx_node_is(base, LX_S_IFDIR)) {
		char above[CBX_NAME_MAX + 1];

		(void)cbx_path_of(base, above, sizeof(above));
		if (!add_path(name, above)) {
			name->bytes = 0;
			return;
		}
	}
	if (!add_path(name, path) ||
		!cbx_forward_names(name->name, name->bytes)) {
		name->bytes = 0;
	}
}

void cbx_host_mount(const struct cbx_policy *policy)
{
	for (uint32_t i = 0; policy != NULL && i < policy->rule_count; i++) {
		const struct cbx_rule *rule = &policy->rule[i];
		char name[CBX_NAME_MAX + 1] = { 0 };

		if (rule->call == CBX_FORWARD_OPEN &&
			rule->text_bytes <= CBX_NAME_MAX) {
			memcpy(name, policy->text + rule->text,
				rule->text_bytes);
			(void)cbx_fs_make_path(name, 0755);
		}
	}
}

/* ---- what the host says of a file ---- */

static void describe(struct cbx_node *node, const struct cbx_forward_stat *told)
{
	node->mode = (uint32_t)told->mode;
	node->ino = told->inode;
	node->links = (uint32_t)told->links;
	node->atime_ns = node->mtime_ns = node->ctime_ns =
		(int64_t)told->mtime_ns;
}

int64_t cbx_host_look(
	const struct cbx_host_name *name, bool follow, struct cbx_node **node)
{
	static struct cbx_node seen;
	struct cbx_forward_stat told;
	int64_t status =
		cbx_forward_stat(name->name, name->bytes, follow, &told);

	if (status != 0) {
		return status;
	}
	seen = (struct cbx_node){ .refs = 1, .device = CBX_DEVICE_HOST };
	describe(&seen, &told);
	if (cbx_node_is(&seen, LX_S_IFREG)) {
		seen.data.size = told.size;
	} else if (cbx_node_is(&seen, LX_S_IFDIR)) {
		seen.dir.parent = &seen;
	}
	*node = &seen;
	return 0;
}

/* ---- opening ---- */

/* Copy the host's bytes, as many as it said there are. */
static int64_t copy_bytes(struct cbx_node *node, uint64_t handle, uint64_t size)
{
	uint8_t *buffer = cbx_heap_take(CBX_FORWARD_BYTES);
	uint64_t done = 0;
	int64_t n = buffer == NULL ? -LX_ENOMEM : 1;

	while (n > 0 && done < size) {
		n = cbx_forward_read(handle, done, buffer,
			cbx_min(size - done, CBX_FORWARD_BYTES));
		if (n > 0) {
			n = cbx_data_write(&node->data, done, (uint64_t)buffer,
				(uint64_t)n);
			done += n > 0 ? (uint64_t)n : 0;
		}
	}
	if (buffer != NULL) {
		cbx_heap_give(buffer, CBX_FORWARD_BYTES);
	}
	return n < 0 ? n : 0;
}

static bool is_dots(const char *name, uint64_t bytes)
{
	return name[0] == '.' && (bytes == 1 || (bytes == 2 && name[1] == '.'));
}

static int64_t add_names(
	struct cbx_node *node, const uint8_t *list, uint64_t count)
{
	struct cbx_forward_entry entry;
	uint64_t at = 0;

	for (; count != 0; count--) {
		const char *name = (const char *)list + at + sizeof(entry);
		struct cbx_node *made;

		memcpy(&entry, list + at, sizeof(entry));
		at = cbx_forward_next(at, &entry);
		if (is_dots(name, entry.name_bytes) ||
			cbx_entry_find(node, name, entry.name_bytes) != NULL) {
			continue;
		}
		made = cbx_fs_make(node, name, entry.name_bytes,
			(entry.type & LX_S_IFMT) == LX_S_IFDIR ? LX_S_IFDIR
							       : LX_S_IFREG);
		if (made == NULL) {
			return -LX_ENOSPC;
		}
		made->ino = entry.inode;
	}
	return 0;
}

static int64_t copy_names(struct cbx_node *node, uint64_t handle)
{
	uint8_t *list = cbx_heap_take(CBX_FORWARD_BYTES);
	uint64_t skip = 0;
	int64_t n = list == NULL ? -LX_ENOMEM : 1;

	while (n > 0) {
		uint64_t bytes;

		n = cbx_forward_list(handle, skip, list, &bytes);
		if (n > 0) {
			int64_t status = add_names(node, list, (uint64_t)n);

			skip += (uint64_t)n;
			n = status != 0 ? status : n;
		}
	}
	if (list != NULL) {
		cbx_heap_give(list, CBX_FORWARD_BYTES);
	}
	return n;
}

/* Fill a new node. @return whether the handle stays with it, or an error */
static int64_t fill(struct cbx_node *node, uint64_t handle, uint32_t flags,
	const struct cbx_forward_stat *told)
{
	int64_t status;

	describe(node, told);
	if (cbx_node_is(node, LX_S_IFDIR)) {
		node->links = 0;
		return copy_names(node, handle);
	}
	node->links = 0; /* it goes with its last open file */
	status = (flags & LX_O_ACCMODE) == LX_O_WRONLY
			 ? cbx_data_resize(&node->data, told->size)
			 : copy_bytes(node, handle, told->size);
	return status != 0 ? status : (flags & LX_O_ACCMODE) != LX_O_RDONLY;
}

/* A directory knows where it is, for paths that begin at it. */
static int64_t keep_name(
	struct cbx_node *node, const struct cbx_host_name *name)
{
	if (!cbx_node_is(node, LX_S_IFDIR)) {
		return 0;
	}
	node->host = cbx_heap_take(sizeof(*name));
	if (node->host == NULL) {
		return -LX_ENOMEM;
	}
	*node->host = *name;
	return 0;
}

int64_t cbx_host_open(const struct cbx_host_name *name, uint32_t flags,
	uint32_t mode, struct cbx_node **node)
{
	const uint64_t flags_mode[2] = { flags & HOST_FLAGS, mode };
	struct cbx_forward_stat told;
	int64_t handle =
		cbx_forward_open(name->name, name->bytes, flags_mode, &told);
	struct cbx_node *made;
	int64_t kept;

	if (handle < 0) {
		return handle;
	}
	made = (told.mode & LX_S_IFMT) == LX_S_IFREG ||
			       (told.mode & LX_S_IFMT) == LX_S_IFDIR
		       ? cbx_node_create((uint32_t)told.mode, 0)
		       : NULL;
	kept = made == NULL ? -LX_ENXIO : keep_name(made, name);
	if (kept == 0) {
		kept = fill(made, (uint64_t)handle, flags, &told);
	}
	if (kept == 1) {
		made->device = CBX_DEVICE_HOST;
		made->index = (uint32_t)handle;
	} else {
		cbx_forward_close((uint64_t)handle);
	}
	if (kept < 0) {
		if (made != NULL) {
			cbx_node_hold(made);
			cbx_node_drop(made);
		}
		return kept;
	}
	*node = made;
	return 0;
}

/* ---- writing ---- */

int64_t cbx_host_resize(const struct cbx_node *node, uint64_t bytes)
{
	return cbx_forward_resize(node->index, bytes);
}

static int64_t host_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	return cbx_data_read(&file->node->data, at, va, bytes);
}

/* To the host first: what it did not take, nobody reads. */
static int64_t write_piece(struct cbx_file *file,
	struct cbx_forward_message *message, uint64_t bytes, uint64_t at)
{
	struct cbx_data *data = &file->node->data;
	int64_t done = cbx_forward_write(file->node->index, at, message, bytes);

	if (done <= 0) {
		return done;
	}
	if ((file->flags & LX_O_ACCMODE) == LX_O_WRONLY) {
		uint64_t end = at + (uint64_t)done;

		return end <= data->size || cbx_data_resize(data, end) == 0
			       ? done
			       : -LX_ENOSPC;
	}
	return cbx_data_write(
		data, at, (uint64_t)message->bytes, (uint64_t)done);
}

static int64_t host_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_forward_message *message = cbx_heap_take(sizeof(*message));
	uint64_t done = 0;
	int64_t part = message == NULL ? -LX_ENOMEM : 1;

	while (part > 0 && done < bytes) {
		uint64_t most = cbx_min(bytes - done, CBX_FORWARD_BYTES);

		most -= cbx_user_copy(
			message->bytes, (const void *)(va + done), most);
		part = most == 0 ? -LX_EFAULT
				 : write_piece(file, message, most, at + done);
		done += part > 0 ? (uint64_t)part : 0;
	}
	if (message != NULL) {
		cbx_heap_give(message, sizeof(*message));
	}
	if (done > 0) {
		cbx_node_touch(file->node);
	}
	return done > 0 || bytes == 0 ? (int64_t)done : part;
}

static void host_close(struct cbx_file *file)
{
	cbx_forward_close(file->node->index);
}

const struct cbx_file_ops cbx_host_ops = {
	.read = host_read,
	.write = host_write,
	.close = host_close,
	.seekable = true,
};
