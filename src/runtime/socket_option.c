/* SPDX-License-Identifier: Apache-2.0 */
/* The options of sockets.  Most change nothing inside one box: they are kept
 * and told. */
#include "lib.h"
#include "linux.h"
#include "socket.h"
#include "user.h"

#define BUFFER_MAX 425984
#define BUFFER_MIN 4608

/* Where a plain option is kept; NULL when there is no such. */
static int32_t *place_of(
	struct cbx_socket *socket, uint32_t level, uint32_t name)
{
	static const uint64_t known[3] = {
		/* SOL_SOCKET: DEBUG to REUSEPORT but ERROR, TYPE and LINGER,
		 * PASSCRED, the low marks, TIMESTAMP, MARK, BUSY_POLL */
		0x00405400200fdfe6ull & ~(1ull << LX_SO_LINGER),
		0x000000000000ffffull,		       /* IP */
		0x0000000000fdffffull & ~(1ull << 11), /* TCP, but INFO */
	};
	uint32_t row = level == LX_SOL_SOCKET	 ? 0
		       : level == LX_IPPROTO_IP	 ? 1
		       : level == LX_IPPROTO_TCP ? 2
						 : 3;

	if (row == 3 || (row != 0 && socket->family != LX_AF_INET) ||
		(row == 2 && socket->type != LX_SOCK_STREAM) ||
		name >= CBX_SOCKET_OPTIONS || (known[row] >> name & 1) == 0) {
		return NULL;
	}
	return &socket->option[row][name];
}

static int64_t set_time(int64_t *ns, uint64_t va, uint64_t bytes)
{
	struct lx_timeval t;

	if (bytes < sizeof(t)) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&t, va, sizeof(t)) != 0) {
		return -LX_EFAULT;
	}
	if (t.usec < 0 || t.usec >= 1000000) {
		return -33; /* EDOM */
	}
	if (t.sec < 0 || (t.sec == 0 && t.usec == 0)) {
		*ns = t.sec < 0 ? 0 : INT64_MAX;
		return 0;
	}
	if (__builtin_mul_overflow(t.sec, LX_NS, ns) ||
		__builtin_add_overflow(*ns, t.usec * 1000, ns)) {
		*ns = INT64_MAX;
	}
	return 0;
}

static int64_t get_time(int64_t ns, void *value)
{
	struct lx_timeval t = { 0, 0 };

	if (ns != INT64_MAX) {
		t = (struct lx_timeval){ ns / LX_NS, ns % LX_NS / 1000 };
	}
	memcpy(value, &t, sizeof(t));
	return sizeof(t);
}

static int32_t buffer_size(int32_t asked)
{
	int64_t twice = (int64_t)(uint32_t)asked * 2;

	if (twice > BUFFER_MAX) {
		return BUFFER_MAX;
	}
	return twice < BUFFER_MIN ? BUFFER_MIN : (int32_t)twice;
}

static bool is_switch(uint32_t name)
{
	return name != LX_SO_RCVLOWAT && name != LX_SO_SNDLOWAT &&
	       name != 12; /* SO_PRIORITY */
}

static int64_t set_socket_level(
	struct cbx_socket *socket, uint32_t name, int32_t value)
{
	int32_t *place = place_of(socket, LX_SOL_SOCKET, name);

	switch (name) {
	case LX_SO_SNDBUFFORCE:
		name = LX_SO_SNDBUF;
		break;
	case LX_SO_RCVBUFFORCE:
		name = LX_SO_RCVBUF;
		break;
	default:
		break;
	}
	if (name == LX_SO_SNDBUF || name == LX_SO_RCVBUF) {
		socket->option[0][name] = buffer_size(value);
		cbx_socket_changed(socket->peer);
		return 0;
	}
	if (place == NULL) {
		return -LX_ENOPROTOOPT;
	}
	*place = is_switch(name) ? value != 0 : value;
	return 0;
}

int64_t cbx_socket_set_option(struct cbx_socket *socket, const uint64_t *arg)
{
	uint32_t level = (uint32_t)arg[1];
	uint32_t name = (uint32_t)arg[2];
	uint64_t bytes = (uint32_t)arg[4];
	int32_t value;
	int32_t *place;

	if (level == LX_SOL_SOCKET &&
		(name == LX_SO_RCVTIMEO || name == LX_SO_SNDTIMEO)) {
		return set_time(name == LX_SO_RCVTIMEO ? &socket->receive_ns
						       : &socket->send_ns,
			arg[3], bytes);
	}
	if ((int32_t)bytes < (int32_t)sizeof(value)) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&value, arg[3], sizeof(value)) != 0) {
		return -LX_EFAULT;
	}
	if (level == LX_SOL_SOCKET && name == LX_SO_LINGER) {
		return bytes < 8 ? -LX_EINVAL : 0;
	}
	if (level == LX_SOL_SOCKET) {
		return set_socket_level(socket, name, value);
	}
	place = place_of(socket, level, name);
	if (place == NULL) {
		return socket->family == LX_AF_UNIX ? -LX_EOPNOTSUPP
						    : -LX_ENOPROTOOPT;
	}
	*place = value;
	return 0;
}

/* A number the socket itself knows.  false: it is none of these */
static bool get_own(struct cbx_socket *socket, uint32_t name, int32_t *value)
{
	switch (name) {
	case LX_SO_TYPE:
		*value = socket->type;
		return true;
	case LX_SO_ERROR:
		*value = (int32_t)-cbx_socket_error(socket);
		return true;
	case LX_SO_ACCEPTCONN:
		*value = socket->state == CBX_SOCKET_LISTENING;
		return true;
	case LX_SO_DOMAIN:
		*value = socket->family;
		return true;
	case LX_SO_PROTOCOL:
		*value = 0;
		if (socket->family != LX_AF_UNIX) {
			*value = socket->type == LX_SOCK_STREAM
					 ? (int32_t)LX_IPPROTO_TCP
					 : (int32_t)LX_IPPROTO_UDP;
		}
		return true;
	default:
		return false;
	}
}

static struct lx_ucred peer_of(const struct cbx_socket *socket)
{
	struct lx_ucred none = { 0, UINT32_MAX, UINT32_MAX };

	if (socket->family == LX_AF_UNIX &&
		socket->state == CBX_SOCKET_LISTENING) {
		return socket->owner;
	}
	return socket->family == LX_AF_UNIX &&
			       socket->state == CBX_SOCKET_CONNECTED
		       ? socket->other
		       : none;
}

/* Write an option's value into value[16]; its bytes or a negative errno. */
static int64_t read_option(
	struct cbx_socket *socket, uint32_t level, uint32_t name, void *value)
{
	bool is_unix = socket->family == LX_AF_UNIX;
	const int32_t *place = place_of(socket, level, name);
	struct lx_ucred peer;

	if (level == LX_SOL_SOCKET) {
		switch (name) {
		case LX_SO_RCVTIMEO:
			return get_time(socket->receive_ns, value);
		case LX_SO_SNDTIMEO:
			return get_time(socket->send_ns, value);
		case LX_SO_LINGER:
			memset(value, 0, 8);
			return 8;
		case LX_SO_PEERCRED:
			peer = peer_of(socket);
			memcpy(value, &peer, sizeof(peer));
			return sizeof(peer);
		default:
			break;
		}
		if (get_own(socket, name, value)) {
			return sizeof(int32_t);
		}
	}
	if (place == NULL) {
		return is_unix && level != LX_SOL_SOCKET ? -LX_EOPNOTSUPP
							 : -LX_ENOPROTOOPT;
	}
	memcpy(value, place, sizeof(*place));
	return sizeof(*place);
}

int64_t cbx_socket_get_option(struct cbx_socket *socket, const uint64_t *arg)
{
	uint64_t value[2] = { 0, 0 };
	int64_t bytes;
	int32_t room;

	if (cbx_user_get(&room, arg[4], sizeof(room)) != 0) {
		return -LX_EFAULT;
	}
	if (room < 0) {
		return -LX_EINVAL;
	}
	bytes = read_option(socket, (uint32_t)arg[1], (uint32_t)arg[2], value);
	if (bytes < 0) {
		return bytes;
	}
	room = (int32_t)cbx_min((uint64_t)room, (uint64_t)bytes);
	if (cbx_user_put(arg[3], value, (uint64_t)room) != 0) {
		return -LX_EFAULT;
	}
	return cbx_user_put(arg[4], &room, sizeof(room));
}
