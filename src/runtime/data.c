/* SPDX-License-Identifier: Apache-2.0 */
#include "data.h"

#include "data_chunk.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "user.h"

#define FIRST_MIN 128u

static const uint8_t zeros[CBX_PAGE_SIZE];

uint64_t cbx_data_chunk_stored(const struct cbx_data *data, uint64_t i)
{
	if (i >= data->capacity || data->chunk[i] == NULL) {
		return 0;
	}
	return i == 0 ? data->first_bytes : CBX_DATA_CHUNK;
}

uint64_t cbx_data_peek(
	const struct cbx_data *data, uint64_t offset, const uint8_t **bytes)
{
	uint64_t i = offset / CBX_DATA_CHUNK;
	uint64_t in = offset % CBX_DATA_CHUNK;
	uint64_t length = cbx_min(data->size - offset, CBX_DATA_CHUNK - in);

	if (cbx_data_chunk_stored(data, i) > in) {
		*bytes = data->chunk[i] + in;
		return cbx_min(length, cbx_data_chunk_stored(data, i) - in);
	}
	if (cbx_data_chunk_stored(data, i) == 0 && offset < data->base_bytes) {
		*bytes = data->base + offset;
		return data->chunks == 0
			       ? data->base_bytes - offset
			       : cbx_min(length, data->base_bytes - offset);
	}
	*bytes = zeros;
	return cbx_min(length, sizeof(zeros));
}

int64_t cbx_data_read(const struct cbx_data *data, uint64_t offset, uint64_t va,
	uint64_t bytes)
{
	uint64_t done = 0;

	if (offset >= data->size) {
		return 0;
	}
	bytes = cbx_min(bytes, data->size - offset);
	while (done < bytes) {
		const uint8_t *from;
		uint64_t part =
			cbx_min(cbx_data_peek(data, offset + done, &from),
				bytes - done);
		uint64_t left = cbx_user_copy((void *)(va + done), from, part);

		done += part - left;
		if (left != 0) {
			return done == 0 ? -LX_EFAULT : (int64_t)done;
		}
	}
	return (int64_t)done;
}

uint64_t cbx_data_chunk_base(const struct cbx_data *data, uint64_t i)
{
	uint64_t start = i * CBX_DATA_CHUNK;

	return data->base_bytes <= start
		       ? 0
		       : cbx_min(data->base_bytes - start, CBX_DATA_CHUNK);
}

/* Nobody maps the pages of chunks [i, end) any more. */
static void withdraw_chunks(
	const struct cbx_data *data, uint64_t i, uint64_t end)
{
	cbx_memory_withdraw(data, i * CBX_DATA_CHUNK, end * CBX_DATA_CHUNK);
}

/* Make chunk @p i writable for its first @p bytes bytes. */
static bool make_chunk(struct cbx_data *data, uint64_t i, uint64_t bytes)
{
	uint64_t had = cbx_data_chunk_stored(data, i);
	uint64_t valid = had != 0 ? had : cbx_data_chunk_base(data, i);
	uint64_t size = CBX_DATA_CHUNK;
	uint8_t *chunk;

	if (i == 0) {
		size = cbx_min(cbx_heap_size(cbx_max(
				       cbx_max(bytes, valid), FIRST_MIN)),
			CBX_DATA_CHUNK);
	}
	chunk = cbx_heap_take(size);
	if (chunk == NULL) {
		return false;
	}
	if (valid != 0) {
		memcpy(chunk,
			had != 0 ? data->chunk[i]
				 : data->base + i * CBX_DATA_CHUNK,
			valid);
	}
	memset(chunk + valid, 0, size - valid);
	if (data->mapped) {
		withdraw_chunks(data, i, i + 1);
	}
	if (had != 0) {
		cbx_heap_give(data->chunk[i], had);
	} else {
		data->chunks++;
	}
	data->chunk[i] = chunk;
	if (i == 0) {
		data->first_bytes = size;
	}
	return true;
}

static bool make_table(struct cbx_data *data, uint64_t count)
{
	uint64_t had = data->capacity;

	if (count <= had) {
		return true;
	}
	if (!cbx_heap_grow((void **)&data->chunk, &data->capacity, count,
		    sizeof(data->chunk[0]))) {
		return false;
	}
	memset(&data->chunk[had], 0,
		(data->capacity - had) * sizeof(data->chunk[0]));
	return true;
}

bool cbx_data_chunk_make(struct cbx_data *data, uint64_t i)
{
	return make_table(data, i + 1) && make_chunk(data, i, CBX_DATA_CHUNK);
}

/* The chunks around @p i that lie together, as many as a gate maps. */
static void find_chunks(
	const struct cbx_data *data, uint64_t i, struct cbx_pages *pages)
{
	const uint64_t most =
		CBX_RANGE_PAGES_MAX * CBX_PAGE_SIZE / CBX_DATA_CHUNK;
	uint64_t last = i + 1;
	uint64_t first = i;

	while (first > 0 &&
		cbx_data_chunk_stored(data, first - 1) == CBX_DATA_CHUNK &&
		last - first < most &&
		data->chunk[first - 1] + CBX_DATA_CHUNK == data->chunk[first]) {
		first--;
	}
	while (cbx_data_chunk_stored(data, last) == CBX_DATA_CHUNK &&
		last - first < most &&
		data->chunk[last - 1] + CBX_DATA_CHUNK == data->chunk[last]) {
		last++;
	}
	pages->at = (uint64_t)data->chunk[first];
	pages->offset = first * CBX_DATA_CHUNK;
	pages->bytes =
		cbx_min(last * CBX_DATA_CHUNK, cbx_page_ceil(data->size)) -
		pages->offset;
}

/* The base's whole pages, where nothing was written. */
static bool find_base(
	const struct cbx_data *data, uint64_t i, struct cbx_pages *pages)
{
	uint64_t end = cbx_page_floor(data->base_bytes);

	pages->offset = 0;
	if (data->chunks != 0) {
		pages->offset = i * CBX_DATA_CHUNK;
		end = cbx_min(end, pages->offset + CBX_DATA_CHUNK);
	}
	pages->at = (uint64_t)data->base + pages->offset;
	pages->bytes = end > pages->offset ? end - pages->offset : 0;
	return (uint64_t)data->base % CBX_PAGE_SIZE == 0;
}

int64_t cbx_data_pages(struct cbx_data *data, uint64_t offset, bool written,
	struct cbx_pages *pages)
{
	uint64_t i = offset / CBX_DATA_CHUNK;

	if (written && cbx_data_chunk_stored(data, i) != CBX_DATA_CHUNK &&
		!cbx_data_chunk_make(data, i)) {
		return -LX_ENOMEM;
	}
	data->mapped = true;
	if (cbx_data_chunk_stored(data, i) == CBX_DATA_CHUNK) {
		find_chunks(data, i, pages);
		return 0;
	}
	if (cbx_data_chunk_stored(data, i) == 0 && find_base(data, i, pages) &&
		offset < pages->offset + pages->bytes) {
		return 0;
	}
	return -LX_ENODEV;
}

/* Write into one chunk; bytes not written in *left. */
static bool write_part(struct cbx_data *data, uint64_t offset, uint64_t va,
	uint64_t bytes, uint64_t *left)
{
	uint64_t i = offset / CBX_DATA_CHUNK;
	uint64_t in = offset % CBX_DATA_CHUNK;

	*left = bytes;
	if (!make_table(data, i + 1)) {
		return false;
	}
	if (cbx_data_chunk_stored(data, i) < in + bytes &&
		!make_chunk(data, i, in + bytes)) {
		return false;
	}
	*left = cbx_user_copy(data->chunk[i] + in, (const void *)va, bytes);
	if (*left != bytes) {
		data->size = cbx_max(data->size, offset + bytes - *left);
	}
	return true;
}

int64_t cbx_data_write(
	struct cbx_data *data, uint64_t offset, uint64_t va, uint64_t bytes)
{
	uint64_t done = 0;

	if (offset > LX_FILE_MAX || bytes > LX_FILE_MAX - offset) {
		return -LX_EFBIG;
	}
	while (done < bytes) {
		uint64_t at = offset + done;
		uint64_t part = cbx_min(
			bytes - done, CBX_DATA_CHUNK - at % CBX_DATA_CHUNK);
		uint64_t left;
		bool room = write_part(data, at, va + done, part, &left);

		done += part - left;
		if (left != 0) {
			int64_t error = room ? -LX_EFAULT : -LX_ENOSPC;

			return done == 0 ? error : (int64_t)done;
		}
	}
	return (int64_t)done;
}

void cbx_data_chunk_free(struct cbx_data *data, uint64_t i)
{
	if (cbx_data_chunk_stored(data, i) != 0) {
		cbx_heap_give(data->chunk[i], cbx_data_chunk_stored(data, i));
		data->chunk[i] = NULL;
		data->chunks--;
	}
}

int64_t cbx_data_resize(struct cbx_data *data, uint64_t size)
{
	uint64_t in = size % CBX_DATA_CHUNK;
	uint64_t last = size / CBX_DATA_CHUNK;

	if (size > LX_FILE_MAX) {
		return -LX_EFBIG;
	}
	if (size < data->size) {
		if (!cbx_memory_cut(data, size)) {
			return -LX_ENOMEM;
		}
		if (data->mapped) {
			cbx_memory_withdraw(data, size, data->size);
		}
		for (uint64_t i = last + (in != 0); i < data->capacity; i++) {
			cbx_data_chunk_free(data, i);
		}
		if (in != 0 && cbx_data_chunk_stored(data, last) > in) {
			memset(data->chunk[last] + in, 0,
				cbx_data_chunk_stored(data, last) - in);
		}
		data->base_bytes = cbx_min(data->base_bytes, size);
	}
	data->size = size;
	return 0;
}

void cbx_data_free(struct cbx_data *data)
{
	for (uint64_t i = 0; i < data->capacity; i++) {
		cbx_data_chunk_free(data, i);
	}
	cbx_heap_give(data->chunk, data->capacity * sizeof(data->chunk[0]));
	*data = (struct cbx_data){ 0 };
}

uint64_t cbx_data_stored(const struct cbx_data *data)
{
	if (data->chunks == 0) {
		return data->base_bytes;
	}
	if (data->size <= CBX_DATA_CHUNK) {
		return data->size;
	}
	return cbx_max(data->chunks * CBX_DATA_CHUNK, data->base_bytes);
}
