/* SPDX-License-Identifier: Apache-2.0 */
#include <model/choose.h>

static uint64_t state;
static const uint8_t *next;
static size_t left;

void choose_seed(uint64_t seed)
{
	state = seed;
	next = NULL;
	left = 0;
}

void choose_bytes(const uint8_t *bytes, size_t size)
{
	next = bytes;
	left = size;
}

bool choose_over(void)
{
	return next != NULL && left == 0;
}

/* splitmix64 */
static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Little-endian; zeros follow the last byte. */
static uint64_t take(size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes && left != 0; i++, left--) {
		value |= (uint64_t)*next++ << 8 * i;
	}
	return value;
}

uint32_t choose(uint32_t n)
{
	uint64_t value = next == NULL ? draw() >> 16 : take(n > 256 ? 2 : 1);

	return (uint32_t)(value % n);
}

bool once_in(uint32_t n)
{
	return choose(n) == n - 1;
}

uint64_t choose_any(void)
{
	return next == NULL ? draw() : take(8);
}
