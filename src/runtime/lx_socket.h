/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the Linux x86-64 interface that is about sockets: numbers and
 * layouts a program was compiled with.
 */
#ifndef CBX_RUNTIME_LX_SOCKET_H
#define CBX_RUNTIME_LX_SOCKET_H

#include <confbox/abi.h>

#define LX_AF_UNSPEC 0u
#define LX_AF_UNIX   1u
#define LX_AF_INET   2u

#define LX_SOCK_STREAM	  1u
#define LX_SOCK_DGRAM	  2u
#define LX_SOCK_RAW	  3u
#define LX_SOCK_SEQPACKET 5u
#define LX_SOCK_TYPE	  0xfu
#define LX_SOCK_NONBLOCK  04000u
#define LX_SOCK_CLOEXEC	  02000000u

#define LX_IPPROTO_IP  0u
#define LX_IPPROTO_TCP 6u
#define LX_IPPROTO_UDP 17u

#define LX_SHUT_RD   0u
#define LX_SHUT_WR   1u
#define LX_SHUT_RDWR 2u

#define LX_MSG_OOB	    0x1u
#define LX_MSG_PEEK	    0x2u
#define LX_MSG_CTRUNC	    0x8u
#define LX_MSG_TRUNC	    0x20u
#define LX_MSG_DONTWAIT	    0x40u
#define LX_MSG_EOR	    0x80u
#define LX_MSG_WAITALL	    0x100u
#define LX_MSG_ERRQUEUE	    0x2000u
#define LX_MSG_NOSIGNAL	    0x4000u
#define LX_MSG_WAITFORONE   0x10000u
#define LX_MSG_CMSG_CLOEXEC 0x40000000u

#define LX_SOL_SOCKET 1u
#define LX_SCM_RIGHTS 1u
#define LX_SCM_CREDS  2u
#define LX_SCM_MAX    253u /* files in one message */

#define LX_SO_REUSEADDR	  2u
#define LX_SO_TYPE	  3u
#define LX_SO_ERROR	  4u
#define LX_SO_SNDBUF	  7u
#define LX_SO_RCVBUF	  8u
#define LX_SO_LINGER	  13u
#define LX_SO_REUSEPORT	  15u
#define LX_SO_PASSCRED	  16u
#define LX_SO_PEERCRED	  17u
#define LX_SO_RCVLOWAT	  18u
#define LX_SO_SNDLOWAT	  19u
#define LX_SO_RCVTIMEO	  20u
#define LX_SO_SNDTIMEO	  21u
#define LX_SO_ACCEPTCONN  30u
#define LX_SO_SNDBUFFORCE 32u
#define LX_SO_RCVBUFFORCE 33u
#define LX_SO_PROTOCOL	  38u
#define LX_SO_DOMAIN	  39u

enum lx_socket_errno {
	LX_EDESTADDRREQ = 89,
	LX_EMSGSIZE = 90,
	LX_EPROTOTYPE = 91,
	LX_ENOPROTOOPT = 92,
	LX_EPROTONOSUPPORT = 93,
	LX_ESOCKTNOSUPPORT = 94,
	LX_EAFNOSUPPORT = 97,
	LX_EADDRINUSE = 98,
	LX_EADDRNOTAVAIL = 99,
	LX_ENETUNREACH = 101,
	LX_ECONNRESET = 104,
	LX_EISCONN = 106,
	LX_ENOTCONN = 107,
	LX_ETOOMANYREFS = 109,
	LX_ECONNREFUSED = 111,
	LX_EALREADY = 114,
	LX_EINPROGRESS = 115,
};

#define LX_POLLWRBAND 0x200u
#define LX_POLLRDHUP  0x2000u

struct lx_msghdr {
	uint64_t name;
	uint32_t name_bytes, pad;
	uint64_t vector, vector_count;
	uint64_t control, control_bytes;
	uint32_t flags, pad2;
};
CBX_SIZE(56, lx_msghdr);

struct lx_mmsghdr {
	struct lx_msghdr header;
	uint32_t bytes, pad;
};
CBX_SIZE(64, lx_mmsghdr);

struct lx_cmsghdr {
	uint64_t bytes; /* with this header */
	uint32_t level, type;
};
CBX_SIZE(16, lx_cmsghdr);

struct lx_ucred {
	uint32_t pid, uid, gid;
};
CBX_SIZE(12, lx_ucred);

struct lx_sockaddr_in {
	uint16_t family;
	uint16_t port; /* both in network order */
	uint32_t address;
	uint8_t zero[8];
};
CBX_SIZE(16, lx_sockaddr_in);

#endif
