/* SPDX-License-Identifier: Apache-2.0 */
/* The program's memory calls. */
#include "file.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "syscall.h"

/* A checked mmap. */
struct request {
	uint64_t address; /* FIXED: where */
	uint64_t bytes;	  /* whole pages */
	uint8_t prot;
	uint64_t flags;
	const struct cbx_node *node; /* NULL: anonymous */
	uint64_t offset;
};

static int64_t check_file(const uint64_t *arg, struct request *r)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[4]);
	bool shared = (arg[3] & LX_MAP_TYPE) != LX_MAP_PRIVATE;

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (file->node->device == CBX_DEVICE_ZERO) {
		return 0;
	}
	if (!cbx_file_readable(file)) {
		return -LX_EACCES;
	}
	/* A shared writable mapping would have to be the file's own pages. */
	if (file->ops != &cbx_regular_ops ||
		(shared && (arg[2] & LX_PROT_WRITE) != 0)) {
		return -LX_ENODEV;
	}
	r->node = file->node;
	r->offset = arg[5];
	return 0;
}

static int64_t check(const uint64_t *arg, struct request *r)
{
	uint64_t type = arg[3] & LX_MAP_TYPE;

	if (arg[1] == 0 || arg[5] % CBX_PAGE_SIZE != 0 || type == 0 ||
		type > 3 || (arg[2] & ~(uint64_t)LX_PROT_ALL) != 0) {
		return -LX_EINVAL;
	}
	if (arg[1] > CBX_MEMORY_TOP) {
		return -LX_ENOMEM;
	}
	*r = (struct request){
		.address = arg[0],
		.bytes = cbx_page_ceil(arg[1]),
		.prot = (uint8_t)arg[2],
		.flags = arg[3],
	};
	return (arg[3] & LX_MAP_ANONYMOUS) != 0 ? 0 : check_file(arg, r);
}

static bool is_fixed(const struct request *r)
{
	return (r->flags & (LX_MAP_FIXED | LX_MAP_FIXED_NOREPLACE)) != 0;
}

/* Where the mapping goes; 0 on failure, with the reason. */
static uint64_t choose(const struct request *r, bool lazy, int64_t *status)
{
	uint64_t at;

	if (!is_fixed(r)) {
		at = cbx_memory_find(r->bytes, lazy);
		*status = -LX_ENOMEM;
		return at;
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

static int64_t place_file(const struct request *r, uint64_t at)
{
	const struct cbx_place place = {
		.start = at,
		.end = at + r->bytes,
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.kind = CBX_EXTENT_FILE,
	};
	int64_t status = cbx_memory_place(&place);

	if (status != 0) {
		return status;
	}
	cbx_data_read(&r->node->data, r->offset, at, r->bytes);
	return cbx_memory_protect(at, at + r->bytes, r->prot);
}

int64_t cbx_sys_mmap(const uint64_t *arg)
{
	struct request r;
	struct cbx_place place;
	int64_t status = check(arg, &r);
	uint64_t at;

	if (status != 0) {
		return status;
	}
	place.prot = r.prot;
	place.kind = CBX_EXTENT_ANONYMOUS;
	place.lazy =
		r.node == NULL && (r.prot == 0 || r.bytes >= CBX_MEMORY_LAZY);
	place.unpaid = (r.flags & LX_MAP_NORESERVE) != 0 ||
		       (r.prot & LX_PROT_WRITE) == 0;
	at = choose(&r, place.lazy, &status);
	if (at == 0) {
		return status;
	}
	place.start = at;
	place.end = at + r.bytes;
	status = r.node == NULL ? cbx_memory_place(&place) : place_file(&r, at);
	return status != 0 ? status : (int64_t)at;
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

static int64_t check_remap(const uint64_t *arg)
{
	if (arg[0] % CBX_PAGE_SIZE != 0 || arg[1] == 0 || arg[2] == 0 ||
		(arg[3] & ~(uint64_t)LX_MREMAP_MAYMOVE) != 0) {
		return -LX_EINVAL;
	}
	if (arg[1] > CBX_MEMORY_TOP || arg[2] > CBX_MEMORY_TOP) {
		return -LX_ENOMEM;
	}
	return cbx_memory_valid(arg[0], cbx_page_ceil(arg[1])) ? 0 : -LX_EFAULT;
}

/* A mapping to grow: from its first extent. */
static struct cbx_place place_like(
	const struct cbx_extent *e, uint64_t start, uint64_t end)
{
	return (struct cbx_place){
		.start = start,
		.end = end,
		.prot = e->prot,
		.kind = e->kind,
		.lazy = e->prot == 0 || end - start >= CBX_MEMORY_LAZY,
		.unpaid = (e->prot & LX_PROT_WRITE) == 0,
	};
}

static int64_t grow(
	uint64_t start, uint64_t old_bytes, uint64_t new_bytes, bool may_move)
{
	const struct cbx_extent *e = cbx_extent_at(cbx_memory_extents(), start);
	struct cbx_place place =
		place_like(e, start + old_bytes, start + new_bytes);
	int64_t status;
	uint64_t to;

	if (cbx_memory_valid(start, new_bytes) &&
		cbx_memory_unused(place.start, place.end)) {
		status = cbx_memory_place(&place);
		return status != 0 ? status : (int64_t)start;
	}
	if (!may_move) {
		return -LX_ENOMEM;
	}
	place = place_like(e, 0, new_bytes);
	to = cbx_memory_find(new_bytes, place.lazy);
	if (to == 0) {
		return -LX_ENOMEM;
	}
	return cbx_memory_move(&place, to, start, old_bytes);
}

int64_t cbx_sys_mremap(const uint64_t *arg)
{
	int64_t status = check_remap(arg);
	uint64_t old_bytes;
	uint64_t new_bytes;

	if (status != 0) {
		return status;
	}
	old_bytes = cbx_page_ceil(arg[1]);
	new_bytes = cbx_page_ceil(arg[2]);
	if (!cbx_memory_owned(arg[0], arg[0] + old_bytes)) {
		return -LX_EFAULT;
	}
	if (new_bytes > old_bytes) {
		return grow(arg[0], old_bytes, new_bytes,
			(arg[3] & LX_MREMAP_MAYMOVE) != 0);
	}
	if (new_bytes < old_bytes) {
		status = cbx_memory_release(
			arg[0] + new_bytes, arg[0] + old_bytes);
	}
	return status != 0 ? status : (int64_t)arg[0];
}

int64_t cbx_sys_madvise(const uint64_t *arg)
{
	enum {
		MADV_DONTNEED = 4,
		MADV_LAST = 25
	};

	if (arg[0] % CBX_PAGE_SIZE != 0 || arg[2] > MADV_LAST) {
		return -LX_EINVAL;
	}
	if (arg[1] == 0) {
		return 0;
	}
	if (arg[1] > CBX_MEMORY_TOP ||
		!cbx_memory_valid(arg[0], cbx_page_ceil(arg[1])) ||
		!cbx_memory_owned(arg[0], arg[0] + cbx_page_ceil(arg[1]))) {
		return -LX_ENOMEM;
	}
	if (arg[2] == MADV_DONTNEED) {
		cbx_memory_zero(arg[0], arg[0] + cbx_page_ceil(arg[1]));
	}
	return 0;
}

int64_t cbx_sys_msync(const uint64_t *arg)
{
	if (arg[0] % CBX_PAGE_SIZE != 0) {
		return -LX_EINVAL;
	}
	return arg[1] > CBX_MEMORY_TOP || arg[0] >= CBX_MEMORY_TOP ||
			       !cbx_memory_owned(
				       arg[0], arg[0] + cbx_page_ceil(arg[1]))
		       ? -LX_ENOMEM
		       : 0;
}
