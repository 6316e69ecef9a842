/* SPDX-License-Identifier: Apache-2.0 */
/* Names of flags, and what pointers point to (trace_flags.def). */
#ifndef CBX_TOOLS_TRACE_SHAPE_H
#define CBX_TOOLS_TRACE_SHAPE_H

#include <tools/trace_value.h>

/** Box memory, page by page.  @return bytes read */
size_t cbx_trace_peek(struct cbx_box *box, uint64_t va, void *buf, size_t size);

/** Show an argument by its names or its shape.  @return false: it has none */
bool cbx_trace_shape(
	struct cbx_trace_text *text, const struct cbx_trace_value *value);

/** Whether it is filled by the call. */
bool cbx_trace_shape_waits(uint32_t number, unsigned int index);

#endif
