/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "cpu.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "vdso.h"

#define BELOW	    CBX_PAGE_SIZE /* room under the first frame */
#define SMALL_BYTES 64u		  /* random bytes, platform */

/* Where everything goes, from the top of the stack down. */
struct layout {
	uint64_t path;
	uint64_t envp;
	uint64_t argv;
	uint64_t platform;
	uint64_t random;
	uint64_t vector; /* argc: the program's first stack pointer */
};

/* The vector being written. */
struct writer {
	uint64_t *at;
};

static void put(struct writer *w, uint64_t word)
{
	*w->at++ = word;
}

static void put_pair(struct writer *w, uint64_t type, uint64_t value)
{
	put(w, type);
	put(w, value);
}

static void put_strings(struct writer *w, uint64_t at, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		put(w, at);
		at += strlen((const char *)at) + 1;
	}
	put(w, 0);
}

static void put_auxiliary(struct writer *w, const struct layout *layout,
	const struct cbx_loaded *loaded, uint64_t loader_base)
{
	put_pair(w, LX_AT_HWCAP, cbx_cpu_hwcap());
	put_pair(w, LX_AT_PAGESZ, CBX_PAGE_SIZE);
	put_pair(w, LX_AT_CLKTCK, 100);
	put_pair(w, LX_AT_PHDR, loaded->headers);
	put_pair(w, LX_AT_PHENT, 56);
	put_pair(w, LX_AT_PHNUM, loaded->header_count);
	put_pair(w, LX_AT_BASE, loader_base);
	put_pair(w, LX_AT_FLAGS, 0);
	put_pair(w, LX_AT_ENTRY, loaded->entry);
	put_pair(w, LX_AT_UID, 0);
	put_pair(w, LX_AT_EUID, 0);
	put_pair(w, LX_AT_GID, 0);
	put_pair(w, LX_AT_EGID, 0);
	put_pair(w, LX_AT_SECURE, 0);
	put_pair(w, LX_AT_RANDOM, layout->random);
	put_pair(w, LX_AT_HWCAP2, 0); /* GS base is the runtime's */
	put_pair(w, LX_AT_MINSIGSTKSZ, cbx_cpu_signal_stack());
	put_pair(w, LX_AT_EXECFN, layout->path);
	put_pair(w, LX_AT_PLATFORM, layout->platform);
	put_pair(w, LX_AT_SYSINFO_EHDR, cbx_vdso_place());
	put_pair(w, LX_AT_NULL, 0);
}

static uint64_t vector_bytes(const struct cbx_arguments *a)
{
	return (1 + a->argc + 1 + a->envc + 1 + 2 * 21) * sizeof(uint64_t);
}

static void lay_out(const struct cbx_arguments *a, struct layout *layout)
{
	uint64_t at = CBX_MEMORY_STACK_END - sizeof(uint64_t);

	at -= strlen(a->path) + 1;
	layout->path = at;
	at -= a->envp_bytes;
	layout->envp = at;
	at -= a->argv_bytes;
	layout->argv = at;
	at = (at & ~15ull) - SMALL_BYTES;
	layout->platform = at;
	layout->random = at + 16;
	layout->vector = (at - vector_bytes(a)) & ~15ull;
}

static bool fits(const struct cbx_arguments *a)
{
	uint64_t limit = CBX_MEMORY_STACK / 4;

	return a->argc < limit && a->envc < limit && a->argv_bytes < limit &&
	       a->envp_bytes < limit &&
	       a->argv_bytes + a->envp_bytes + vector_bytes(a) + LX_PATH_MAX +
			       4 * SMALL_BYTES <
		       limit;
}

int64_t cbx_load_stack(const struct cbx_arguments *arguments,
	const struct cbx_loaded *loaded, uint64_t loader_base, uint64_t *stack)
{
	const struct cbx_place place = {
		.start = CBX_MEMORY_STACK_END - CBX_MEMORY_STACK,
		.end = CBX_MEMORY_STACK_END,
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.kind = CBX_EXTENT_STACK,
		.lazy = true,
	};
	struct layout layout;
	struct writer writer;

	if (!fits(arguments)) {
		return -LX_E2BIG;
	}
	lay_out(arguments, &layout);
	if (cbx_memory_place(&place) != 0 ||
		!cbx_memory_populate(layout.vector - BELOW,
			place.end - layout.vector + BELOW, LX_PROT_WRITE)) {
		return -LX_ENOMEM;
	}
	memcpy((void *)layout.path, arguments->path,
		strlen(arguments->path) + 1);
	memcpy((void *)layout.envp, arguments->envp, arguments->envp_bytes);
	memcpy((void *)layout.argv, arguments->argv, arguments->argv_bytes);
	memcpy((void *)layout.platform, "x86_64", 7);
	cbx_gate_random((uint64_t *)layout.random);
	writer.at = (uint64_t *)layout.vector;
	put(&writer, arguments->argc);
	put_strings(&writer, layout.argv, arguments->argc);
	put_strings(&writer, layout.envp, arguments->envc);
	put_auxiliary(&writer, &layout, loaded, loader_base);
	*stack = layout.vector;
	return 0;
}
