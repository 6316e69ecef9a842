/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets between programs of one box: AF_UNIX (stream, seqpacket, dgram) and
 * AF_INET on the loopback addresses (TCP streams, UDP).  Nothing leaves the
 * box.
 *
 * Bytes lie with the receiver, in letters: a datagram each, or pieces of a
 * stream.  A letter may carry open files.  Everything here runs under the
 * runtime's lock, which only the waits drop.
 */
#ifndef CBX_RUNTIME_SOCKET_H
#define CBX_RUNTIME_SOCKET_H

#include "file.h"
#include "iovec.h"
#include "lx_socket.h"
#include "wait.h"

#define CBX_SOCKET_NAME	   110u	     /* bytes of the longest address */
#define CBX_SOCKET_BUFFER  212992u   /* bytes that wait to be read */
#define CBX_SOCKET_TCP	   0x100000u /* the same of TCP, which grows outside */
#define CBX_SOCKET_LETTERS 512u	     /* datagrams that wait */
#define CBX_SOCKET_OPTIONS 64u	     /* plain ones kept of each level */

/** A socket address as the program wrote it; bytes is 0 for none. */
struct cbx_address {
	uint32_t bytes;
	union {
		uint16_t family;
		struct lx_sockaddr_in in;
		uint8_t raw[CBX_SOCKET_NAME + 2];
	};
};

/** Open files on their way. */
struct cbx_parcel {
	uint64_t count;
	struct cbx_file *file[LX_SCM_MAX];
};

struct cbx_letter {
	struct cbx_letter *next;
	struct cbx_socket *from;   /* a reference; NULL in a stream */
	struct cbx_parcel *rights; /* NULL: none */
	struct lx_ucred sender;
	uint64_t room; /* bytes of at */
	uint64_t start;
	uint64_t end; /* at[start, end) is not read yet */
	uint8_t at[];
};

enum cbx_socket_state {
	CBX_SOCKET_NEW,
	CBX_SOCKET_LISTENING,
	CBX_SOCKET_CONNECTED, /* has, or had, a peer */
	CBX_SOCKET_CLOSED,    /* no file stands for it any more */
};

struct cbx_socket {
	uint32_t refs;
	uint16_t family; /* LX_AF_* */
	uint8_t type;	 /* LX_SOCK_* */
	uint8_t state;	 /* enum cbx_socket_state */
	bool shut_read;
	bool shut_write;
	bool bound;	       /* has a name others can find */
	bool outside;	       /* bound to an address of the host's */
	bool announced;	       /* the connection was reported by connect */
	int32_t error;	       /* a positive errno, reported once */
	struct lx_ucred owner; /* who made it, or made it listen */
	struct lx_ucred other; /* the peer's owner when they met */
	struct cbx_address name;
	struct cbx_address peer_name;
	struct cbx_socket *peer; /* a reference; NULL when it was closed */
	struct cbx_letter *first;
	struct cbx_letter *last;
	uint64_t bytes; /* in all letters */
	uint64_t letters;
	struct cbx_socket *pending; /* not accepted yet; references */
	struct cbx_socket *pending_last;
	struct cbx_socket *next; /* pending at the same listener, or named */
	uint32_t backlog;
	uint32_t waiting;      /* how many are pending */
	struct cbx_node *node; /* the name in the file system; a reference */
	int64_t receive_ns;    /* longest wait; INT64_MAX for ever */
	int64_t send_ns;
	int32_t option[3][CBX_SOCKET_OPTIONS]; /* SOL_SOCKET, IP, TCP */
	struct cbx_wait_queue queue; /* whoever waits for anything of it */
};

extern const struct cbx_file_ops cbx_socket_ops;

/* The life of a socket: socket.c */

/** A socket with one reference; NULL when there is no memory. */
struct cbx_socket *cbx_socket_create(uint16_t family, uint8_t type);
void cbx_socket_hold(struct cbx_socket *socket);
void cbx_socket_drop(struct cbx_socket *socket);

/** An open file of a socket, whose reference it takes.
 * @retval -ENOMEM  and the reference is dropped */
CBX_MUST_CHECK int64_t cbx_socket_open(
	struct cbx_socket *socket, uint32_t flags, struct cbx_file **file);

/** The socket of a file; NULL when it is none. */
struct cbx_socket *cbx_socket_of(const struct cbx_file *file);
/** A call's MSG_* flags, and whether the file waits. */
uint32_t cbx_socket_flags(const struct cbx_file *file, uint64_t flags);
/** Its file, held, or -EBADF, -ENOTSOCK in @p status. */
struct cbx_file *cbx_socket_hold_file(uint64_t fd, int64_t *status);

/** Sends one message after the other, not a stream. */
static inline bool cbx_socket_keeps_borders(const struct cbx_socket *socket)
{
	return socket->type != LX_SOCK_STREAM;
}

/** Make two sockets each other's peer.  @pre neither has one */
void cbx_socket_join(struct cbx_socket *a, struct cbx_socket *b);

/** Wake whoever waits for a change of a socket; NULL is nobody. */
void cbx_socket_changed(struct cbx_socket *socket);

/** Sleep until something of the socket changed.
 *
 * @param flags     LX_MSG_DONTWAIT: do not
 * @param deadline  as cbx_wait_on
 *
 * @retval 0        look again
 * @retval -EAGAIN  not now, or the deadline passed
 * @retval -EINTR   a signal waits */
CBX_MUST_CHECK int64_t cbx_socket_wait(
	struct cbx_socket *socket, uint32_t flags, int64_t deadline);

/** The deadline of a wait of @p ns from now. */
int64_t cbx_socket_deadline(int64_t ns);

/** Report a socket's error, once.  @return a negative errno or 0 */
int64_t cbx_socket_error(struct cbx_socket *socket);

/* Names: socket_name.c */

/** Read an address.
 * @retval -EINVAL, -EFAULT, -EAFNOSUPPORT */
CBX_MUST_CHECK int64_t cbx_address_get(
	struct cbx_address *address, uint64_t va, uint64_t bytes);

/** Write an address as getsockname does: cut to what there is room for, its
 * whole length to @p bytes_va. */
CBX_MUST_CHECK int64_t cbx_address_put(
	const struct cbx_address *address, uint64_t va, uint64_t bytes_va);

/** The loopback address with a port, or 0 for none. */
struct cbx_address cbx_address_in(uint32_t address, uint16_t port);

/** bind(2). */
CBX_MUST_CHECK int64_t cbx_socket_bind(
	struct cbx_socket *socket, const struct cbx_address *address);

/** Give a socket that has none a name nobody has.
 * @retval -EADDRINUSE, -ENOMEM */
CBX_MUST_CHECK int64_t cbx_socket_autobind(struct cbx_socket *socket);

/** Nobody finds the socket any more. */
void cbx_socket_unbind(struct cbx_socket *socket);

/** The socket that has a name.
 * @retval -ECONNREFUSED, -ENOENT, -ENETUNREACH, -EPROTOTYPE and what a path
 * leads to */
CBX_MUST_CHECK int64_t cbx_socket_find(const struct cbx_socket *from,
	const struct cbx_address *address, struct cbx_socket **to);

/* Connections: socket_meet.c */

/** listen(2), connect(2). */
CBX_MUST_CHECK int64_t cbx_socket_listen(
	struct cbx_socket *socket, uint32_t backlog);
CBX_MUST_CHECK int64_t cbx_socket_connect(struct cbx_socket *socket,
	const struct cbx_address *address, uint32_t flags);

/** @param[out] made  the next connection, with its reference */
CBX_MUST_CHECK int64_t cbx_socket_accept(
	struct cbx_socket *socket, uint32_t flags, struct cbx_socket **made);
CBX_MUST_CHECK int64_t cbx_socket_shutdown(
	struct cbx_socket *socket, uint64_t how);

/* Bytes: socket_send.c, socket_receive.c */

/** One message, to send or received. */
struct cbx_message_in {
	struct cbx_iovec vector;
	const struct cbx_address *to; /* NULL: the peer */
	struct cbx_parcel *rights;    /* NULL: none; taken when it was sent */
	struct lx_ucred sender;
};

struct cbx_message_out {
	struct cbx_iovec vector;
	struct cbx_address from;   /* of a datagram */
	struct cbx_parcel *rights; /* the receiver's to drop; NULL: none */
	bool borrowed;		   /* the rights stay in the letter (PEEK) */
	struct lx_ucred sender;
	bool has_sender;
	uint32_t flags; /* LX_MSG_TRUNC */
};

/** @return bytes sent; a negative errno */
int64_t cbx_socket_send(struct cbx_socket *socket,
	struct cbx_message_in *message, uint32_t flags);

/** @return bytes received, with LX_MSG_TRUNC the datagram's; 0 at the end */
int64_t cbx_socket_receive(struct cbx_socket *socket,
	struct cbx_message_out *message, uint32_t flags);

/** Add a letter to what a socket has to read. */
void cbx_letter_add(struct cbx_socket *socket, struct cbx_letter *letter);

/** Take the first letter away and free it. */
void cbx_letter_remove(struct cbx_socket *socket);

/** Bytes a socket can take now. */
uint64_t cbx_socket_room(const struct cbx_socket *socket);

/* Control messages: socket_rights.c */

/** Read what goes with a message to send.
 *
 * @param[out] message  rights and sender; the sender is filled in already
 *
 * @retval -EINVAL, -EFAULT, -EBADF, -EPERM, -ENOMEM  and there are none */
CBX_MUST_CHECK int64_t cbx_control_get(
	struct cbx_message_in *message, uint64_t va, uint64_t bytes);

/** Write what came with a message: files become descriptors.
 *
 * @param[in,out] header  its control and control_bytes; its flags grow
 */
CBX_MUST_CHECK int64_t cbx_control_put(struct cbx_message_out *message,
	struct lx_msghdr *header, uint32_t flags, bool credentials);

/** Close what nobody received; NULL is nothing. */
void cbx_parcel_drop(struct cbx_parcel *rights);

/** socket_option.c: setsockopt(2), getsockopt(2), with their five arguments. */
CBX_MUST_CHECK int64_t cbx_socket_set_option(
	struct cbx_socket *socket, const uint64_t *arg);
CBX_MUST_CHECK int64_t cbx_socket_get_option(
	struct cbx_socket *socket, const uint64_t *arg);

#endif
