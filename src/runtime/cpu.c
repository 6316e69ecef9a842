/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"

/* entry_linux.S */
bool cbx_fsgsbase_usable(void);
bool cbx_tiles_usable(void);

struct leaf {
	uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t leaf, uint32_t sub)
{
	struct leaf r;

	__asm__("cpuid"
		: "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		: "a"(leaf), "c"(sub));
	return r;
}

uint64_t cbx_cpu_hwcap(void)
{
	return cpuid(1, 0).d;
}

uint64_t cbx_cpu_signal_stack(void)
{
	bool xsave = (cpuid(1, 0).c & (1u << 27)) != 0;
	uint64_t state = xsave ? cpuid(0xd, 0).b : 512;

	/* registers, mask and siginfo of the frame; alignment, red zone */
	return state + 4 + 448 + 64 + 128;
}

bool cbx_cpu_fsgsbase(void)
{
	return (cpuid(7, 0).b & 1u) != 0 && cbx_fsgsbase_usable();
}

uint64_t cbx_cpu_features(void)
{
	uint32_t low;
	uint32_t high;

	if ((cpuid(1, 0).c & (1u << 27)) == 0) {
		return CBX_CPU_X87_SSE;
	}
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
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
	struct leaf r = cpuid(0, 0);
	uint32_t word[3] = { r.b, r.d, r.c };

	cbx_text_put(text, "vendor_id\t: ");
	cbx_text_put_bytes(text, (const char *)word, sizeof(word));
}

static void put_name(struct cbx_text *text)
{
	char name[49] = { 0 };

	for (uint32_t i = 0; i < 3; i++) {
		struct leaf r = cpuid(0x80000002u + i, 0);

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
