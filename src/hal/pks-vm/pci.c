/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration is read by ports at start, before the host; then by its page
 * of memory only, since the ports trap.
 */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/device.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/pci.h>

/* Ports; one that nobody answers reads as ones. */
#define ADDRESS	    0xcf8
#define DATA	    0xcfc
#define FAST_A20    0x92
#define KEYBOARD    0x64
#define FLOPPY	    0x3f4
#define CONFIG	    0x510 /* the emulator's, for firmware */
#define CONFIG_DATA 0x511
#define CONFIG_HAS  1 /* what it can do: */
#define CONFIG_DMA  2

/* A function's configuration. */
#define IDENTITY 0x00u
#define COMMAND	 0x04u
#define CLASS	 0x08u
#define HEADER	 0x0cu
#define BUSES	 0x18u /* of a bridge */
#define MEMORY	 0x60u /* of Q35: where configuration lies in memory */

#define Q35	     0x29c08086u
#define VIRTIO	     0x10001af4u
#define MASTER	     4u
#define HOST_MAY_SET 0x407u /* ports, memory, master, no interrupt */
#define CLASS_DISKS  0x01u
#define CLASS_USB    0x0c03u
#define CLASS_ROOT   0x0600u
#define CLASS_SMBUS  0x0c05u

/* DR7: a four-byte port, read or written. */
#define WATCH 0x000e0402ull

static struct {
	uint64_t memory; /* of configuration */
	uint64_t places; /* that it has; 0: none */
	bool masters;	 /* there are devices that could access memory, */
	bool bypass;	 /* or something whose accesses no IOMMU sees */
	bool open;	 /* something changes what an address means */
	bool emulated;
} pci;

static uint32_t read(uint32_t place, uint32_t offset)
{
	cbx_x86_out32(ADDRESS, 1u << 31 | place << 8 | offset);
	return cbx_x86_in32(DATA);
}

static void found(bool *what, bool is, const char *line)
{
	if (is) {
		*what = true;
		cbx_hal_log(line);
	}
}

/* The emulator's paravirtual devices access memory directly unless told
 * otherwise, which is not to be seen before a driver asks.  Its disks and USB
 * keep memory for as long as a request takes, and no flush waits for that. */
static void look(const struct cbx_x86_boot *boot, uint32_t place)
{
	uint32_t identity = read(place, IDENTITY);
	uint32_t class = read(place, CLASS) >> 16;
	bool covered = place > 255 || boot->iommu == 0 ||
		       (boot->iommu_devices[place / 64] >> place % 64 & 1) != 0;

	cbx_x86_out32(DATA, read(place, COMMAND) & 0xffff & ~MASTER);
	pci.masters |= class >> 8 != CLASS_ROOT >> 8 && class != CLASS_SMBUS;
	found(&pci.bypass, class == CLASS_ROOT && place != 0,
		"dma: open: another root of PCI");
	found(&pci.bypass, (identity & 0xff80ffff) == VIRTIO,
		"dma: open: a virtio device");
	found(&pci.bypass,
		pci.emulated &&
			(class >> 8 == CLASS_DISKS || class == CLASS_USB),
		"dma: open: an emulated disk, or USB");
	found(&pci.bypass, !covered, "dma: open: not the IOMMU's device");
}

/* Every function of bus 0 and of what lies below. */
static void look_all(const struct cbx_x86_boot *boot)
{
	uint32_t last = 0;

	for (uint32_t place = 0; place >> 8 <= last; place++) {
		uint32_t header = read(place, HEADER) >> 16;
		uint32_t below = read(place, BUSES) >> 16 & 0xff;

		if (read(place, IDENTITY) == UINT32_MAX) {
			place |= place % 8 == 0 ? 7 : 0;
			continue;
		}
		look(boot, place);
		if ((header & 0x7f) == 1 && below > last) {
			last = below;
		}
		if ((header & 0x80) == 0 && place % 8 == 0) {
			place |= 7;
		}
	}
}

static bool is_there(uint16_t port)
{
	return cbx_x86_in8(port) != 0xff;
}

void cbx_pks_pci_start(const struct cbx_x86_boot *boot)
{
	uint32_t base = read(0, MEMORY);

	if (read(0, IDENTITY) == Q35 && (base & 1) != 0) {
		pci.memory = base & 0xf0000000;
		pci.places = 0x10000 >> (base >> 1 & 3);
	}
	pci.emulated = is_there(CONFIG_DATA);
	if (pci.emulated) {
		cbx_x86_out16(CONFIG, CONFIG_HAS);
		found(&pci.bypass, (cbx_x86_in8(CONFIG_DATA) & CONFIG_DMA) != 0,
			"dma: open: fw_cfg");
	}
	found(&pci.bypass, is_there(FLOPPY), "dma: open: a floppy");
	found(&pci.open, is_there(FAST_A20) || is_there(KEYBOARD),
		"ports: open: the A20 gate");
	found(&pci.open, !boot->smis, "ports: open: the firmware's SMI");
	look_all(boot);
}

void cbx_pks_pci_watch(void)
{
	cbx_x86_watch_write(DATA, WATCH);
}

bool cbx_pks_pci_touched(void)
{
	return (cbx_x86_dr6() & 1) != 0;
}

uint64_t cbx_pks_pci_caps(void)
{
	bool dma = cbx_pks_iommu_on() && !pci.bypass;
	bool out = !pci.open && !pci.bypass && (dma || !pci.masters);

	return (dma ? CBX_CAP_DMA : 0) | (out ? CBX_CAP_HOST_KERNEL_OUT : 0);
}

/* A function's page, in this CPU's window. @pre place is one it has */
static volatile uint8_t *page_of(uint64_t place)
{
	uint64_t va = cbx_pks_device_map(
		CBX_CPU_PCI_PAGE, pci.memory + (place << CBX_PAGE_SHIFT));

	cbx_x86_invlpg(va);
	return (volatile uint8_t *)va;
}

enum cbx_status cbx_pks_pci_read(
	uint64_t place, uint64_t offset, uint64_t *word)
{
	if (place >= pci.places || offset % 4 != 0 || offset >= CBX_PAGE_SIZE) {
		return CBX_E_INVALID;
	}
	*word = *(volatile uint32_t *)(page_of(place) + offset);
	return CBX_OK;
}

/* Where a device's registers lie, and whom it tells, is not the host's. */
enum cbx_status cbx_pks_pci_command(uint64_t place, uint64_t bits)
{
	volatile uint16_t *word;

	if (place >= pci.places || (bits & ~(uint64_t)HOST_MAY_SET) != 0) {
		return CBX_E_INVALID;
	}
	word = (volatile uint16_t *)(page_of(place) + COMMAND);
	*word = (uint16_t)((*word & ~HOST_MAY_SET) | bits);
	return CBX_OK;
}
