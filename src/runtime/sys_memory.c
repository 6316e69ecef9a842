/* SPDX-License-Identifier: Apache-2.0 */
/* mmap, munmap, mprotect. */
#include "budget.h"
#include "file.h"
#include "lib.h"
#include "linux.h"
#include "memfd.h"
#include "memory.h"
#include "memory_map.h"
#include "syscall.h"
#include "task.h"
#include "time.h"

enum {
	MAP_32BIT = 0x40,
	MAP_LOCKED = 0x2000,
	MAP_POPULATE = 0x8000,
	MAP_KNOWN = 0x1ffff | LX_MAP_HUGETLB | LX_MAP_FIXED_NOREPLACE,
	TYPE_VALIDATE = 3,
};

/* A checked mmap. */
struct request {
	uint64_t address; /* a wish; FIXED: where */
	uint64_t bytes;	  /* whole pages */
	uint8_t prot;
	bool shared;
	uint64_t flags;
	bool sealed;
	struct cbx_node *node; /* NULL: anonymous */
	uint64_t offset;
};

static int64_t check_file(const uint64_t *arg, struct request *r)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[4]);

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (file->node->device == CBX_DEVICE_ZERO) {
		return 0;
	}
	if (!cbx_file_readable(file) ||
		(r->shared && (r->prot & LX_PROT_WRITE) != 0 &&
			!cbx_file_writable(file))) {
		return -LX_EACCES;
	}
	if (file->ops != &cbx_regular_ops) {
		return -LX_ENODEV;
	}
	if (r->shared && (r->prot & LX_PROT_WRITE) != 0 &&
		(file->node->seals &
			(LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE)) != 0) {
		return -LX_EPERM;
	}
	r->sealed = r->shared && !cbx_file_writable(file);
	r->node = file->node;
	r->offset = arg[5];
	return arg[5] + r->bytes < arg[5] ? -LX_EOVERFLOW : 0;
}

static int64_t check_flags(const uint64_t *arg)
{
	uint64_t type = arg[3] & LX_MAP_TYPE;

	if (arg[1] == 0 || arg[5] % CBX_PAGE_SIZE != 0 || type == 0 ||
		type > TYPE_VALIDATE ||
		(arg[2] & ~(uint64_t)LX_PROT_ALL) != 0) {
		return -LX_EINVAL;
	}
	if (type == TYPE_VALIDATE && (arg[3] & ~(uint64_t)MAP_KNOWN) != 0) {
		return -LX_EOPNOTSUPP;
	}
	return arg[1] > CBX_MEMORY_TOP || (arg[3] & LX_MAP_HUGETLB) != 0
		       ? -LX_ENOMEM
		       : 0;
}

static int64_t check(const uint64_t *arg, struct request *r)
{
	int64_t status = check_flags(arg);

	if (status != 0) {
		return status;
	}
	*r = (struct request){
		.address = arg[0],
		.bytes = cbx_page_ceil(arg[1]),
		.prot = (uint8_t)arg[2],
		.shared = (arg[3] & LX_MAP_TYPE) != LX_MAP_PRIVATE,
		.flags = arg[3],
	};
	return (arg[3] & LX_MAP_ANONYMOUS) != 0 ? 0 : check_file(arg, r);
}

/* More than there could ever be, asked for at once. */
static bool is_too_much(const struct request *r)
{
	bool pays = (r->prot & LX_PROT_WRITE) != 0 &&
		    (r->flags & LX_MAP_NORESERVE) == 0 &&
		    (!r->shared || r->node == NULL);

	return pays && r->bytes >> CBX_PAGE_SHIFT >
			       cbx_budget_free() + cbx_map_self()->cached_pages;
}

static uint64_t choose_free(const struct request *r, bool lazy)
{
	uint64_t wish = cbx_page_floor(r->address);

	if (wish != 0 && cbx_memory_valid(wish, r->bytes) &&
		cbx_memory_unused(wish, wish + r->bytes)) {
		return wish;
	}
	return (r->flags & MAP_32BIT) != 0 ? cbx_memory_find_low(r->bytes)
					   : cbx_memory_find(r->bytes, lazy);
}

/* Where the mapping goes; 0 on failure, with the reason. */
static uint64_t choose(const struct request *r, bool lazy, int64_t *status)
{
	*status = -LX_ENOMEM;
	if ((r->flags & (LX_MAP_FIXED | LX_MAP_FIXED_NOREPLACE)) == 0) {
		return choose_free(r, lazy);
	}
	if (r->address % CBX_PAGE_SIZE != 0) {
		*status = -LX_EINVAL;
		return 0;
	}
	if (!cbx_memory_valid(r->address, r->bytes)) {
		*status = r->address < CBX_MEMORY_LOW ? -LX_EPERM : -LX_ENOMEM;
		return 0;
	}
	if ((r->flags & LX_MAP_FIXED) == 0 &&
		!cbx_memory_unused(r->address, r->address + r->bytes)) {
		*status = -LX_EEXIST;
		return 0;
	}
	return r->address;
}

/* Memory without a name is shared as a file without one. */
static struct cbx_node *make_file(uint64_t bytes)
{
	struct cbx_node *node =
		cbx_node_create(LX_S_IFREG | 0600u, cbx_time_coarse());

	if (node != NULL) {
		node->data.size = bytes;
	}
	return node;
}

static int64_t place(const struct request *r, struct cbx_node *node)
{
	struct cbx_place place = {
		.prot = r->prot,
		.kind = node == NULL ? CBX_EXTENT_ANONYMOUS : CBX_EXTENT_FILE,
		.lazy = r->prot == 0 || r->bytes >= CBX_MEMORY_LAZY,
		.shared = r->shared,
		.sealed = r->sealed,
		.file = node,
		.offset = r->offset,
	};
	int64_t status;
	uint64_t at = choose(r, place.lazy || node != NULL, &status);

	if (at == 0) {
		return status;
	}
	place.start = at;
	place.end = at + r->bytes;
	status = cbx_memory_place(&place);
	if (status == 0 && (r->flags & (MAP_POPULATE | MAP_LOCKED)) != 0 &&
		!cbx_memory_populate(at, r->bytes,
			(r->prot & LX_PROT_WRITE) != 0 ? LX_PROT_WRITE
						       : LX_PROT_READ)) {
		/* what is missing comes at its touch, or never */
		return (int64_t)at;
	}
	return status != 0 ? status : (int64_t)at;
}

int64_t cbx_sys_mmap(const uint64_t *arg)
{
	struct request r;
	struct cbx_node *node;
	int64_t status = check(arg, &r);

	if (status != 0) {
		return status;
	}
	if (is_too_much(&r)) {
		return -LX_ENOMEM;
	}
	node = r.node;
	if (r.shared && node == NULL) {
		node = make_file(r.bytes);
		if (node == NULL) {
			return -LX_ENOMEM;
		}
	}
	if (node == NULL) {
		return place(&r, NULL);
	}
	cbx_node_hold(node);
	status = place(&r, node);
	cbx_node_drop(node);
	return status;
}

int64_t cbx_sys_munmap(const uint64_t *arg)
{
	if (arg[0] % CBX_PAGE_SIZE != 0 || arg[1] == 0 ||
		arg[0] >= CBX_MEMORY_TOP || arg[1] > CBX_MEMORY_TOP - arg[0]) {
		return -LX_EINVAL;
	}
	return cbx_memory_release(arg[0], arg[0] + cbx_page_ceil(arg[1]));
}

int64_t cbx_sys_mprotect(const uint64_t *arg)
{
	uint64_t prot = arg[2] & ~(uint64_t)LX_PROT_GROWSDOWN;

	if (arg[0] % CBX_PAGE_SIZE != 0 ||
		(prot & ~(uint64_t)LX_PROT_ALL) != 0) {
		return -LX_EINVAL;
	}
	if (arg[1] == 0) {
		return 0;
	}
	if (arg[1] > CBX_MEMORY_TOP ||
		!cbx_memory_valid(arg[0], cbx_page_ceil(arg[1]))) {
		return -LX_ENOMEM;
	}
	return cbx_memory_protect(
		arg[0], arg[0] + cbx_page_ceil(arg[1]), (uint8_t)prot);
}
