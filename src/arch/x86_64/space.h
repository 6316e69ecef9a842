/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address spaces of boxes, and which of them each CPU has loaded.
 *
 * A space's root is never loaded.  Each CPU has one root of its own for boxes;
 * cbx_x86_space_enter copies the space's top-level entries into it.  A context
 * knows its space by the root's page number alone, so what a CPU must know to
 * enter lies in the root page, in the half that is not the table's.
 *
 * A token is the value of one counter, advanced by each flush.  A CPU that has
 * a space loaded remembers the counter from before it read the tables; a flush
 * completed when no CPU has the space loaded with a smaller number.
 */
#ifndef CBX_ARCH_X86_64_SPACE_H
#define CBX_ARCH_X86_64_SPACE_H

#include <stdatomic.h>

#include <arch/arch.h>
#include <arch/soft/table.h>
#include <arch/x86_64/state.h>

/** What this arch keeps in struct cbx_arch_space. */
struct cbx_x86_space {
	struct cbx_soft_table table;
	uint64_t root; /* page number */
	uint32_t flags;
	bool unlinked; /* tables retired since the last flush */
	uint64_t settle_token;
};
_Static_assert(sizeof(struct cbx_x86_space) <= sizeof(struct cbx_arch_space),
	"struct cbx_arch_space");

/** The root page. */
struct cbx_x86_root {
	uint64_t entry[256];
	uint64_t unused[251];
	uint64_t used[4]; /* bits: entries that are not 0 */
	_Atomic uint64_t
		need; /* a CPU must load what was there at this token */
};
CBX_SIZE(CBX_PAGE_SIZE, cbx_x86_root);

static inline struct cbx_x86_space *cbx_x86_space(struct cbx_arch_space *space)
{
	return (struct cbx_x86_space *)(void *)space;
}

static inline const struct cbx_x86_space *cbx_x86_space_const(
	const struct cbx_arch_space *space)
{
	return (const struct cbx_x86_space *)(const void *)space;
}

/** CPUs must load the space anew. @return the token of it
 * @lock gate: tokens are made one at a time */
uint64_t cbx_x86_space_renew(struct cbx_x86_root *root);

/** The newest token. */
extern _Atomic uint64_t cbx_x86_counter;

/** The rest of the next function: when this CPU has another space, or a root
 * changed since it looked. */
void cbx_x86_space_load(uint64_t root);

/** Run on the tables of the space whose root is page @p root, from what was
 * mapped before this call on. */
static inline void cbx_x86_space_enter(uint64_t root)
{
	const struct cbx_x86_cpu *cpu = cbx_x86_cpu();

	if (cpu->loaded != root + 1 ||
		cpu->good != atomic_load(&cbx_x86_counter)) {
		cbx_x86_space_load(root);
	}
}

/** No CPU has the space loaded as it was before @p token; those that have are
 * kicked.  @param root  page number */
bool cbx_x86_space_seen(uint64_t root, uint64_t token);

/** If this CPU has the space loaded, it has not any more. */
void cbx_x86_space_drop(uint64_t root);

/** This CPU is to run no box for a while: nobody waits for what it has loaded. */
static inline void cbx_x86_space_rest(void)
{
	if (cbx_x86_cpu()->loaded != 0) {
		cbx_x86_space_drop(cbx_x86_cpu()->loaded - 1);
	}
}

/**
 * A page of box memory that the space this CPU has loaded lets its user write.
 *
 * What the last call found is kept for as long as the CPU keeps its own
 * translations: until it loads a space anew.
 *
 * @param va  any number
 * @return mapped (cbx_hal_page_map), or NULL when it cannot be written
 */
void *cbx_x86_space_page(uint64_t root, uint64_t va);

#endif
