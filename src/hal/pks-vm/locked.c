/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions of privileged.S, out of the host's reach: their page is
 * mapped executable nowhere but in this CPU's window, and there only while one
 * of them runs, interrupts off.
 */
#include <arch/x86_64/cet.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/flush.h>
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/pure/table.h>

extern const uint8_t cbx_locked[];
extern const uint8_t cbx_locked_end[];
extern const uint8_t cbx_x86_root_load_locked[];
extern const uint8_t cbx_x86_shadow_on_locked[];

/* Where one of them can be called, until lock(). */
static inline uint64_t unlock(const uint8_t *code)
{
	uint64_t *table = CBX_CPU_HERE(CBX_CPU_TABLE_PAGE);
	uint64_t entry = (uint64_t)cbx_locked -
			 (CBX_IMAGE_VA - CBX_IMAGE_PA - CBX_PTE_P);

	__atomic_store_n(&table[CBX_CPU_LOCKED_PAGE], entry, __ATOMIC_SEQ_CST);
	return (uint64_t)CBX_CPU_HERE(CBX_CPU_LOCKED_PAGE) +
	       (uint64_t)(code - cbx_locked);
}

static inline void lock(void)
{
	uint64_t *table = CBX_CPU_HERE(CBX_CPU_TABLE_PAGE);

	__atomic_store_n(&table[CBX_CPU_LOCKED_PAGE], 0, __ATOMIC_RELAXED);
	cbx_x86_invlpg((uint64_t)CBX_CPU_HERE(CBX_CPU_LOCKED_PAGE));
}

static inline __attribute__((always_inline)) void run(
	const uint8_t *code, uint64_t a, uint64_t b)
{
	__asm__ volatile("call *%2"
			 : "+D"(a), "+S"(b)
			 : "r"(unlock(code))
			 : "rax", "rcx", "rdx", "r8", "cc", "memory");
	lock();
}

/* The host may have been interrupted on its way to say where it faulted: it
 * finds its own CR2 as it was. */
void cbx_x86_root_load(uint64_t root)
{
	uint32_t cpu = cbx_x86_cpu()->number;
	bool host = root == cbx_pks_host()->root;
	uint64_t token = cbx_flush_begin(cpu, host);

	__asm__ volatile("call *%0" /* as run, but no register changes */
			 :
			 : "r"(unlock(cbx_x86_root_load_locked)), "D"(root),
			 "S"(host ? cbx_pks_host()->cr2 : 0)
			 : "memory");
	lock();
	cbx_flush_end(cpu, host, token);
	if (cbx_pks_host()->cr4 != 0) {
		cbx_pks_cr4_switch(host);
	}
}

/* The others, by their own names and arguments. */
#define LOCKED(name, a, b, ...)                         \
	extern const uint8_t name##_locked[];           \
	void name(__VA_ARGS__)                          \
	{                                               \
		run(name##_locked, (uint64_t)(a), (b)); \
	}
LOCKED(cbx_x86_msr_write, msr, value, uint32_t msr, uint64_t value)
LOCKED(cbx_x86_cr0_write, value, 0, uint64_t value)
LOCKED(cbx_x86_cr4_write, value, 0, uint64_t value)
LOCKED(cbx_x86_xcr0_write, value, 0, uint64_t value)
LOCKED(cbx_x86_tables_load, gdtr, (uint64_t)idtr, const void *gdtr,
	const void *idtr)
LOCKED(cbx_x86_task_load, 0, 0, void)
LOCKED(cbx_x86_watch_write, address, control, uint64_t address,
	uint64_t control)

/* When it begins, one return is outstanding: this function's own. */
__attribute__((noinline)) void cbx_x86_shadow_start(void)
{
	uint64_t *table = (uint64_t *)CBX_CPU_AT(CBX_CPU_TABLE_PAGE);
	uint64_t *first = (uint64_t *)(CBX_CPU_TOP(CBX_CPU_SHADOW_MAIN) - 16);
	uint64_t *alias = first + CBX_PAGE_SIZE / sizeof(*first);

	if (!cbx_x86_cet_has_shadow()) {
		return;
	}
	alias[0] = (uint64_t)__builtin_return_address(0);
	alias[-1] = (uint64_t)first | 1;
	table[CBX_CPU_SHADOW_MAIN + 1] = 0;
	cbx_x86_invlpg((uint64_t)alias);
	cbx_x86_cpu()->shadow = (uint64_t)first;
	run(cbx_x86_shadow_on_locked, (uint64_t)(first - 1), 0);
	if (cbx_x86_cet_has_tracking()) {
		cbx_x86_msr_write(
			CBX_MSR_S_CET, CBX_CET_SH_STK | CBX_CET_ENDBR);
	}
}

/* The image's own mapping goes; it is shared by all CPUs. */
void cbx_pks_lock(void)
{
	CBX_ASSERT(cbx_locked_end - cbx_locked == (ptrdiff_t)CBX_PAGE_SIZE);
	cbx_pks_kernel_map((uint64_t)cbx_locked, (struct cbx_pfn){ 0 }, 0);
	cbx_pks_flush();
}
