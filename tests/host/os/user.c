/* SPDX-License-Identifier: Apache-2.0 */
/* The user's memory, through the direct map.  The lock is held, so a leaf that
 * is there stays, and the page behind it is the host's. */
#include <host/os/os.h>

#include <asm/mman.h>

#define IN_PAGE(va) ((va) & (CBX_PAGE_SIZE - 1))

/* Where the byte at @p va is; NULL when the user could not get at it. */
static uint8_t *byte_at(uint64_t va, uint32_t prot)
{
	uint64_t entry;

	if (va >= OS_USER_END || os_map_fault(va, prot) != OS_FAULT_NONE) {
		return NULL;
	}
	entry = os_leaf(va);
	if ((entry & CBX_PTE_U) == 0 ||
		((prot & PROT_WRITE) != 0 && (entry & CBX_PTE_W) == 0)) {
		return NULL;
	}
	return (uint8_t *)OS_DIRECT(
		       (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT) +
	       IN_PAGE(va);
}

static bool reachable(uint64_t va, uint64_t size, uint32_t prot)
{
	uint64_t end = va + size;

	if (size > OS_USER_END || va > OS_USER_END - size) {
		return false;
	}
	for (; va < end; va += CBX_PAGE_SIZE - IN_PAGE(va)) {
		if (byte_at(va, prot) == NULL) {
			return false;
		}
	}
	return true;
}

static uint64_t piece(uint64_t va, uint64_t size)
{
	uint64_t room = CBX_PAGE_SIZE - IN_PAGE(va);

	return size < room ? size : room;
}

bool os_get(void *to, uint64_t va, uint64_t size)
{
	uint8_t *out = to;

	if (!reachable(va, size, PROT_READ)) {
		return false;
	}
	while (size > 0) {
		uint64_t n = piece(va, size);

		memcpy(out, byte_at(va, PROT_READ), n);
		out += n;
		va += n;
		size -= n;
	}
	return true;
}

bool os_put(uint64_t va, const void *from, uint64_t size)
{
	const uint8_t *in = from;

	if (!reachable(va, size, PROT_WRITE)) {
		return false;
	}
	while (size > 0) {
		uint64_t n = piece(va, size);

		memcpy(byte_at(va, PROT_WRITE), in, n);
		in += n;
		va += n;
		size -= n;
	}
	return true;
}

bool os_get_text(char *to, uint64_t va, uint64_t room)
{
	for (uint64_t i = 0; i < room; i++) {
		if (!os_get(&to[i], va + i, 1)) {
			return false;
		}
		if (to[i] == '\0') {
			return true;
		}
	}
	return false;
}
