/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions C has no words for.  None of these is privileged enough to
 * matter in the wrong hands; those that are live in privileged.S. */
#ifndef CBX_ARCH_X86_64_CPU_H
#define CBX_ARCH_X86_64_CPU_H

#include <base/types.h>

struct cbx_x86_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/** What the CPU says of itself. */
struct cbx_x86_cpuid cbx_x86_cpuid(uint32_t leaf, uint32_t sub);

static inline uint64_t cbx_x86_tsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/** @return false when there was none */
static inline bool cbx_x86_rdrand(uint64_t *word)
{
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(ok));
	return ok;
}

static inline void cbx_x86_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t cbx_x86_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void cbx_x86_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t cbx_x86_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void cbx_x86_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cbx_x86_invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/** Registers that are read as a whole. */
#define CBX_X86_READ(name, instruction)                            \
	static inline uint64_t cbx_x86_##name(void)                \
	{                                                          \
		uint64_t value;                                    \
                                                                   \
		__asm__ volatile(instruction " %0" : "=r"(value)); \
		return value;                                      \
	}
CBX_X86_READ(cr0, "mov %%cr0,")
CBX_X86_READ(cr3, "mov %%cr3,")
CBX_X86_READ(cr4, "mov %%cr4,")
CBX_X86_READ(dr6, "mov %%dr6,")
CBX_X86_READ(fs_base, "rdfsbase")
CBX_X86_READ(gs_base, "rdgsbase")
#undef CBX_X86_READ

static inline uint64_t cbx_x86_msr(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

/** Whether an address is one the CPU would go to. */
static inline bool cbx_x86_canonical(uint64_t va)
{
	return va + 0x800000000000ull < 0x1000000000000ull;
}

/** Null data selectors, and 0 as the bases of fs and gs. */
static inline void cbx_x86_segments_clear(void)
{
	__asm__ volatile("mov %0, %%ds; mov %0, %%es\n\t"
			 "mov %0, %%fs; mov %0, %%gs\n\t"
			 "wrfsbase %0; wrgsbase %0"
			 :
			 : "r"(0ull));
}

/** The bases of fs and gs. @pre both canonical */
static inline void cbx_x86_bases(uint64_t fs, uint64_t gs)
{
	__asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(fs), "r"(gs));
}

/** Whether pages of user mode can have protection keys. */
static inline bool cbx_x86_has_user_keys(void)
{
	return (cbx_x86_cpuid(7, 0).ecx & 1u << 3) != 0;
}

/** Rights to pages by their user key. @pre cbx_x86_has_user_keys() */
static inline uint32_t cbx_x86_pkru(void)
{
	uint32_t value;

	__asm__ volatile("rdpkru" : "=a"(value) : "c"(0) : "rdx");
	return value;
}

static inline void cbx_x86_pkru_write(uint32_t value)
{
	__asm__ volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory");
}

static inline void cbx_x86_xsave(void *area)
{
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(area), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
}

static inline void cbx_x86_xrstor(const void *area)
{
	__asm__ volatile("xrstor64 (%0)"
			 :
			 : "r"(area), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
}

static inline _Noreturn void cbx_x86_stop(void)
{
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

#endif
