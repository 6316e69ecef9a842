/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two boxes run this program.  One, the victim, holds a secret at SECRET_VA;
 * the other, the thief, tries to map it with every handle there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gate.h"
#include "neighbour.h"
#include "pattern.h"

/* Hold the secret until standard input ends; it must be untouched then. */
static int victim(void)
{
	uint8_t *secret =
		mmap((void *)SECRET_VA, CBX_PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	char byte;

	if (secret == MAP_FAILED) {
		return 2;
	}
	for (size_t i = 0; i < PATTERN_BYTES; i++) {
		secret[i] = pattern_at(i);
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
	return pattern_is(secret) ? 0 : 1;
}

/* Whether the page the thief just mapped holds the secret; unmaps it. */
static bool look(void)
{
	struct cbx_reply reply;
	bool found = pattern_is((const volatile uint8_t *)LOOT_VA);

	GATE(UNMAP, &reply, 0, LOOT_VA, 1);
	return found;
}

/* Map what the space @p handle has at SECRET_VA. */
static bool take(uint64_t handle)
{
	struct cbx_reply reply;

	return GATE(MAP_ALIAS, &reply, 0, LOOT_VA, 1, CBX_RIGHT_R, handle,
		       SECRET_VA) == CBX_OK;
}

/* Whether stealing from oneself (handle 0) works: the attack can succeed. */
static bool can_steal(void)
{
	volatile uint8_t *own = (volatile uint8_t *)SECRET_VA;
	bool can;

	for (size_t i = 0; i < PATTERN_BYTES; i++) {
		own[i] = pattern_at(i);
	}
	can = take(0) && look();
	own[0] ^= 0xff;
	return can;
}

/* Try each page number as the handle of somebody's space. */
static int thief(uint64_t handles)
{
	uint64_t mapped = 0;
	uint64_t stolen = 0;

	/* Something of our own lies at the same address, so that our own
	 * handle, when we hit it, maps that. */
	if (mmap((void *)SECRET_VA, CBX_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) == MAP_FAILED) {
		return 2;
	}
	if (!can_steal()) {
		puts("the attack does not work even on the thief itself");
		return 2;
	}
	for (uint64_t handle = 0; handle < handles; handle++) {
		if (take(handle)) {
			mapped++;
			stolen += look() ? 1 : 0;
		}
	}
	printf("%ju handles tried, %ju were its own, %ju pages stolen\n",
		(uintmax_t)handles, (uintmax_t)mapped, (uintmax_t)stolen);
	return stolen == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "victim") == 0) {
		return victim();
	}
	if (argc == 3 && strcmp(argv[1], "thief") == 0) {
		return thief(strtoull(argv[2], NULL, 10));
	}
	fputs("usage: neighbour_box victim | thief HANDLES\n", stderr);
	return 2;
}
