/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunks behind data.h.
 */
#ifndef CBX_RUNTIME_DATA_CHUNK_H
#define CBX_RUNTIME_DATA_CHUNK_H

#include "data.h"

/** Bytes of storage chunk @p i has; 0 when it is not there. */
uint64_t cbx_data_chunk_stored(const struct cbx_data *data, uint64_t i);

/** Bytes of the base that lie in chunk @p i. */
uint64_t cbx_data_chunk_base(const struct cbx_data *data, uint64_t i);

/** Store a whole chunk, its content as it is seen.
 * @return false when there is no memory */
CBX_MUST_CHECK bool cbx_data_chunk_make(struct cbx_data *data, uint64_t i);

/** Forget a chunk's storage.  @pre no process maps it */
void cbx_data_chunk_free(struct cbx_data *data, uint64_t i);

#endif
