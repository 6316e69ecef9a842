/* SPDX-License-Identifier: Apache-2.0 */
/* The machine is the monitor's, which is asked by gates (hal/pks-vm/host.h). */
#include <host/os/os.h>

#include <hal/pks-vm/host.h>

#define WAKE_NS 100000u

CBX_AT(OS_TRAP_CS, 8, cbx_pks_trap, cs);

void os_pks_trap(void);
const struct cbx_reply *os_pks_gate(const struct cbx_call *call);

static uint64_t source; /* a page of entries for the monitor to read */

struct cbx_reply os_call(const struct cbx_call *call)
{
	return *os_pks_gate(call);
}

uint32_t os_machine_start(void)
{
	return (uint32_t)OS_CALL(CBX_CALL_CAPS, 0).ret[3];
}

void os_machine_take_traps(struct os_cpu *cpu)
{
	if (OS_STATUS(CBX_PKS_TRAP_ENTRY, (uint64_t)os_pks_trap,
		    (uint64_t)&cpu->self) != CBX_OK) {
		os_panic("no trap entry ", cpu->number, 0);
	}
}

/* What was read there is read before the next trap may come. */
struct os_trap os_machine_trap(void)
{
	struct cbx_pks_trap *page =
		(struct cbx_pks_trap *)(CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP);
	struct os_trap trap = {
		.vector = page->vector,
		.error = page->error,
		.cr2 = page->cr2,
		.regs = page->regs,
	};

	__atomic_store_n(&page->busy, 0, __ATOMIC_RELEASE);
	return trap;
}

void os_machine_start_cpu(struct os_cpu *cpu)
{
	if (OS_CALL_DONE(CBX_PKS_CPU_START, cpu->number,
		    (uint64_t)os_other_start, (uint64_t)cpu)
			.status != CBX_OK) {
		os_panic("a CPU does not begin ", cpu->number, 0);
	}
}

/* Every flush interrupts a CPU that holds translations, HLT included. */
void os_machine_wake(struct os_cpu *cpu)
{
	uint64_t again = 0;

	while (__atomic_load_n(&cpu->halted, __ATOMIC_SEQ_CST)) {
		if (os_now() >= again) {
			(void)OS_CALL(CBX_PKS_FLUSH, CBX_PKS_FLUSH_ALL);
			again = os_now() + WAKE_NS;
		}
		__builtin_ia32_pause();
	}
}

/* The core took some of it for the keeper, before there was a host. */
bool os_machine_memory(uint64_t index, struct os_range *range)
{
	struct cbx_reply reply = OS_CALL(CBX_PKS_MEMORY, index);

	*range = (struct os_range){ reply.ret[0],
		reply.ret[2] == CBX_HAL_RAM ? reply.ret[1] : 0, false };
	return reply.status == CBX_OK;
}

/* The monitor names them before all others. */
void os_machine_loaded(uint64_t *first, uint64_t *last)
{
	struct cbx_reply loaded = OS_CALL(CBX_PKS_MEMORY, 0);

	*first = loaded.ret[0];
	*last = loaded.ret[0] + loaded.ret[1];
}

void os_machine_timer(uint64_t ns)
{
	(void)OS_CALL(CBX_PKS_TIMER, ns, OS_VECTOR_TIMER);
}

void os_machine_say(const char *line, uint64_t size)
{
	uint64_t word[5] = { 0 };

	memcpy(word, line, size);
	(void)OS_CALL(CBX_PKS_CONSOLE, size, word[0], word[1], word[2], word[3],
		word[4]);
}

bool os_machine_table(uint64_t pfn, uint64_t level)
{
	return OS_CALL_DONE(CBX_PKS_TABLE_DECLARE, pfn, level).status == CBX_OK;
}

bool os_machine_entry(uint64_t table, uint64_t index, uint64_t entry)
{
	return OS_STATUS(CBX_PKS_TABLE_UPDATE, table, index, entry) == CBX_OK;
}

uint64_t os_machine_entries(
	uint64_t table, uint64_t index, const uint64_t *entries, uint64_t count)
{
	source = source == 0 ? os_page_take(1) : source;
	memcpy((void *)OS_DIRECT(source), entries, count * sizeof(*entries));
	return OS_CALL(CBX_PKS_TABLE_BATCH, table, index, count, source, 0)
		.ret[0];
}

/* The monitor looks when it is to write the entry. */
bool os_machine_lets(uint64_t pfn)
{
	(void)pfn;
	return true;
}

bool os_machine_load(uint64_t root)
{
	return OS_STATUS(CBX_PKS_ROOT_LOAD, root) == CBX_OK;
}

void os_machine_flush(void)
{
	uint64_t token;

	if (os_cpu_count == 1) {
		(void)OS_CALL(CBX_PKS_FLUSH, CBX_PKS_FLUSH_OWN);
		return;
	}
	token = OS_CALL(CBX_PKS_FLUSH, CBX_PKS_FLUSH_ALL).ret[0];
	(void)OS_CALL_DONE(CBX_PKS_FLUSH, CBX_PKS_FLUSH_DONE, token);
}
