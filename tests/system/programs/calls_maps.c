/* SPDX-License-Identifier: Apache-2.0 */
/* Random memory calls, with processes: what is read is the same in a box and
 * outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	   4096u
#define SLOTS	   12u
#define PAGES	   600u /* of a slot at most */
#define FILE_PAGES 300u
#define RW	   (PROT_READ | PROT_WRITE)

struct slot {
	unsigned char *at; /* NULL: none */
	size_t pages;
	bool bounded; /* there is no more of it */
	uint8_t prot[PAGES];
};

static struct slot slots[SLOTS];
static uint64_t seed;
static int fd;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3ull;
}

/* What can be read of a slot: a few bytes of each page. */
static uint64_t digest_slot(const struct slot *s, uint64_t hash)
{
	for (size_t i = 0; s->at != NULL && i < s->pages; i++) {
		if ((s->prot[i] & PROT_READ) != 0) {
			const unsigned char *page = s->at + i * PAGE;

			hash = mix(hash, page[0]);
			hash = mix(hash, page[i % PAGE]);
			hash = mix(hash, page[PAGE - 1]);
		}
	}
	return hash;
}

static uint64_t digest(void)
{
	uint64_t hash = 1;

	for (size_t i = 0; i < SLOTS; i++) {
		hash = digest_slot(&slots[i], hash);
	}
	return hash;
}

static void set_prot(struct slot *s, size_t first, size_t pages, int prot)
{
	memset(s->prot + first, prot, pages);
}

static void map(struct slot *s)
{
	static const int flags[] = { MAP_PRIVATE | MAP_ANONYMOUS,
		MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED };
	uint64_t kind = draw(4);
	size_t pages = 1 + draw(draw(2) == 0 ? 8 : PAGES / 2);
	off_t offset = 0;

	if (kind >= 2) {
		pages = pages > FILE_PAGES ? FILE_PAGES : pages;
		offset = (off_t)draw(FILE_PAGES - pages + 1);
	}
	s->at = mmap(NULL, pages * PAGE, RW, flags[kind], kind >= 2 ? fd : -1,
		offset * PAGE);
	if (s->at == MAP_FAILED) {
		printf("mmap: %d\n", errno);
		exit(1);
	}
	s->pages = pages;
	s->bounded = kind != 0;
	set_prot(s, 0, pages, RW);
}

static void write_some(struct slot *s)
{
	for (uint64_t n = 1 + draw(6); n > 0; n--) {
		size_t first = draw(s->pages);
		size_t count = 1 + draw(5);

		for (size_t i = first; i < first + count && i < s->pages; i++) {
			if ((s->prot[i] & PROT_WRITE) != 0) {
				memset(s->at + i * PAGE, (int)draw(256),
					1 + draw(PAGE));
			}
		}
	}
}

static void protect(struct slot *s)
{
	static const int prots[] = { PROT_READ, RW, PROT_NONE, RW };
	size_t first = draw(s->pages);
	size_t pages = 1 + draw(s->pages - first);
	int prot = prots[draw(4)];

	if (mprotect(s->at + first * PAGE, pages * PAGE, prot) != 0) {
		printf("mprotect: %d\n", errno);
		exit(1);
	}
	set_prot(s, first, pages, prot);
}

/* mremap wants one mapping: one protection. */
static void resize(struct slot *s)
{
	size_t pages = 1 + draw(PAGES);
	unsigned char *to;

	mprotect(s->at, s->pages * PAGE, RW);
	set_prot(s, 0, s->pages, RW);
	if (s->bounded && pages > s->pages) {
		pages = s->pages;
	}
	to = mremap(s->at, s->pages * PAGE, pages * PAGE, MREMAP_MAYMOVE);
	if (to == MAP_FAILED) {
		printf("mremap: %d\n", errno);
		exit(1);
	}
	s->at = to;
	s->pages = pages;
	set_prot(s, 0, pages, RW);
}

static void cut(struct slot *s)
{
	size_t keep = draw(s->pages);

	munmap(s->at + keep * PAGE, (s->pages - keep) * PAGE);
	s->pages = keep;
	if (keep == 0) {
		s->at = NULL;
	}
}

static void discard(struct slot *s)
{
	size_t first = draw(s->pages);
	size_t pages = 1 + draw(s->pages - first);

	madvise(s->at + first * PAGE, pages * PAGE, MADV_DONTNEED);
}

/* A child sees the same, writes, and may have a child of its own; of what it
 * writes only what is shared stays. */
static void processes(unsigned depth)
{
	uint64_t before = digest();
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		status = digest() == before;
		for (size_t i = 0; i < SLOTS; i++) {
			if (slots[i].at != NULL) {
				write_some(&slots[i]);
			}
		}
		if (depth < 2 && draw(2) == 0) {
			processes(depth + 1);
		}
		printf("child: %d %llx\n", status,
			(unsigned long long)digest());
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		printf("fork: %d\n", errno);
		exit(1);
	}
}

static void file(void)
{
	unsigned char block[PAGE];
	off_t at = (off_t)(draw(FILE_PAGES) * PAGE + draw(PAGE / 2));

	memset(block, (int)draw(256), sizeof(block));
	if (draw(2) == 0) {
		pwrite(fd, block, draw(PAGE / 2), at);
	} else {
		pread(fd, block, PAGE / 2, at);
		printf("read: %u\n", block[draw(PAGE / 2)]);
	}
}

static void act(struct slot *s)
{
	uint64_t what = draw(12);

	if (s->at == NULL) {
		map(s);
		return;
	}
	switch (what) {
	case 0:
		cut(s);
		break;
	case 1:
		resize(s);
		break;
	case 2:
	case 3:
		protect(s);
		break;
	case 4:
		discard(s);
		break;
	case 5:
		file();
		break;
	case 6:
		processes(0);
		break;
	default:
		write_some(s);
	}
}

int main(void)
{
	static unsigned char page[PAGE];

	fd = open("/tmp/maps", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (unsigned i = 0; i < FILE_PAGES; i++) {
		memset(page, (int)i, sizeof(page));
		write(fd, page, sizeof(page));
	}
	unlink("/tmp/maps");
	for (uint64_t turn = 1; turn <= 6; turn++) {
		seed = turn * 88172645463325252ull;
		for (int step = 0; step < 300; step++) {
			act(&slots[draw(SLOTS)]);
			if (step % 10 == 0) {
				printf("%d: %llx\n", step,
					(unsigned long long)digest());
			}
		}
	}
	return 0;
}
