/* SPDX-License-Identifier: Apache-2.0 */
/* Holes in files: chunks that are not there. */
#include "data.h"
#include "data_chunk.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"

static bool is_hole(const struct cbx_data *data, uint64_t i)
{
	return cbx_data_chunk_stored(data, i) == 0 &&
	       cbx_data_chunk_base(data, i) == 0;
}

uint64_t cbx_data_next(const struct cbx_data *data, uint64_t offset, bool hole)
{
	while (offset < data->size) {
		uint64_t i = offset / CBX_DATA_CHUNK;

		if (is_hole(data, i) == hole) {
			return offset;
		}
		offset = (i + 1) * CBX_DATA_CHUNK;
	}
	return data->size;
}

/* Have chunk @p i, where the archive would show through a hole in it. */
static bool cover(struct cbx_data *data, uint64_t i)
{
	return cbx_data_chunk_stored(data, i) != 0 ||
	       cbx_data_chunk_base(data, i) == 0 ||
	       cbx_data_chunk_make(data, i);
}

/* Make the bytes [from, to) of chunk @p i zero. */
static void clear(struct cbx_data *data, uint64_t i, uint64_t from, uint64_t to)
{
	uint64_t stored = cbx_data_chunk_stored(data, i);

	if (from == 0 && to == CBX_DATA_CHUNK &&
		cbx_data_chunk_base(data, i) == 0) {
		if (data->mapped) {
			cbx_memory_withdraw(data, i * CBX_DATA_CHUNK,
				(i + 1) * CBX_DATA_CHUNK);
		}
		cbx_data_chunk_free(data, i);
	} else if (from < stored) {
		memset(data->chunk[i] + from, 0, cbx_min(to, stored) - from);
	}
}

int64_t cbx_data_punch(struct cbx_data *data, uint64_t start, uint64_t end)
{
	/* what is past the end is zero already */
	end = cbx_min(end, cbx_page_ceil(data->size));
	for (uint64_t at = start; at < end;
		at = (at / CBX_DATA_CHUNK + 1) * CBX_DATA_CHUNK) {
		if (!cover(data, at / CBX_DATA_CHUNK)) {
			return -LX_ENOSPC;
		}
	}
	while (start < end) {
		uint64_t i = start / CBX_DATA_CHUNK;
		uint64_t next = (i + 1) * CBX_DATA_CHUNK;
		/* a chunk that ends with the file goes as a whole */
		uint64_t to = end == cbx_page_ceil(data->size)
				      ? next
				      : cbx_min(next, end);

		clear(data, i, start % CBX_DATA_CHUNK, to - i * CBX_DATA_CHUNK);
		start = next;
	}
	return 0;
}
