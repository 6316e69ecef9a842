/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions C has no words for. */
#ifndef LAB_ASM_H
#define LAB_ASM_H

#include <stdint.h>

enum lab_msr {
	LAB_MSR_APIC_BASE = 0x1b,
	LAB_MSR_EFER = 0xc0000080,
	LAB_MSR_GHCB = 0xc0010130,
	LAB_MSR_SEV_STATUS = 0xc0010131,
	LAB_MSR_VM_CR = 0xc0010114,
	LAB_MSR_HSAVE = 0xc0010117,
};

#define LAB_EFER_LME  0x100ull
#define LAB_EFER_LMA  0x400ull
#define LAB_EFER_NXE  0x800ull
#define LAB_EFER_SVME 0x1000ull

#define LAB_CR0_PE 0x1ull
#define LAB_CR0_PG 0x80000000ull

#define LAB_CR4_OSXSAVE 0x40000ull

struct lab_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct lab_cpuid lab_cpuid(uint32_t leaf, uint32_t sub)
{
	struct lab_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(sub));
	return r;
}

static inline uint64_t lab_rdmsr(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void lab_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile(
		"wrmsr"
		:
		: "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		: "memory");
}

static inline void lab_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void lab_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t lab_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void lab_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint16_t lab_in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t lab_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t lab_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t lab_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

static inline uint64_t lab_cr4(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void lab_cr3_write(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void lab_cr4_write(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t lab_tsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline uint64_t lab_xcr0(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static inline void lab_xcr0_write(uint64_t value)
{
	__asm__ volatile(
		"xsetbv"
		:
		: "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline void lab_xsave(void *area)
{
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(area), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
}

static inline void lab_xrstor(const void *area)
{
	__asm__ volatile("xrstor64 (%0)"
			 :
			 : "r"(area), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
}

static inline void lab_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline _Noreturn void lab_halt(void)
{
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

#endif
