/* SPDX-License-Identifier: Apache-2.0 */
#include <host/os/os.h>

/* Words first: an emulator takes as long for a byte. */
void *memset(void *dst, int byte, size_t size)
{
	uint64_t word = (uint8_t)byte * 0x0101010101010101ull;
	size_t words = size / 8;
	size_t bytes = size % 8;
	void *at = dst;

	__asm__ volatile("rep stosq\n\t"
			 "mov %2, %1\n\t"
			 "rep stosb"
			 : "+&D"(at), "+&c"(words)
			 : "r"(bytes), "a"(word)
			 : "memory");
	return dst;
}

void *memcpy(void *dst, const void *src, size_t size)
{
	size_t words = size / 8;
	size_t bytes = size % 8;
	void *at = dst;

	__asm__ volatile("rep movsq\n\t"
			 "mov %3, %2\n\t"
			 "rep movsb"
			 : "+&D"(at), "+&S"(src), "+&c"(words)
			 : "r"(bytes)
			 : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (size_t i = 0; i < size; i++) {
		if (x[i] != y[i]) {
			return x[i] - y[i];
		}
	}
	return 0;
}

uint64_t os_length(const char *text)
{
	uint64_t length = 0;

	while (text[length] != '\0') {
		length++;
	}
	return length;
}

bool os_same(const char *a, const char *b)
{
	uint64_t length = os_length(a);

	return length == os_length(b) && memcmp(a, b, length) == 0;
}
