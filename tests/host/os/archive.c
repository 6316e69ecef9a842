/* SPDX-License-Identifier: Apache-2.0 */
/* The files: a ustar archive behind a head, both behind this kernel in the file
 * that was loaded; process.py put them there. */
#include <host/os/os.h>

#define ARCHIVE_MAGIC 0x45564948435241ull

#define BLOCK	    512u
#define NAME_BYTES  100u
#define PREFIX_AT   345u
#define PREFIX_SIZE 155u
#define SIZE_AT	    124u
#define SIZE_DIGITS 11u
#define TYPE_AT	    156u

struct head {
	uint64_t magic;
	uint64_t size;
};

static const struct head *found;

static const struct head *head_at(uint64_t pfn)
{
	return (const struct head *)OS_DIRECT(pfn);
}

void os_archive_start(void)
{
	uint64_t first;
	uint64_t last;

	os_machine_loaded(&first, &last);
	for (uint64_t pfn = first; pfn < last; pfn++) {
		if (head_at(pfn)->magic == ARCHIVE_MAGIC) {
			found = head_at(pfn);
			return;
		}
	}
	os_panic("no archive ", first, last);
}

static uint64_t octal(const uint8_t *digits)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < SIZE_DIGITS; i++) {
		value = value * 8 + (digits[i] - '0') % 8u;
	}
	return value;
}

/* Of at most @p most bytes, zero-terminated if there is room. */
static uint64_t add(char *to, uint64_t at, const uint8_t *from, uint64_t most)
{
	for (uint64_t i = 0; i < most && from[i] != 0; i++) {
		to[at++] = (char)from[i];
	}
	return at;
}

static void name_of(const uint8_t *block, char *name)
{
	uint64_t at = 0;

	name[at++] = '/';
	if (block[PREFIX_AT] != 0) {
		at = add(name, at, block + PREFIX_AT, PREFIX_SIZE);
		name[at++] = '/';
	}
	at = add(name, at, block, NAME_BYTES);
	if (at > 1 && name[at - 1] == '/') {
		at--;
	}
	name[at] = '\0';
}

bool os_archive_find(const char *path, struct os_bytes *bytes)
{
	const uint8_t *at = (const uint8_t *)found + CBX_PAGE_SIZE;
	const uint8_t *end = at + found->size;
	char name[NAME_BYTES + PREFIX_SIZE + 4];

	if (os_same(path, "/")) {
		*bytes = (struct os_bytes){ NULL, 0, true };
		return true;
	}
	while (at < end && at[0] != 0) {
		uint64_t size = octal(at + SIZE_AT);

		name_of(at, name);
		if (os_same(name, path)) {
			*bytes = (struct os_bytes){ at + BLOCK, size,
				at[TYPE_AT] == '5' };
			return true;
		}
		at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return false;
}
