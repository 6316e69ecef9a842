/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"

#include <base/cpuid.h>

#include "cpuid.h"
#include "user.h"

/* entry_linux.S */
bool cbx_fsgsbase_usable(void);
bool cbx_tiles_usable(void);

static uint32_t told; /* the level; 0: the instruction tells */

void cbx_cpu_init(uint64_t level)
{
	told = (uint32_t)level;
}

static struct cbx_cpuid cpuid(uint32_t leaf, uint32_t sub)
{
	struct cbx_cpuid r;

	if (told != 0) {
		return cbx_cpuid_told(told, leaf, sub);
	}
	__asm__("cpuid"
		: "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		: "a"(leaf), "c"(sub));
	return r;
}

bool cbx_cpu_trapped(struct cbx_regs *regs)
{
	struct cbx_cpuid r;
	uint8_t code[2];

	if (told == 0 || cbx_user_get(code, regs->rip, sizeof(code)) != 0 ||
		code[0] != 0x0f || code[1] != 0xa2) {
		return false;
	}
	r = cpuid((uint32_t)regs->rax, (uint32_t)regs->rcx);
	regs->rax = r.a;
	regs->rbx = r.b;
	regs->rcx = r.c;
	regs->rdx = r.d;
	regs->rip += sizeof(code);
	return true;
}

uint64_t cbx_cpu_hwcap(void)
{
	return cpuid(1, 0).d;
}

/* The frame has all the machine keeps, whatever is told. */
uint64_t cbx_cpu_signal_stack(void)
{
	bool xsave = (cpuid(1, 0).c & (1u << 27)) != 0;
	uint64_t state = told != 0 ? CBX_CPUID_STATE_BYTES
			 : xsave   ? cpuid(0xd, 0).b
				   : 512;

	/* registers, mask and siginfo of the frame; alignment, red zone */
	return state + 4 + 448 + 64 + 128;
}

bool cbx_cpu_fsgsbase(void)
{
	return (told != 0 || (cpuid(7, 0).b & 1u) != 0) &&
	       cbx_fsgsbase_usable();
}

uint64_t cbx_cpu_features(void)
{
	uint32_t low;
	uint32_t high;

	if ((cpuid(1, 0).c & (1u << 27)) == 0) {
		return CBX_CPU_X87_SSE;
	}
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return told != 0 ? low & cpuid(0xd, 0).a : (uint64_t)high << 32 | low;
}

bool cbx_cpu_tiles(void)
{
	return (cbx_cpu_features() & CBX_CPU_TILES) == CBX_CPU_TILES &&
	       cbx_tiles_usable();
}

bool cbx_cpu_steady_counter(void)
{
	return cpuid(0x80000000u, 0).a >= 0x80000007u &&
	       (cpuid(0x80000007u, 0).d & (1u << 8)) != 0;
}

static void put_vendor(struct cbx_text *text)
{
	struct cbx_cpuid r = cpuid(0, 0);
	uint32_t word[3] = { r.b, r.d, r.c };

	cbx_text_put(text, "vendor_id\t: ");
	cbx_text_put_bytes(text, (const char *)word, sizeof(word));
}

static void put_name(struct cbx_text *text)
{
	char name[49] = { 0 };

	for (uint32_t i = 0; i < 3; i++) {
		struct cbx_cpuid r = cpuid(0x80000002u + i, 0);

		memcpy(name + i * sizeof(r), &r, sizeof(r));
	}
	cbx_text_put(text, "\nmodel name\t: ");
	cbx_text_put(text, name);
}

void cbx_cpu_describe(struct cbx_text *text)
{
	uint32_t a = cpuid(1, 0).a;

	cbx_text_put(text, "processor\t: 0\n");
	put_vendor(text);
	cbx_text_put(text, "\ncpu family\t: ");
	cbx_text_put_number(text, ((a >> 8) & 15) + ((a >> 20) & 255));
	cbx_text_put(text, "\nmodel\t\t: ");
	cbx_text_put_number(text, ((a >> 4) & 15) | ((a >> 12) & 0xf0));
	put_name(text);
	cbx_text_put(text, "\nstepping\t: ");
	cbx_text_put_number(text, a & 15);
	cbx_text_put(text, "\n\n");
}
