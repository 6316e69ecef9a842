/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept.h"

#include "asm.h"
#include "device.h"
#include "say.h"

/* Two bits an MSR: three parts of 2 KiB, and one that is not used. */
static uint8_t all_msrs[2 * LAB_PAGE] __attribute__((aligned(4096)));
static uint8_t few_msrs[2 * LAB_PAGE] __attribute__((aligned(4096)));

/* A bit a port. */
static uint8_t all_ports[3 * LAB_PAGE] __attribute__((aligned(4096)));
static uint8_t few_ports[3 * LAB_PAGE] __attribute__((aligned(4096)));

/* The lab answers for these, whoever asks. */
static const uint32_t looked_at[] = { LAB_MSR_APIC_BASE, LAB_MSR_EFER,
	LAB_MSR_GHCB, LAB_MSR_SEV_STATUS, LAB_MSR_VM_CR, LAB_MSR_HSAVE };

/* In a VMSA, or harmless: a confidential guest's own. */
static const uint32_t own[] = {
	0x10,						/* TSC */
	0x174, 0x175, 0x176,				/* SYSENTER */
	0x277,						/* PAT */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, /* SYSCALL */
	0xc0000100, 0xc0000101, 0xc0000102,		/* FS, GS bases */
	0xc0000103,					/* TSC_AUX */
};

static void set(uint8_t *map, uint32_t msr, uint8_t bits)
{
	uint32_t part = msr >= 0xc0010000   ? 0x8000
			: msr >= 0xc0000000 ? 0x4000
					    : 0;
	uint32_t bit = part + (msr & 0x1fff) * 2;

	map[bit / 8] &= (uint8_t) ~(3u << bit % 8);
	map[bit / 8] |= (uint8_t)(bits << bit % 8);
}

void lab_intercept_start(void)
{
	memset(all_msrs, 0xff, sizeof(all_msrs));
	memset(all_ports, 0xff, sizeof(all_ports));
	for (uint32_t i = 0; i < LAB_PCI_DATA_BYTES; i++) {
		uint32_t port = LAB_PCI_DATA + i;

		few_ports[port / 8] |= (uint8_t)(1u << port % 8);
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		set(all_msrs, own[i], 0);
	}
	for (size_t i = 0; i < sizeof(looked_at) / sizeof(looked_at[0]); i++) {
		set(few_msrs, looked_at[i], 3);
	}
}

void lab_intercept(struct lab_control *control, bool is_blind, bool is_unpaged)
{
	control->intercept[0] = LAB_ON_NMI | LAB_ON_CPUID | LAB_ON_INVLPGA |
				LAB_ON_IOIO | LAB_ON_MSR | LAB_ON_SHUTDOWN;
	control->intercept[1] = LAB_ON_VMRUN | LAB_ON_VMMCALL | LAB_ON_VMLOAD |
				LAB_ON_VMSAVE | LAB_ON_STGI | LAB_ON_CLGI |
				LAB_ON_SKINIT;
	control->exceptions = 0;
	control->cr_write = is_unpaged ? LAB_ON_CR0 : 0;
	control->msrpm = (uint64_t)few_msrs;
	control->iopm = (uint64_t)few_ports;
	if (!is_blind) {
		control->intercept[0] |= LAB_ON_RDPMC;
		control->intercept[1] |=
			LAB_ON_WBINVD | LAB_ON_MONITOR | LAB_ON_MWAIT;
		control->exceptions = 1u << LAB_UD;
		control->msrpm = (uint64_t)all_msrs;
		control->iopm = (uint64_t)all_ports;
	}
}
