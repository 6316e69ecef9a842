/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every byte of the gate as an entry, with the registers a forger would choose
 * and single steps.  Where the monitor stops the machine, run.py begins again
 * after that place: it leaves the number of the first jump in memory.
 */
#include "host.h"

#define BYTES	 0x3c0u /* more than the gate's page holds of code */
#define LSTAR	 0xc0000082u
#define START_PA 0x8000000u

#define E_P 1u
#define E_W 2u
#define E_K 32u

static const struct {
	uint64_t rax;
	uint64_t rcx;
	uint64_t steps;
} kinds[] = {
	{ CBX_CALL_VERSION, CBX_MSR_PKRS, 0 },
	{ 0x24, CBX_MSR_PKRS, 0 },
	{ 0x1000, LSTAR, 0 },
	{ CBX_CALL_VERSION, CBX_MSR_PKRS, 40 },
	{ 0x1000, LSTAR, 40 },
};

static bool monitor_is_closed(void)
{
	uint64_t value;

	return probe_read(CBX_CPU_STATE_VA, &value) == 1 &&
	       host_faulted(CBX_CPU_STATE_VA, E_P | E_K) &&
	       probe_write(CBX_PAGES_VA, 0) == 1 &&
	       host_faulted(CBX_PAGES_VA, E_P | E_W | E_K);
}

static uint64_t read_lstar(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(LSTAR));
	return (uint64_t)high << 32 | low;
}

/* Static: a zero digit stored at the fifteenth byte of a stack is 0f 30. */
static void say_jump(uint64_t n)
{
	static char text[] = "jump .....";

	for (uint32_t i = sizeof(text) - 2; text[i] != ' '; i--, n /= 10) {
		text[i] = (char)('0' + n % 10);
	}
	host_say(text);
}

static const char *no_byte_of_the_gate_grants(void)
{
	const uint64_t *start = (const uint64_t *)DIRECT(START_PA >> 12);
	uint64_t end = BYTES * (sizeof(kinds) / sizeof(kinds[0]));
	uint64_t lstar = read_lstar();

	for (uint64_t n = *start; n < end; n++) {
		say_jump(n);
		host_steps = kinds[n / BYTES].steps;
		(void)probe_jump(CBX_IMAGE_VA + n % BYTES, kinds[n / BYTES].rax,
			kinds[n / BYTES].rcx);
		host_steps = 0;
		WANT(monitor_is_closed());
		WANT(read_lstar() == lstar);
	}
	return NULL;
}

const struct host_case host_cases[] = {
	{ "no byte of the gate grants", no_byte_of_the_gate_grants },
};
const uint32_t host_case_count = 1;
