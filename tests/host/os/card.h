/* SPDX-License-Identifier: Apache-2.0 */
/* Network cards that carry the packets of lines: NE2000s, which do without
 * memory of the machine's. */
#ifndef TESTS_HOST_OS_CARD_H
#define TESTS_HOST_OS_CARD_H

#include <host/os/os.h>

#define OS_CARDS      3u
#define OS_CARD_BYTES 1536u /* of a packet, at most */

/** Make it work, once. @return false when it is not there */
bool os_card_start(uint32_t number);

/** @param size  at most OS_CARD_BYTES */
void os_card_send(uint32_t number, const void *packet, uint32_t size);

/** The next packet that came, and what the card put behind a short one.
 * @return false when there is none */
bool os_card_take(uint32_t number, uint8_t packet[OS_CARD_BYTES]);

#endif
