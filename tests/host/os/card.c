/* SPDX-License-Identifier: Apache-2.0 */
/* The National DP8390's registers, as an NE2000 has them. */
#include <host/os/card.h>

#define BASE   0x300u
#define STRIDE 0x20u

/* Registers; those of page 1 with its bit in COMMAND. */
#define COMMAND	  0x00u
#define FIRST	  0x01u
#define BEHIND	  0x02u
#define BOUNDARY  0x03u
#define SEND_PAGE 0x04u
#define SEND_SIZE 0x05u
#define CURRENT	  0x07u /* of page 1 */
#define AT	  0x08u
#define COUNT	  0x0au
#define ACCEPT	  0x0cu
#define HOW	  0x0eu
#define DATA	  0x10u

#define STOP	 0x01u
#define START	 0x02u
#define TRANSMIT 0x04u
#define READ	 0x08u
#define WRITE	 0x10u
#define DONE	 0x20u
#define PAGE_1	 0x40u
#define ANYBODYS 0x10u /* packets, whoever they are for */
#define BYTEWISE 0x48u

/* Its memory, in pages of 256 bytes: one packet to send, then those received. */
#define SENT	 0x40u
#define RECEIVED 0x46u
#define TOP	 0xc0u

/* Before each packet received. */
struct head {
	uint8_t status;
	uint8_t next;  /* page */
	uint16_t size; /* of these four bytes, too */
};

static bool started[OS_CARDS];
static uint8_t next[OS_CARDS];

static uint8_t in(uint32_t number, uint32_t at)
{
	uint16_t port = (uint16_t)(BASE + number * STRIDE + at);
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static void out(uint32_t number, uint32_t at, uint32_t value)
{
	uint16_t port = (uint16_t)(BASE + number * STRIDE + at);

	__asm__ volatile("outb %0, %1" : : "a"((uint8_t)value), "d"(port));
}

static void out_pair(uint32_t number, uint32_t at, uint32_t value)
{
	out(number, at, value);
	out(number, at + 1, value >> 8);
}

/* Bytes of its memory come next, or go there. */
static void aim(uint32_t number, uint32_t at, uint32_t size, uint32_t way)
{
	out_pair(number, AT, at);
	out_pair(number, COUNT, size);
	out(number, COMMAND, START | way);
}

/* Up to the end of its memory, where it goes on by itself. */
static void read(uint32_t number, uint32_t at, void *bytes, uint64_t size)
{
	uint16_t port = (uint16_t)(BASE + number * STRIDE + DATA);

	aim(number, at, (uint32_t)size, READ);
	__asm__ volatile("rep insb"
			 : "+D"(bytes), "+c"(size)
			 : "d"(port)
			 : "memory");
}

static void write(
	uint32_t number, uint32_t at, const void *bytes, uint64_t size)
{
	uint16_t port = (uint16_t)(BASE + number * STRIDE + DATA);

	aim(number, at, (uint32_t)size, WRITE);
	__asm__ volatile("rep outsb"
			 : "+S"(bytes), "+c"(size)
			 : "d"(port)
			 : "memory");
}

bool os_card_start(uint32_t number)
{
	if (started[number]) {
		return true;
	}
	if (in(number, COMMAND) == 0xff) {
		return false;
	}
	out(number, COMMAND, DONE | STOP);
	out(number, HOW, BYTEWISE);
	out(number, ACCEPT, ANYBODYS);
	out(number, FIRST, RECEIVED);
	out(number, BEHIND, TOP);
	out(number, BOUNDARY, RECEIVED);
	out(number, COMMAND, DONE | STOP | PAGE_1);
	out(number, CURRENT, RECEIVED);
	out(number, COMMAND, DONE | START);
	next[number] = RECEIVED;
	started[number] = true;
	return true;
}

void os_card_send(uint32_t number, const void *packet, uint32_t size)
{
	write(number, SENT << 8, packet, size);
	out(number, SEND_PAGE, SENT);
	out_pair(number, SEND_SIZE, size);
	out(number, COMMAND, START | DONE | TRANSMIT);
}

static bool is_empty(uint32_t number)
{
	uint8_t current;

	out(number, COMMAND, START | DONE | PAGE_1);
	current = in(number, CURRENT);
	out(number, COMMAND, START | DONE);
	return current == next[number];
}

bool os_card_take(uint32_t number, uint8_t packet[OS_CARD_BYTES])
{
	uint32_t at = (uint32_t)next[number] << 8;
	struct head head;
	uint32_t size;

	if (is_empty(number)) {
		return false;
	}
	read(number, at, &head, sizeof(head));
	size = head.size - (uint32_t)sizeof(head);
	if (size > OS_CARD_BYTES) {
		os_panic("a card's packet is too long ", size, at);
	}
	read(number, at + (uint32_t)sizeof(head), packet, size);
	next[number] = head.next;
	out(number, BOUNDARY, head.next);
	return true;
}
