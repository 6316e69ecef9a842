/* SPDX-License-Identifier: Apache-2.0 */
#include "nic.h"

#define IDENTITY 0x813910ecu

#define SEND_STATUS  0x10u
#define SEND_ADDRESS 0x20u
#define TAKE_ADDRESS 0x30u
#define COMMAND	     0x37u
#define SEND_HOW     0x40u
#define TAKE_HOW     0x44u

#define RESET	 0x10u
#define SEND	 0x04u
#define TAKE	 0x08u
#define LOOPBACK 0x60000u
#define TAKE_ALL 0x8fu /* and do not wrap */

#define PORTS  1u
#define MASTER 4u

static uint64_t place;
static uint16_t base;

static void out8(uint32_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1"
			 :
			 : "a"(value), "d"((uint16_t)(base + port)));
}

static void out32(uint32_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1"
			 :
			 : "a"(value), "d"((uint16_t)(base + port)));
}

bool nic_find(void)
{
	for (place = 0; place < 256; place++) {
		struct cbx_reply reply = CALL(CBX_PKS_PCI_READ, place, 0);

		if (reply.status == CBX_OK && reply.ret[0] == IDENTITY) {
			reply = CALL(CBX_PKS_PCI_READ, place, 0x10);
			base = (uint16_t)(reply.ret[0] & 0xfffc);
			reply = CALL(CBX_PKS_PCI_READ, place, 4);
			return (reply.ret[0] & MASTER) == 0;
		}
	}
	return false;
}

bool nic_start(void)
{
	return STATUS(CBX_PKS_PCI_COMMAND, place, PORTS | MASTER) == CBX_OK;
}

void nic_aim(uint64_t from, uint64_t to)
{
	out8(COMMAND, RESET);
	out8(COMMAND, SEND | TAKE);
	out32(SEND_HOW, LOOPBACK);
	out32(TAKE_HOW, TAKE_ALL);
	out32(TAKE_ADDRESS, (uint32_t)to);
	out32(SEND_ADDRESS, (uint32_t)from);
}

void nic_go(void)
{
	out32(SEND_STATUS, NIC_BYTES);
}
