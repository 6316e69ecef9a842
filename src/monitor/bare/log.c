/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot log: what whoever loaded us says it loaded.  It rides at the end of
 * the host's image: the log, then its length and a magic number.
 */
#include <base/string.h>
#include <monitor/bare/bare.h>

#define LOG_MAGIC 0x31474f4c58424300ull /* "\0CBXLOG1" */

struct trailer {
	uint64_t bytes; /* of the log before it */
	uint64_t magic;
};
CBX_SIZE(16, trailer);

static uint8_t kept[CBX_PAGE_SIZE];

void cbx_bare_log(struct cbx_x86_boot *boot)
{
	uint64_t end = boot->module_address + boot->module_bytes;
	struct trailer trailer;

	if (boot->module_bytes < sizeof(trailer)) {
		return;
	}
	memcpy(&trailer, (const void *)(end - sizeof(trailer)),
		sizeof(trailer));
	if (trailer.magic != LOG_MAGIC) {
		return;
	}
	if (trailer.bytes == 0 || trailer.bytes > sizeof(kept) ||
		trailer.bytes > boot->module_bytes - sizeof(trailer)) {
		cbx_bare_fail("the boot log is malformed");
	}
	boot->module_bytes -= sizeof(trailer) + trailer.bytes;
	memcpy(kept, (const void *)(end - sizeof(trailer) - trailer.bytes),
		trailer.bytes);
	boot->log = kept;
	boot->log_bytes = trailer.bytes;
}
