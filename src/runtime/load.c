/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "lib.h"
#include "linux.h"
#include "memory.h"

/* The first bytes of a file, as many as lie together. */
static uint64_t head_of(const struct cbx_node *node, const uint8_t **head)
{
	if (node->data.size == 0) {
		return 0;
	}
	return cbx_data_peek(&node->data, 0, head);
}

enum cbx_elf_status cbx_load_check(
	const struct cbx_node *node, struct cbx_elf *elf)
{
	const uint8_t *head = NULL;
	uint64_t bytes = head_of(node, &head);
	enum cbx_elf_status status = cbx_elf_read(
		head, bytes, node->data.size, CBX_MEMORY_PIE / 2, elf);

	if (status == CBX_ELF_OK && !elf->independent &&
		elf->low < CBX_MEMORY_LOW) {
		return CBX_ELF_MALFORMED;
	}
	return status;
}

/* Map the pages of a segment that are the file's own, up to where it needs
 * something else. @return where that is */
static uint64_t map_pages(struct cbx_node *node,
	const struct cbx_elf_segment *segment, uint64_t va, uint64_t mapped)
{
	uint64_t end = va + segment->file_bytes;
	struct cbx_place place = {
		.start = cbx_page_floor(va),
		.end = segment->memory_bytes > segment->file_bytes
			       ? cbx_page_floor(end)
			       : cbx_page_ceil(end),
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.kind = CBX_EXTENT_PROGRAM,
		.file = node,
		.offset = cbx_page_floor(segment->offset),
	};

	if ((va - segment->offset) % CBX_PAGE_SIZE != 0 ||
		place.start < mapped || place.start >= place.end ||
		cbx_memory_place(&place) != 0) {
		return va;
	}
	return place.end;
}

/* Make one segment's pages memory: the file's, and behind them, or where they
 * do not lie as the program wants them, copies and zeros. */
static int64_t fill(struct cbx_node *node,
	const struct cbx_elf_segment *segment, uint64_t base, uint64_t *mapped)
{
	uint64_t va = base + segment->va;
	uint64_t at = map_pages(node, segment, va, *mapped);
	struct cbx_place place = {
		.start = cbx_max(cbx_page_floor(at), *mapped),
		.end = cbx_page_ceil(va + segment->memory_bytes),
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.kind = CBX_EXTENT_PROGRAM,
	};
	uint64_t rest = va + segment->file_bytes;

	if (place.start < place.end && cbx_memory_place(&place) != 0) {
		return -LX_ENOMEM;
	}
	*mapped = place.end;
	rest = rest > at ? rest - at : 0;
	return cbx_data_read(&node->data, segment->offset + (at - va), at,
		       rest) == (int64_t)rest
		       ? 0
		       : -LX_EIO;
}

/* Give a segment's pages its rights; a page shared with the segment before
 * has the rights of both. */
static int64_t protect(const struct cbx_elf *elf, uint64_t i, uint64_t base)
{
	const struct cbx_elf_segment *s = &elf->segment[i];
	uint64_t start = cbx_page_floor(s->va);
	uint64_t end = cbx_page_ceil(s->va + s->memory_bytes);
	int64_t status = 0;

	if (i != 0) {
		const struct cbx_elf_segment *before = s - 1;
		uint64_t border =
			cbx_page_ceil(before->va + before->memory_bytes);

		if (border > start) {
			status = cbx_memory_protect(base + start, base + border,
				(uint8_t)(s->prot | before->prot));
			start = border;
		}
	}
	if (status == 0 && start < end) {
		status = cbx_memory_protect(
			base + start, base + end, (uint8_t)s->prot);
	}
	return status;
}

int64_t cbx_load(struct cbx_node *node, const struct cbx_elf *elf,
	uint64_t base, struct cbx_loaded *loaded)
{
	uint64_t mapped = 0;
	int64_t status = 0;

	base = elf->independent ? base : 0;
	for (uint64_t i = 0; i < elf->count && status == 0; i++) {
		status = fill(node, &elf->segment[i], base, &mapped);
	}
	for (uint64_t i = 0; i < elf->count && status == 0; i++) {
		status = protect(elf, i, base);
	}
	*loaded = (struct cbx_loaded){
		.base = base,
		.entry = base + elf->entry,
		.headers = elf->headers_va == 0 ? 0 : base + elf->headers_va,
		.header_count = elf->headers,
		.end = base + elf->high,
	};
	return status;
}
