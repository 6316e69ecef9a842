/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What boxes and hosts agree on beside the monitor: the calls a host serves
 * while the box is READY, if its policy allows them.
 */
#ifndef CONFBOX_FORWARD_H
#define CONFBOX_FORWARD_H

#include <confbox/abi.h>

/** Calls a host serves.  The monitor knows none of them by its number. */
enum cbx_forward_id {
#define X(number, NAME, name) CBX_FORWARD_##NAME = (number),
#include <confbox/forward.def>
#undef X
};

/** What a host says of a file or a socket. */
struct cbx_forward_stat {
	uint64_t mode; /* as stat(2) */
	uint64_t size;
	uint64_t inode;
	uint64_t links;
	uint64_t mtime_ns; /* since 1970 */
	uint64_t error;	   /* a socket's, as SO_ERROR, which it clears */
};

/** One end of a TCP connection; IPv4 addresses are mapped into IPv6. */
struct cbx_forward_end {
	uint64_t port;
	uint64_t high; /* of the address, most significant half */
	uint64_t low;
};

/** One of POLL's. */
struct cbx_forward_poll {
	uint64_t handle;
	uint32_t events; /* as poll(2) */
	uint32_t ready;	 /* in the answer */
};

/** One of LIST's; its name follows, padded with zeros to eight bytes. */
struct cbx_forward_entry {
	uint64_t inode;
	uint32_t type;	     /* as stat's mode */
	uint32_t name_bytes; /* 1 to 255 */
};

/** READ's and WRITE's second argument for what has no position. */
#define CBX_FORWARD_STREAM UINT64_MAX

CBX_AT(0x00, 8, cbx_forward_stat, mode);
CBX_AT(0x08, 8, cbx_forward_stat, size);
CBX_AT(0x10, 8, cbx_forward_stat, inode);
CBX_AT(0x18, 8, cbx_forward_stat, links);
CBX_AT(0x20, 8, cbx_forward_stat, mtime_ns);
CBX_AT(0x28, 8, cbx_forward_stat, error);
CBX_SIZE(0x30, cbx_forward_stat);

CBX_AT(0x00, 8, cbx_forward_end, port);
CBX_AT(0x08, 8, cbx_forward_end, high);
CBX_AT(0x10, 8, cbx_forward_end, low);
CBX_SIZE(0x18, cbx_forward_end);

CBX_AT(0x00, 8, cbx_forward_poll, handle);
CBX_AT(0x08, 4, cbx_forward_poll, events);
CBX_AT(0x0c, 4, cbx_forward_poll, ready);
CBX_SIZE(0x10, cbx_forward_poll);

CBX_AT(0x00, 8, cbx_forward_entry, inode);
CBX_AT(0x08, 4, cbx_forward_entry, type);
CBX_AT(0x0c, 4, cbx_forward_entry, name_bytes);
CBX_SIZE(0x10, cbx_forward_entry);

#endif
