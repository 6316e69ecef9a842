/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one file: a read-only base (the archive), over it chunks that
 * were written, and zeros elsewhere.  Nothing is copied before it is written.
 */
#ifndef CBX_RUNTIME_DATA_H
#define CBX_RUNTIME_DATA_H

#include <base/types.h>

#define CBX_DATA_CHUNK 0x10000u

struct cbx_data {
	const uint8_t *base;
	uint64_t base_bytes; /* at most size */
	uint8_t **chunk;     /* chunk[capacity]; NULL is not written */
	uint64_t capacity;
	uint64_t first_bytes; /* of chunk 0, which grows with a small file */
	uint64_t chunks;      /* that are there */
	uint64_t size;
	bool mapped; /* was once: what leaves is withdrawn (memory.h) */
};

/** Whole pages that hold a part of a file. */
struct cbx_pages {
	uint64_t at;	 /* their address */
	uint64_t offset; /* of the first byte, in the file */
	uint64_t bytes;	 /* whole pages; none is wholly past the file's end */
};

/**
 * The bytes at @p offset, as far as they lie together.
 *
 * @pre offset < data->size
 * @return how many, at least 1
 */
uint64_t cbx_data_peek(
	const struct cbx_data *data, uint64_t offset, const uint8_t **bytes);

/**
 * Pages that hold the byte at @p offset, and their neighbours, to be mapped.
 *
 * What is not written yet and lies on no page border is not there, unless it
 * is to be @p written: then it is made.
 *
 * @pre offset is a page's, and not past the end
 * @retval -ENODEV  there are none
 * @retval -ENOMEM
 */
CBX_MUST_CHECK int64_t cbx_data_pages(struct cbx_data *data, uint64_t offset,
	bool written, struct cbx_pages *pages);

/** Copy to memory that may not be mapped.
 * @return bytes, 0 at the end; -EFAULT when not even one could be copied */
int64_t cbx_data_read(const struct cbx_data *data, uint64_t offset, uint64_t va,
	uint64_t bytes);

/** Copy from memory that may not be mapped; the file grows as needed.
 * @return bytes; -EFAULT, -ENOSPC, -EFBIG when not even one was written */
int64_t cbx_data_write(
	struct cbx_data *data, uint64_t offset, uint64_t va, uint64_t bytes);

/** @retval -EFBIG, -ENOSPC, -ENOMEM  unchanged */
CBX_MUST_CHECK int64_t cbx_data_resize(struct cbx_data *data, uint64_t size);

/** Where the next data, or the next hole, begins at or after @p offset; the
 * size when there is none.  A hole is what takes no storage. */
uint64_t cbx_data_next(const struct cbx_data *data, uint64_t offset, bool hole);

/** Make [start, end) read as zeros, without storage where that can be.
 * @retval -ENOSPC  what it reads as did not change */
CBX_MUST_CHECK int64_t cbx_data_punch(
	struct cbx_data *data, uint64_t start, uint64_t end);

/** Give back all memory; the data is empty. */
void cbx_data_free(struct cbx_data *data);

/** Bytes of memory and archive it stands on. */
uint64_t cbx_data_stored(const struct cbx_data *data);

#endif
