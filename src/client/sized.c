/* SPDX-License-Identifier: Apache-2.0 */
#include <client/sized.h>

#include <string.h>

#define SIZE_ABSURD 65536u

static size_t size_of(const void *sized)
{
	size_t size;

	memcpy(&size, sized, sizeof(size));
	return size;
}

static bool is_zero(const unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != 0) {
			return false;
		}
	}
	return true;
}

bool cbx_sized_valid(const void *to, size_t first)
{
	size_t size = size_of(to);

	return size >= first && size <= SIZE_ABSURD;
}

bool cbx_sized_read(void *to, size_t known, const void *from, size_t first)
{
	size_t size = size_of(from);

	if (!cbx_sized_valid(from, first)) {
		return false;
	}
	if (size > known &&
		!is_zero((const unsigned char *)from + known, size - known)) {
		return false;
	}
	memset(to, 0, known);
	memcpy(to, from, size < known ? size : known);
	return true;
}

void cbx_sized_write(void *to, const void *from, size_t known)
{
	size_t size = size_of(to);
	size_t part = size < known ? size : known;

	memcpy((unsigned char *)to + sizeof(size_t),
		(const unsigned char *)from + sizeof(size_t),
		part - sizeof(size_t));
	if (size > known) {
		memset((unsigned char *)to + known, 0, size - known);
	}
}
