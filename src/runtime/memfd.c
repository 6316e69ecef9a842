/* SPDX-License-Identifier: Apache-2.0 */
#include "memfd.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

#define NAME_MAX 249u /* bytes of a name */

enum {
	MFD_CLOEXEC = 0x1,
	MFD_ALLOW_SEALING = 0x2,
	MFD_NOEXEC_SEAL = 0x8,
	MFD_EXEC = 0x10,
	MFD_KNOWN = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC
};

#define KNOWN                                                 \
	(LX_F_SEAL_SEAL | LX_F_SEAL_SHRINK | LX_F_SEAL_GROW | \
		LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE | LX_F_SEAL_EXEC)

static struct cbx_node *make_node(const char *name, uint64_t flags)
{
	static const char before[] = "/memfd:";
	uint64_t bytes = strlen(name) + sizeof(before);
	uint32_t mode = (flags & MFD_NOEXEC_SEAL) != 0 ? 0666u : 0777u;
	struct cbx_node *node =
		cbx_node_create(LX_S_IFREG | mode, cbx_time_coarse());
	char *label = cbx_heap_take(bytes);

	if (node == NULL || label == NULL) {
		cbx_heap_give(node, sizeof(*node));
		cbx_heap_give(label, bytes);
		return NULL;
	}
	memcpy(label, before, sizeof(before) - 1);
	memcpy(label + sizeof(before) - 1, name, strlen(name) + 1);
	node->label = label;
	node->memfd = true;
	node->seals = (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)) == 0
			      ? LX_F_SEAL_SEAL
			      : 0;
	if ((flags & MFD_NOEXEC_SEAL) != 0) {
		node->seals |= LX_F_SEAL_EXEC;
	}
	return node;
}

int64_t cbx_sys_memfd_create(const uint64_t *arg)
{
	uint64_t flags = (uint32_t)arg[1];
	char name[NAME_MAX + 1];
	struct cbx_node *node;
	struct cbx_file *file;
	int64_t length;
	int64_t fd;

	if ((flags & ~(uint64_t)MFD_KNOWN) != 0 ||
		(flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) ==
			(MFD_EXEC | MFD_NOEXEC_SEAL)) {
		return -LX_EINVAL;
	}
	length = cbx_user_valid(arg[0], 1)
			 ? cbx_user_copy_string(
				   name, (const char *)arg[0], sizeof(name))
			 : -LX_EFAULT;
	if (length < 0 || length == sizeof(name)) {
		return length < 0 ? length : -LX_EINVAL;
	}
	node = make_node(name, flags);
	if (node == NULL) {
		return -LX_ENOMEM;
	}
	cbx_node_hold(node);
	fd = cbx_file_open(node, LX_O_RDWR | LX_O_LARGEFILE, &file);
	cbx_node_drop(node);
	if (fd != 0) {
		return fd;
	}
	fd = cbx_fd_add(file, 0, (flags & MFD_CLOEXEC) != 0);
	if (fd < 0) {
		cbx_file_drop(file);
	}
	return fd;
}

/* Whether a process has the file's pages to write to. */
static bool is_written_through(const struct cbx_node *node)
{
	for (const struct cbx_map *m = cbx_maps; m != NULL; m = m->next) {
		for (uint64_t i = 0; i < m->extents.count; i++) {
			const struct cbx_extent *e = &m->extents.at[i];

			if (e->file == node && e->shared &&
				(e->prot & LX_PROT_WRITE) != 0) {
				return true;
			}
		}
	}
	return false;
}

static int64_t add_seals(const struct cbx_file *file, uint32_t seals)
{
	struct cbx_node *node = file->node;

	if (!cbx_file_writable(file) || (node->seals & LX_F_SEAL_SEAL) != 0) {
		return -LX_EPERM;
	}
	if ((seals & ~KNOWN) != 0) {
		return -LX_EINVAL;
	}
	if ((seals & LX_F_SEAL_WRITE) != 0 && is_written_through(node)) {
		return -LX_EBUSY;
	}
	node->seals |= (uint8_t)seals;
	return 0;
}

int64_t cbx_memfd_seals(
	const struct cbx_file *file, uint64_t command, uint32_t seals)
{
	if (!file->node->memfd) {
		return -LX_EINVAL;
	}
	return command == LX_F_GET_SEALS ? file->node->seals
					 : add_seals(file, seals);
}

int64_t cbx_memfd_may_write(
	const struct cbx_node *node, uint64_t at, uint64_t *bytes)
{
	uint64_t size = node->data.size;

	if ((node->seals & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE)) != 0) {
		return *bytes == 0 ? 0 : -LX_EPERM;
	}
	if ((node->seals & LX_F_SEAL_GROW) == 0 || *bytes == 0 ||
		(at <= size && *bytes <= size - at)) {
		return 0;
	}
	/* page by page, as far as pages lie in the file */
	if (at >= cbx_page_floor(size)) {
		return -LX_EPERM;
	}
	*bytes = cbx_page_floor(size) - at;
	return 0;
}

int64_t cbx_memfd_may_resize(const struct cbx_node *node, uint64_t size)
{
	uint32_t needs = size < node->data.size	  ? LX_F_SEAL_SHRINK
			 : size > node->data.size ? LX_F_SEAL_GROW
						  : 0;

	return (node->seals & needs) != 0 ? -LX_EPERM : 0;
}
