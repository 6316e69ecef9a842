/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and receiving messages. */
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "socket.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

int64_t cbx_sys_sendto(const uint64_t *arg)
{
	struct cbx_address to;
	struct cbx_message_in message = {
		.sender.pid = cbx_process_self()->pid,
		.to = arg[4] != 0 ? &to : NULL,
	};
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	if (!cbx_user_valid(arg[1], arg[2])) {
		status = -LX_EFAULT;
	}
	if (status == 0 && arg[4] != 0) {
		status = cbx_address_get(&to, arg[4], arg[5]);
	}
	if (status == 0) {
		cbx_iovec_one(
			&message.vector, arg[1], cbx_min(arg[2], LX_RW_MAX));
		status = cbx_socket_send(file->node->socket, &message,
			cbx_socket_flags(file, arg[3]));
	}
	cbx_file_drop(file);
	return status;
}

/* Write where a datagram came from; a stream has nothing to say. */
static int64_t put_from(
	const struct cbx_message_out *message, uint64_t va, uint64_t bytes_va)
{
	return va == 0 ? 0 : cbx_address_put(&message->from, va, bytes_va);
}

int64_t cbx_sys_recvfrom(const uint64_t *arg)
{
	struct cbx_message_out message = { .rights = NULL };
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	if (!cbx_user_valid(arg[1], arg[2])) {
		status = -LX_EFAULT;
	} else {
		cbx_iovec_one(
			&message.vector, arg[1], cbx_min(arg[2], LX_RW_MAX));
		status = cbx_socket_receive(file->node->socket, &message,
			cbx_socket_flags(file, arg[3]));
	}
	if (status >= 0 && put_from(&message, arg[4], arg[5]) != 0) {
		status = -LX_EFAULT;
	}
	if (!message.borrowed) {
		cbx_parcel_drop(message.rights);
	}
	cbx_file_drop(file);
	return status;
}

static int64_t send_message(const struct cbx_file *file,
	const struct lx_msghdr *header, uint64_t flags)
{
	struct cbx_address to;
	struct cbx_message_in message = {
		.sender.pid = cbx_process_self()->pid,
		.to = header->name != 0 && header->name_bytes != 0 ? &to : NULL,
	};
	struct cbx_socket *socket = file->node->socket;
	int64_t status = cbx_iovec_get(
		&message.vector, header->vector, header->vector_count);

	if (status != 0) {
		return status;
	}
	if (message.to != NULL) {
		status = cbx_address_get(&to, header->name, header->name_bytes);
	}
	if (status == 0 && socket->family == LX_AF_UNIX &&
		header->control != 0) {
		status = cbx_control_get(
			&message, header->control, header->control_bytes);
	}
	if (status == 0) {
		status = cbx_socket_send(
			socket, &message, cbx_socket_flags(file, flags));
	}
	cbx_parcel_drop(message.rights);
	cbx_iovec_drop(&message.vector);
	return status;
}

int64_t cbx_sys_sendmsg(const uint64_t *arg)
{
	struct lx_msghdr header;
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	status = cbx_user_get(&header, arg[1], sizeof(header));
	if (status == 0) {
		status = send_message(file, &header, arg[2]);
	}
	cbx_file_drop(file);
	return status;
}

/* Write what came beside the bytes. */
static int64_t put_rest(struct cbx_socket *socket,
	struct cbx_message_out *message, struct lx_msghdr *header,
	uint64_t flags)
{
	header->flags =
		message->flags | ((uint32_t)flags & LX_MSG_CMSG_CLOEXEC);
	if (header->name != 0) {
		if (cbx_user_put(header->name, message->from.raw,
			    cbx_min(header->name_bytes, message->from.bytes)) !=
			0) {
			return -LX_EFAULT;
		}
		header->name_bytes = message->from.bytes;
	}
	return cbx_control_put(message, header, (uint32_t)flags,
		socket->option[0][LX_SO_PASSCRED] != 0 && message->has_sender);
}

static int64_t receive_message(
	const struct cbx_file *file, struct lx_msghdr *header, uint64_t flags)
{
	struct cbx_message_out message = { .rights = NULL };
	struct cbx_socket *socket = file->node->socket;
	int64_t done = cbx_iovec_get(
		&message.vector, header->vector, header->vector_count);

	if (done != 0) {
		return done;
	}
	done = cbx_socket_receive(
		socket, &message, cbx_socket_flags(file, flags));
	if (done >= 0 && put_rest(socket, &message, header, flags) != 0) {
		done = -LX_EFAULT;
	}
	if (!message.borrowed) {
		cbx_parcel_drop(message.rights);
	}
	cbx_iovec_drop(&message.vector);
	return done;
}

/* Receive one message by the header at @p va. */
static int64_t receive_at(
	const struct cbx_file *file, uint64_t va, uint64_t flags)
{
	struct lx_msghdr header;
	int64_t done = cbx_user_get(&header, va, sizeof(header));

	if (done == 0) {
		done = receive_message(file, &header, flags);
	}
	if (done >= 0 && cbx_user_put(va, &header, sizeof(header)) != 0) {
		done = -LX_EFAULT;
	}
	return done;
}

int64_t cbx_sys_recvmsg(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file != NULL) {
		status = receive_at(file, arg[1], arg[2]);
		cbx_file_drop(file);
	}
	return status;
}

int64_t cbx_sys_sendmmsg(const uint64_t *arg)
{
	uint64_t count = cbx_min((uint32_t)arg[2], LX_IOV_MAX);
	uint64_t sent = 0;
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	while (file != NULL && sent < count && status >= 0) {
		uint64_t va = arg[1] + sent * sizeof(struct lx_mmsghdr);
		struct lx_mmsghdr one;

		status = cbx_user_get(&one, va, sizeof(one));
		if (status == 0) {
			status = send_message(file, &one.header, arg[3]);
		}
		if (status >= 0) {
			one.bytes = (uint32_t)status;
			status = cbx_user_put(va, &one, sizeof(one));
			sent++;
		}
	}
	if (file != NULL) {
		cbx_file_drop(file);
	}
	return sent != 0 ? (int64_t)sent : status;
}

/* The deadline of recvmmsg, which it looks at between messages only. */
static int64_t deadline_at(uint64_t va, int64_t *deadline)
{
	struct lx_timespec t;
	int64_t ns;

	*deadline = INT64_MAX;
	if (va == 0) {
		return 0;
	}
	if (cbx_user_get(&t, va, sizeof(t)) != 0) {
		return -LX_EFAULT;
	}
	if (t.sec < 0 || t.nsec < 0 || t.nsec >= LX_NS) {
		return -LX_EINVAL;
	}
	if (!__builtin_mul_overflow(t.sec, LX_NS, &ns) &&
		!__builtin_add_overflow(ns, t.nsec, &ns)) {
		*deadline = cbx_socket_deadline(ns);
	}
	return 0;
}

int64_t cbx_sys_recvmmsg(const uint64_t *arg)
{
	uint64_t count = cbx_min((uint32_t)arg[2], LX_IOV_MAX);
	uint64_t flags = arg[3];
	uint64_t got = 0;
	int64_t deadline;
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	status = deadline_at(arg[4], &deadline);
	while (got < count && status >= 0) {
		uint64_t va = arg[1] + got * sizeof(struct lx_mmsghdr);
		uint32_t bytes;

		status = receive_at(file, va, flags);
		if (status < 0) {
			break;
		}
		bytes = (uint32_t)status;
		status = cbx_user_put(
			va + sizeof(struct lx_msghdr), &bytes, sizeof(bytes));
		got++;
		if ((flags & LX_MSG_WAITFORONE) != 0) {
			flags |= LX_MSG_DONTWAIT;
		}
		if (cbx_time_monotonic() >= deadline) {
			break;
		}
	}
	cbx_file_drop(file);
	return got != 0 ? (int64_t)got : status;
}
