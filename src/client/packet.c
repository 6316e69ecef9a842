/* SPDX-License-Identifier: Apache-2.0 */
#include <client/packet.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/wire.h>

#define SLICE_MS 100

/* Room for one descriptor. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

bool cbx_packet_pair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == 0;
}

static void attach(struct msghdr *message, union control *control, int pass)
{
	struct cmsghdr *header;

	*control = (union control){ { 0 } };
	message->msg_control = control->bytes;
	message->msg_controllen = sizeof(control->bytes);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &pass, sizeof(pass));
}

bool cbx_packet_send(int fd, const void *packet, size_t size, int pass)
{
	union {
		const void *in;
		void *out;
	} base = { .in = packet }; /* sendmsg does not write to it */
	struct iovec part = { base.out, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (pass >= 0) {
		attach(&message, &control, pass);
	}
	do {
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n >= 0 && (size_t)n == size;
}

/* The descriptor in a message, or -1. */
static int passed(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int pass = -1;

	if (header != NULL && header->cmsg_level == SOL_SOCKET &&
		header->cmsg_type == SCM_RIGHTS &&
		header->cmsg_len == CMSG_LEN(sizeof(int))) {
		memcpy(&pass, CMSG_DATA(header), sizeof(pass));
	}
	return pass;
}

static bool head_valid(const void *packet, size_t size, unsigned int kind)
{
	struct cbx_wire_head head;

	memcpy(&head, packet, sizeof(head));
	return head.kind == kind && head.bytes == size;
}

bool cbx_packet_receive(
	int fd, void *packet, size_t size, unsigned int kind, int *pass)
{
	struct iovec part = { packet, size };
	union control control;
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t n;
	int came;
	bool good;

	do {
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	came = n < 0 ? -1 : passed(&message);
	good = n >= 0 && (size_t)n == size &&
	       (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	       head_valid(packet, size, kind);
	if (came >= 0 && (!good || pass == NULL)) {
		close(came);
		came = -1;
	}
	if (pass != NULL) {
		*pass = came;
	}
	return good;
}

/* By slices: a machine that stands still, and who is to answer with it, takes one
 * of them only. */
bool cbx_packet_wait(int fd, int ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int n;

	do {
		int slice = ms < SLICE_MS ? ms : SLICE_MS;

		n = poll(&poller, 1, slice);
		ms -= n == 0 ? slice : 0;
	} while ((n == 0 && ms > 0) || (n < 0 && errno == EINTR));
	return n == 1;
}
