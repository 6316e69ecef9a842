/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports that would undo what page tables do: an SMI, whose handler begins in
 * low memory, and last, the configuration of PCI, which stops the machine.
 */
#include <hal/pks-vm/pci.h>

#include "other.h"

#define SMI_PORT  0xb2
#define SMI_COUNT 0x34u
#define ADDRESS	  0xcf8
#define DATA	  0xcfc
#define WINDOW	  0x80000060u /* of the chipset: where configuration lies */

#define HANDLER_PAGE 0x38ull
#define LOW_PAGES    0xa0ull
#define ROUNDS	     200u

#define E_P 1u
#define E_K 32u

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "d"(port) : "memory");
}

static void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "d"(port) : "memory");
}

static uint64_t smis(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(SMI_COUNT));
	return (uint64_t)high << 32 | low;
}

static bool monitor_is_closed(void)
{
	uint64_t value;

	return probe_read(CBX_CPU_STATE_VA, &value) == 1 &&
	       host_faulted(CBX_CPU_STATE_VA, E_P | E_K);
}

/* Real mode begins there, and the firmware after a reset that is none. */
static const char *low_memory_is_the_monitors(void)
{
	uint64_t value;

	for (uint64_t page = 0; page < LOW_PAGES; page++) {
		WANT(probe_read(DIRECT(page), &value) == 1);
		WANT(probe_write(DIRECT(page), 0) == 1);
	}
	return NULL;
}

/* mov %cs, %ax; mov %ax, %cs:0x9000; rsm: inverted, since no kernel may hold
 * it. */
static const char *no_handler_of_the_hosts(void)
{
	static const volatile uint64_t handler = 0x55f06fff5cd13773ull;
	uint64_t value = 0;

	if (probe_write(DIRECT(HANDLER_PAGE), ~handler) == 0) {
		out8(SMI_PORT, 1);
		(void)probe_read(DIRECT(HANDLER_PAGE + 1), &value);
		WANT(value != 0x3000);
	}
	return NULL;
}

static bool failed;

/* Both CPUs at once: each keeps its own state. */
static void take_smis(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t before = smis();
		uint64_t value = i;

		out8(SMI_PORT, (uint8_t)(i + 4));
		failed |= CALL(CBX_CALL_VERSION, 0).status != CBX_OK;
		failed |= smis() != before + 1 || value != i;
	}
}

void other_trapped(struct cbx_pks_trap *trap)
{
	(void)trap;
	host_say("a trap on another CPU");
	host_exit(4);
}

static uint32_t cpus(void)
{
	return (uint32_t)CALL(CBX_CALL_CAPS, 0).ret[3];
}

static const char *an_smi_comes_back(void)
{
	if (cpus() > 1) {
		WANT(other_start_all(cpus()) == NULL);
		other_run(1, take_smis);
		take_smis();
		other_wait(1);
		WANT(!failed);
	}
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t before = smis();

		out8(SMI_PORT, (uint8_t)(i + 4)); /* 2 and 3 are ACPI's */
		WANT(CALL(CBX_CALL_VERSION, 0).status == CBX_OK);
		WANT(smis() == before + 1);
		WANT(monitor_is_closed());
	}
	WANT(CALL(CBX_CALL_VERSION, 0).status == CBX_OK);
	return NULL;
}

static const char *the_machine_is_closed(void)
{
	struct cbx_reply caps = CALL(CBX_CALL_CAPS, 0);

	WANT((caps.ret[0] & CBX_CAP_HOST_KERNEL_OUT) != 0);
	WANT((caps.ret[0] & CBX_CAP_VIEW_FAULTS) != 0);
	return NULL;
}

/* On the last CPU there is. */
static void touch(void)
{
	uint32_t window = (uint32_t)CALL(CBX_PKS_PCI_READ, 0, 0x60).ret[0];

	out32(ADDRESS, WINDOW);
	out32(DATA, window);
	host_say("it goes on");
}

static const char *configuration_is_not_the_hosts(void)
{
	struct cbx_reply reply = CALL(CBX_PKS_PCI_READ, 0, 0x60);

	WANT(reply.status == CBX_OK && (reply.ret[0] & 1) != 0);
	WANT(STATUS(CBX_PKS_PCI_READ, 0, 2) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_PCI_READ, 0, 4096) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_PCI_READ, 0x10000, 0) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_PCI_READ, UINT64_MAX, 0) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_PCI_COMMAND, 0, 0x408) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_PCI_COMMAND, 0x10000, 0) == CBX_E_INVALID);
	host_say("touches configuration");
	if (cpus() > 1) {
		other_run(1, touch);
		other_wait(1);
	}
	touch();
	return "it goes on";
}

const struct host_case host_cases[] = {
	{ "low memory is the monitor's", low_memory_is_the_monitors },
	{ "no handler of the host's", no_handler_of_the_hosts },
	{ "an SMI comes back", an_smi_comes_back },
	{ "the machine is closed", the_machine_is_closed },
	{ "configuration is the monitor's", configuration_is_not_the_hosts },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
