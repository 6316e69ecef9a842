/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libc that the distribution's libmbedcrypto.a needs on a machine without
 * one.  It was built for a hosted program, so whoever calls it there
 *  - has FS based at SNP_SHIM_THREAD, where its code looks for a stack's canary,
 *  - keeps the guest's vector registers, for it uses them, and
 *  - lets no interrupt onto its stack, for it uses a red zone.
 * One processor at a time.
 *
 * What it prints, reads and asks the clock for is in self-tests and files that
 * nobody here calls: those functions fail.
 */
#include "shim.h"

#include <stdint.h>

/* Memory comes in powers of two from 64 bytes; what is freed is kept by size. */
#define CLASSES	   12
#define SMALLEST   64u
#define HEAP_BYTES (64u * 1024u)

struct chunk {
	struct chunk *next; /* while it is free */
	size_t class;
	uint8_t bytes[];
};

static _Alignas(16) uint8_t heap[HEAP_BYTES];
static size_t used;
static struct chunk *free_chunks[CLASSES];

/* The canary is the sixth word of where FS points. */
uint64_t snp_shim_thread[8] = { [5] = UINT64_C(0x5ca1ab1e0ddba11a) };

/* Weak: a machine that has its own keeps it. */
#define WEAK __attribute__((weak))

WEAK void *memset(void *to, int value, size_t size)
{
	uint8_t *at = to;

	for (size_t i = 0; i < size; i++) {
		at[i] = (uint8_t)value;
	}
	return to;
}

WEAK void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	const uint8_t *source = from;
	uint8_t *at = to;

	for (size_t i = 0; i < size; i++) {
		at[i] = source[i];
	}
	return to;
}

WEAK void *memmove(void *to, const void *from, size_t size)
{
	const uint8_t *source = from;
	uint8_t *at = to;

	for (size_t i = 0; i < size; i++) {
		size_t n = at < source ? i : size - 1 - i;

		at[n] = source[n];
	}
	return to;
}

WEAK int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a;
	const uint8_t *right = b;

	for (size_t i = 0; i < size; i++) {
		if (left[i] != right[i]) {
			return left[i] < right[i] ? -1 : 1;
		}
	}
	return 0;
}

WEAK size_t strlen(const char *text)
{
	size_t size = 0;

	while (text[size] != '\0') {
		size++;
	}
	return size;
}

WEAK int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

static size_t class_of(size_t size)
{
	size_t class = 0;

	while (class < CLASSES && SMALLEST << class < size) {
		class ++;
	}
	return class;
}

static struct chunk *carve(size_t class)
{
	size_t size = sizeof(struct chunk) + (SMALLEST << class);
	struct chunk *chunk;

	if (size > sizeof(heap) - used) {
		return NULL;
	}
	chunk = (struct chunk *)(void *)(heap + used);
	used += size;
	chunk->class = class;
	return chunk;
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	size_t class;
	struct chunk *chunk;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		return NULL;
	}
	class = class_of(bytes);
	if (class == CLASSES) {
		return NULL;
	}
	chunk = free_chunks[class];
	if (chunk != NULL) {
		free_chunks[class] = chunk->next;
	} else {
		chunk = carve(class);
	}
	return chunk == NULL ? NULL : memset(chunk->bytes, 0, bytes);
}

void free(void *pointer)
{
	struct chunk *chunk;

	if (pointer == NULL) {
		return;
	}
	chunk = (struct chunk *)(void *)((uint8_t *)pointer -
					 offsetof(struct chunk, bytes));
	chunk->next = free_chunks[chunk->class];
	free_chunks[chunk->class] = chunk;
}

size_t snp_shim_used(void)
{
	return used;
}

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
	if (size > room) {
		__builtin_trap();
	}
	return memcpy(to, from, size);
}

void *__memset_chk(void *to, int value, size_t size, size_t room)
{
	if (size > room) {
		__builtin_trap();
	}
	return memset(to, value, size);
}

void __stack_chk_fail(void)
{
	__builtin_trap();
}

int __printf_chk(int flag, const char *format, ...)
{
	(void)flag;
	(void)format;
	return -1;
}

int puts(const char *text)
{
	(void)text;
	return -1;
}

int putchar(int character)
{
	(void)character;
	return -1;
}

void *fopen(const char *path, const char *mode)
{
	(void)path;
	(void)mode;
	return NULL;
}

int fclose(void *file)
{
	(void)file;
	return -1;
}

int ferror(void *file)
{
	(void)file;
	return 1;
}

char *fgets(char *room, int size, void *file)
{
	(void)room;
	(void)size;
	(void)file;
	return NULL;
}

size_t fread(void *room, size_t size, size_t count, void *file)
{
	(void)room;
	(void)size;
	(void)count;
	(void)file;
	return 0;
}

size_t fwrite(const void *bytes, size_t size, size_t count, void *file)
{
	(void)bytes;
	(void)size;
	(void)count;
	(void)file;
	return 0;
}

void *gmtime_r(const void *seconds, void *date)
{
	(void)seconds;
	(void)date;
	return NULL;
}

int pthread_mutex_init(void *mutex, const void *attributes)
{
	(void)mutex;
	(void)attributes;
	return 0;
}

int pthread_mutex_destroy(void *mutex)
{
	(void)mutex;
	return 0;
}

int pthread_mutex_lock(void *mutex)
{
	(void)mutex;
	return 0;
}

int pthread_mutex_unlock(void *mutex)
{
	(void)mutex;
	return 0;
}
