/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: anonymous, protected, given back, much of it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "say.h"

#define PAGE  4096ul
#define LARGE (64ul << 20)

static void pages_come_and_go(void)
{
	uint8_t *at = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SAY("mmap", at != MAP_FAILED);
	SAY("zeros", at[0] == 0 && at[8 * PAGE - 1] == 0);
	memset(at, 0x5a, 8 * PAGE);
	SAY("mprotect", mprotect(at + PAGE, PAGE, PROT_NONE) == 0);
	SAY("and back", mprotect(at + PAGE, PAGE, PROT_READ) == 0);
	SAY("it kept its bytes", at[PAGE] == 0x5a);
	SAY("a hole", munmap(at + 2 * PAGE, PAGE) == 0);
	SAY("around it", at[2 * PAGE - 1] == 0x5a && at[3 * PAGE] == 0x5a);
	SAY("forget", madvise(at + 4 * PAGE, PAGE, MADV_DONTNEED) == 0);
	SAY("zeros again", at[4 * PAGE] == 0 && at[5 * PAGE] == 0x5a);
	SAY("fixed", mmap(at + 2 * PAGE, PAGE, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			     0) == at + 2 * PAGE);
	SAY("fresh there", at[2 * PAGE] == 0);
	SAY("all gone", munmap(at, 8 * PAGE) == 0);
}

static void what_is_refused(void)
{
	SAY("not a page", munmap((void *)1, PAGE) == -1 && errno == EINVAL);
	SAY("no length", mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0) == MAP_FAILED &&
				 errno == EINVAL);
	SAY("the kernel's half",
		mmap((void *)0xffff800000000000ul, PAGE, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			0) == MAP_FAILED);
	SAY("no file",
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 40, 0) == MAP_FAILED &&
			errno == EBADF);
}

/* More than there is, if nothing came back. */
static void memory_comes_back(void)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < 12; i++) {
		uint8_t *at = malloc(LARGE);

		for (size_t j = 0; at != NULL && j < LARGE; j += PAGE) {
			good += at[j] == 0;
			at[j] = 1;
		}
		free(at);
	}
	SAY("every page was there, and zero", good == 12 * (LARGE / PAGE));
}

static void the_heap_grows(void)
{
	uint8_t *before = sbrk(0);
	uint8_t *at = sbrk(5 * PAGE);

	SAY("sbrk", at == before && sbrk(0) == (void *)(before + 5 * PAGE));
	memset(at, 1, 5 * PAGE);
	SAY("and back", sbrk(-(intptr_t)(5 * PAGE)) != (void *)-1);
	SAY("fresh", sbrk(5 * PAGE) == before && before[2 * PAGE] == 0);
}

int main(void)
{
	pages_come_and_go();
	what_is_refused();
	memory_comes_back();
	the_heap_grows();
	return say_bad == 0 ? 0 : 1;
}
