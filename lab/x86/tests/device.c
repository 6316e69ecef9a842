/* SPDX-License-Identifier: Apache-2.0 */
/* Device memory, and strings to and from ports: by the GHCB's page. */
#include "ghcb.h"
#include "guest.h"

#define APIC_TPR      0x80
#define PIC_MASK      0x21ull
#define IO_IN	      0x1ull
#define IO_STRING     0x4ull
#define IO_REPEAT     0x8ull
#define IO_1	      0x10ull
#define IO_4	      0x40ull
#define IO_PORT(port) ((port) << 16)

/* PCI's configuration of the ISA bridge, by ports and by memory: where registers of
 * its lie. */
#define PCI_ADDRESS   0xcf8ull
#define PCI_DATA      0xcfcull
#define ISA_REGISTERS 0x8000f8f0u
#define ISA_MEMORY    0xb00f80f0ull

static volatile struct lab_ghcb *page_with_scratch(void)
{
	volatile struct lab_ghcb *page = guest_page();

	page->scratch = (uint64_t)page - GUEST_SHARED +
			offsetof(struct lab_ghcb, buffer);
	page->valid[1] = 1ull << LAB_GHCB_BIT(scratch) % 64;
	return page;
}

uint64_t guest_device_read(uint64_t gpa, uint64_t bytes, uint64_t *value)
{
	volatile struct lab_ghcb *page = page_with_scratch();
	uint64_t failed;

	page->buffer[0] = 0;
	failed = guest_event(LAB_NAE_MMIO_READ, gpa, bytes);
	*value = page->buffer[0];
	return failed;
}

uint64_t guest_device_write(uint64_t gpa, uint64_t bytes, uint64_t value)
{
	volatile struct lab_ghcb *page = page_with_scratch();

	page->buffer[0] = value;
	return guest_event(LAB_NAE_MMIO_WRITE, gpa, bytes);
}

/* By either address: private, which no device is, and shared. */
bool guest_device_memory_raises_vc(void)
{
	const uint64_t at[] = { GUEST_APIC, GUEST_APIC + GUEST_SHARED };
	uint64_t count = guest_vc.count;

	for (int i = 0; i < 2; i++) {
		guest_vc.code = 0;
		guest_vc.bytes = 3; /* MOV BYTE of 1 to where RDI points */
		__asm__ volatile(".byte 0xc6, 0x07, 0x01"
				 :
				 : "D"(at[i] + APIC_TPR)
				 : "memory");
		guest_vc.bytes = 0;
		if (guest_vc.code != LAB_EXIT_NPF) {
			return false;
		}
	}
	return guest_vc.count == count + 2;
}

bool guest_device_memory_is_the_hosts_to_touch(void)
{
	uint64_t value = 0;

	return guest_device_write(GUEST_APIC + APIC_TPR, 4, 0x20) == 0 &&
	       guest_device_read(GUEST_APIC + APIC_TPR, 4, &value) == 0 &&
	       value == 0x20 &&
	       guest_device_write(GUEST_APIC + APIC_TPR, 4, 0) == 0 &&
	       guest_device_read(GUEST_APIC + APIC_TPR, 4, &value) == 0 &&
	       value == 0;
}

bool guest_memory_is_no_device(void)
{
	const uint64_t at[] = { (uint64_t)&guest_vmsa, GUEST_FREE, GUEST_LAB,
		1ull << 52 };
	uint64_t value;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (guest_device_read(at[i], 8, &value) != LAB_NAE_INVALID ||
			value != 0 ||
			guest_device_write(at[i], 8, 1) != LAB_NAE_INVALID) {
			return false;
		}
	}
	return guest_device_read(GUEST_APIC, 3, &value) == LAB_NAE_INVALID &&
	       guest_device_read(GUEST_APIC + 2, 4, &value) ==
		       LAB_NAE_INVALID &&
	       guest_device_read(GUEST_APIC, 0, &value) ==
		       LAB_NAE_BAD_SCRATCH &&
	       guest_device_read(GUEST_APIC, 4096, &value) ==
		       LAB_NAE_BAD_SCRATCH;
}

/* A mask of the interrupt controller's: the last one written is read. */
bool guest_ports_take_strings(void)
{
	const uint64_t how = IO_PORT(PIC_MASK) | IO_1 | IO_STRING | IO_REPEAT;
	volatile struct lab_ghcb *page = page_with_scratch();

	page->buffer[0] = 0xfbfdfe;
	if (guest_event(LAB_NAE_IOIO, how, 3) != 0) {
		return false;
	}
	page = page_with_scratch();
	page->buffer[0] = 0;
	if (guest_event(LAB_NAE_IOIO, how | IO_IN, 2) != 0 ||
		page->buffer[0] != 0xfbfb) {
		return false;
	}
	page_with_scratch();
	return guest_event(LAB_NAE_IOIO, how, 0x7f1) == LAB_NAE_BAD_SCRATCH;
}

static uint64_t put_port(uint64_t port, uint64_t how, uint64_t value)
{
	volatile struct lab_ghcb *page = page_with_scratch();

	page->rax = value;
	page->buffer[0] = value;
	return guest_event(LAB_NAE_IOIO, IO_PORT(port) | how, 1);
}

static uint64_t registers(void)
{
	volatile struct lab_ghcb *page = page_with_scratch();

	return guest_event(LAB_NAE_IOIO, IO_PORT(PCI_DATA) | IO_4 | IO_IN, 0) ==
			       0
		       ? page->rax
		       : 0;
}

/* What is written is dropped: by words, bytes, strings and memory. */
bool guest_configuration_is_read_only(void)
{
	const uint64_t hows[] = { IO_4, IO_1, IO_4 | IO_STRING,
		IO_4 | IO_STRING | IO_REPEAT };
	uint64_t before;

	if (put_port(PCI_ADDRESS, IO_4, ISA_REGISTERS) != 0) {
		return false;
	}
	before = registers();
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		if (put_port(PCI_DATA, hows[i], GUEST_FREE) != 0 ||
			registers() != before) {
			return false;
		}
	}
	return before != 0 && guest_device_write(ISA_MEMORY, 4, 0) == 0 &&
	       registers() == before;
}
