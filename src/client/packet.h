/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of base/wire.h on a SOCK_SEQPACKET socket.
 */
#ifndef CBX_CLIENT_PACKET_H
#define CBX_CLIENT_PACKET_H

#include <stdbool.h>
#include <stddef.h>

/** Two ends, both close-on-exec.  @return false, errno set */
bool cbx_packet_pair(int fd[2]);

/** Send one packet and, unless it is -1, a descriptor.  @return false, errno
 * set, when the peer is gone */
bool cbx_packet_send(int fd, const void *packet, size_t size, int pass);

/**
 * Receive one packet of exactly @p size bytes and of kind @p kind.
 *
 * @param[out] packet  packet[size]
 * @param[out] pass    NULL, or the descriptor that came with it, -1 if none;
 *                     one that is not wanted is closed
 *
 * @return false when the peer is gone or says something else
 */
bool cbx_packet_receive(
	int fd, void *packet, size_t size, unsigned int kind, int *pass);

/** Wait until a packet is there.  @param ms  -1 for ever
 * @return false after @p ms */
bool cbx_packet_wait(int fd, int ms);

#endif
