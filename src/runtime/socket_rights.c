/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages: open files and credentials. */
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "socket.h"
#include "user.h"

#define CONTROL_MAX 0x5000u /* bytes, as the kernel's optmem limit */

static uint64_t aligned(uint64_t bytes)
{
	return (bytes + 7) & ~7ull;
}

void cbx_parcel_drop(struct cbx_parcel *rights)
{
	if (rights == NULL) {
		return;
	}
	for (uint64_t i = 0; i < rights->count; i++) {
		cbx_file_drop(rights->file[i]);
	}
	cbx_heap_give(rights, sizeof(*rights));
}

static int64_t add_file(struct cbx_parcel *rights, int32_t fd)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (rights->count == LX_SCM_MAX) {
		return -LX_EINVAL;
	}
	cbx_file_hold(file);
	rights->file[rights->count++] = file;
	return 0;
}

static int64_t get_rights(
	struct cbx_message_in *message, uint64_t va, uint64_t bytes)
{
	int64_t status = 0;

	if (bytes / sizeof(int32_t) > LX_SCM_MAX) {
		return -LX_EINVAL;
	}
	if (message->rights == NULL) {
		message->rights = cbx_heap_take_zero(sizeof(*message->rights));
	}
	if (message->rights == NULL) {
		return -LX_ENOMEM;
	}
	for (uint64_t i = 0; i < bytes / sizeof(int32_t) && status == 0; i++) {
		int32_t fd;

		status = cbx_user_get(&fd, va + i * sizeof(fd), sizeof(fd));
		if (status == 0) {
			status = add_file(message->rights, fd);
		}
	}
	return status;
}

/* Root may claim to be anybody that exists; here only itself exists. */
static int64_t get_credentials(
	struct cbx_message_in *message, uint64_t va, uint64_t bytes)
{
	if (bytes != sizeof(message->sender)) {
		return -LX_EINVAL;
	}
	return cbx_user_get(&message->sender, va, sizeof(message->sender));
}

static int64_t get_one(struct cbx_message_in *message,
	const struct lx_cmsghdr *header, uint64_t va)
{
	uint64_t bytes = header->bytes - sizeof(*header);

	if (header->level != LX_SOL_SOCKET) {
		return 0;
	}
	switch (header->type) {
	case LX_SCM_RIGHTS:
		return get_rights(message, va, bytes);
	case LX_SCM_CREDS:
		return get_credentials(message, va, bytes);
	default:
		return -LX_EINVAL;
	}
}

int64_t cbx_control_get(
	struct cbx_message_in *message, uint64_t va, uint64_t bytes)
{
	int64_t status = bytes > CONTROL_MAX ? -LX_EINVAL : 0;
	uint64_t at = 0;

	while (status == 0 && bytes >= sizeof(struct lx_cmsghdr) &&
		at <= bytes - sizeof(struct lx_cmsghdr)) {
		struct lx_cmsghdr header;

		status = cbx_user_get(&header, va + at, sizeof(header));
		if (status == 0 && (header.bytes < sizeof(header) ||
					   header.bytes > bytes - at)) {
			status = -LX_EINVAL;
		}
		if (status == 0) {
			status = get_one(
				message, &header, va + at + sizeof(header));
			at += aligned(header.bytes);
		}
	}
	if (status == 0 && message->rights != NULL &&
		message->rights->count == 0) {
		cbx_parcel_drop(message->rights);
		message->rights = NULL;
	}
	if (status != 0) {
		cbx_parcel_drop(message->rights);
		message->rights = NULL;
	}
	return status;
}

/* Where the next control message goes. */
struct writer {
	uint64_t va;
	uint64_t room;
	uint64_t used;
	bool cut; /* something did not fit */
};

static int64_t put_control(
	struct writer *w, uint32_t type, const void *data, uint64_t bytes)
{
	struct lx_cmsghdr header = { sizeof(header) + bytes, LX_SOL_SOCKET,
		type };

	if (w->room < w->used + sizeof(header)) {
		w->cut = true;
		return 0;
	}
	if (w->room - w->used < header.bytes) {
		w->cut = true;
		header.bytes = w->room - w->used;
	}
	if (cbx_user_put(w->va + w->used, &header, sizeof(header)) != 0 ||
		cbx_user_put(w->va + w->used + sizeof(header), data,
			header.bytes - sizeof(header)) != 0) {
		return -LX_EFAULT;
	}
	w->used = cbx_min(w->room, w->used + aligned(header.bytes));
	return 0;
}

/* Make descriptors of files, as many as there is room for. */
static int64_t put_rights(
	struct writer *w, const struct cbx_parcel *rights, bool close_on_exec)
{
	uint64_t head = w->used + sizeof(struct lx_cmsghdr);
	uint64_t most = w->room < head ? 0 : (w->room - head) / sizeof(int32_t);
	int32_t fd[LX_SCM_MAX];
	uint64_t made = 0;

	while (made < cbx_min(most, rights->count)) {
		struct cbx_file *file = rights->file[made];
		int64_t got;

		cbx_file_hold(file);
		got = cbx_fd_add(file, 0, close_on_exec);
		if (got < 0) {
			cbx_file_drop(file);
			break;
		}
		fd[made++] = (int32_t)got;
	}
	w->cut = w->cut || made < rights->count;
	return made == 0 ? 0
			 : put_control(
				   w, LX_SCM_RIGHTS, fd, made * sizeof(fd[0]));
}

int64_t cbx_control_put(struct cbx_message_out *message,
	struct lx_msghdr *header, uint32_t flags, bool credentials)
{
	struct writer w = { .va = header->control,
		.room = header->control_bytes };
	int64_t status = 0;

	if (credentials) {
		status = put_control(&w, LX_SCM_CREDS, &message->sender,
			sizeof(message->sender));
	}
	if (status == 0 && message->rights != NULL) {
		status = put_rights(&w, message->rights,
			(flags & LX_MSG_CMSG_CLOEXEC) != 0);
	}
	header->control_bytes = w.used;
	header->flags |= w.cut ? LX_MSG_CTRUNC : 0;
	return status;
}
