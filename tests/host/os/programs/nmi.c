/* SPDX-License-Identifier: Apache-2.0 */
/* User mode, system calls and page faults, while NMIs come (process_test.py):
 * nobody notices. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

#define PAGE	4096ul
#define PAGES	64ul
#define SECONDS 3

/* With every register in use. */
static uint64_t mix(uint64_t value, unsigned int rounds)
{
	uint64_t state[8] = { value };
	double part = 0.0;

	for (unsigned int i = 0; i < rounds; i++) {
		for (unsigned int j = 0; j < 8; j++) {
			state[j] = state[(j + 7) % 8] * 0x9e3779b97f4a7c15 + j;
			state[j] ^= state[j] >> 29;
		}
		part += (double)(state[3] & 0xff);
	}
	return state[7] ^ (uint64_t)part;
}

static bool fault_in(void)
{
	uint8_t *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool good = at != MAP_FAILED;

	for (unsigned int i = 0; good && i < PAGES; i++) {
		at[i * PAGE + i] = (uint8_t)(i + 1);
	}
	for (unsigned int i = 0; good && i < PAGES; i++) {
		good = at[i * PAGE + i] == (uint8_t)(i + 1);
	}
	return good && munmap(at, PAGES * PAGE) == 0;
}

int main(void)
{
	const uint64_t want = mix(7, 20000);
	time_t end = time(NULL) + SECONDS;
	unsigned int rounds = 0;
	unsigned int good = 0;

	puts("ready");
	fflush(stdout);
	while (time(NULL) < end) {
		good += mix(7, 20000) == want && fault_in() && getpid() == 1;
		rounds++;
	}
	SAY("it computed", rounds > 10);
	SAY("and nothing was lost", good == rounds);
	return say_bad == 0 ? 0 : 1;
}
