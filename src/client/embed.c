/* SPDX-License-Identifier: Apache-2.0 */
#include <client/embed.h>

extern const uint8_t cbx_embed_monitor_start[];
extern const uint8_t cbx_embed_monitor_end[];
extern const uint8_t cbx_embed_runtime_start[];
extern const uint8_t cbx_embed_runtime_end[];

struct cbx_blob cbx_embed_monitor(void)
{
	return (struct cbx_blob){ cbx_embed_monitor_start,
		(size_t)(cbx_embed_monitor_end - cbx_embed_monitor_start) };
}

struct cbx_blob cbx_embed_runtime(void)
{
	return (struct cbx_blob){ cbx_embed_runtime_start,
		(size_t)(cbx_embed_runtime_end - cbx_embed_runtime_start) };
}
