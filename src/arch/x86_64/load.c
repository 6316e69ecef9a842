/* SPDX-License-Identifier: Apache-2.0 */
/* Which space each CPU has loaded, and box memory as a loaded space sees it. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/entry.h>
#include <arch/x86_64/machine.h>
#include <arch/x86_64/space.h>
#include <base/string.h>
#include <hal/hal.h>

/* What one CPU may hold translations of: the space it has, and the one it is
 * about to have, in turn.  Roots are page numbers plus one; 0 is none. */
struct load {
	_Atomic uint64_t root;
	_Atomic uint64_t token;
};
struct loads {
	struct load load[2];
	/* The CPU's own: whose entries its box root has, read at which token. */
	uint64_t tops_root;
	uint64_t tops_token;
};

static struct loads loads[CBX_X86_CPUS_MAX];
_Atomic uint64_t cbx_x86_counter;

/* A CPU that finds the counter as it was finds no root changed, so the root
 * says it first. */
uint64_t cbx_x86_space_renew(struct cbx_x86_root *root)
{
	uint64_t token = atomic_load(&cbx_x86_counter) + 1;

	atomic_store(&root->need, token);
	atomic_store(&cbx_x86_counter, token);
	return token;
}

static struct loads *mine(void)
{
	return &loads[cbx_x86_cpu()->number];
}

/* Copy the top-level entries; those of the space before are taken out. */
static void copy_tops(const struct cbx_x86_root *root)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t *to = CBX_CPU_HERE(CBX_CPU_ROOT_PAGE);

	for (uint32_t word = 0; word < 4; word++) {
		uint64_t bits = root->used[word] | cpu->tops[word];

		cpu->tops[word] = root->used[word];
		for (; bits != 0; bits &= bits - 1) {
			uint32_t i =
				word * 64 + (uint32_t)__builtin_ctzll(bits);

			if (i != CBX_REPLY_SLOT) {
				to[i] = root->entry[i];
			}
		}
	}
}

/* The box root has the space's entries as they were at @p token or later. */
static bool refresh(struct loads *l, uint64_t n, uint64_t token)
{
	const struct cbx_x86_root *root =
		cbx_hal_page_map((struct cbx_pfn){ n });
	bool stale = l->tops_root != n + 1 ||
		     l->tops_token < atomic_load(&root->need);

	if (stale) {
		l->tops_root = n + 1;
		l->tops_token = token;
		copy_tops(root);
	}
	cbx_x86_cpu()->good = token;
	cbx_hal_page_unmap(root);
	return stale;
}

/* From before anything is read until it is in CR3, the CPU is about to have the
 * space: a flush from now on waits for it. */
static void load(struct loads *l, uint64_t n)
{
	struct load *last = &l->load[cbx_x86_cpu()->load];
	struct load *next = &l->load[cbx_x86_cpu()->load ^= 1];
	uint64_t token = atomic_load(&cbx_x86_counter);

	atomic_store_explicit(&next->token, token, memory_order_release);
	atomic_store(&next->root, n + 1);
	if (l->tops_root != n + 1 ||
		atomic_load(&cbx_x86_counter) != cbx_x86_cpu()->good) {
		(void)refresh(l, n, token);
	}
	cbx_x86_root_load(cbx_x86_cpu()->root);
	cbx_x86_segments_clear(); /* the host may have run, and loaded others */
	cbx_x86_cpu()->last.page = 0;
	atomic_store_explicit(&last->root, 0, memory_order_release);
	cbx_x86_cpu()->loaded = n + 1;
}

void cbx_x86_space_load(uint64_t n)
{
	struct loads *l = mine();
	uint64_t token = atomic_load(&cbx_x86_counter);

	if (cbx_x86_cpu()->loaded != n + 1 || refresh(l, n, token)) {
		load(l, n);
	}
}

void cbx_x86_space_leave(void)
{
	cbx_x86_cpu()->loaded = 0;
	atomic_store_explicit(&mine()->load[cbx_x86_cpu()->load].root, 0,
		memory_order_release);
}

void cbx_x86_space_drop(uint64_t root)
{
	if (cbx_x86_cpu()->loaded == root + 1) {
		cbx_x86_root_load(cbx_x86_cpu()->home);
		cbx_x86_space_leave();
	}
}

static bool is_stale(const struct load *l, uint64_t root, uint64_t token)
{
	return atomic_load(&l->root) == root + 1 &&
	       atomic_load(&l->token) < token;
}

bool cbx_x86_space_seen(uint64_t root, uint64_t token)
{
	bool seen = true;

	if (is_stale(&mine()->load[cbx_x86_cpu()->load], root, token)) {
		cbx_x86_space_drop(root);
	}
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		if (is_stale(&loads[i].load[0], root, token) ||
			is_stale(&loads[i].load[1], root, token)) {
			cbx_hal_cpu_kick(i);
			seen = false;
		}
	}
	return seen;
}

uint64_t cbx_x86_entry_read(struct cbx_pfn table, uint64_t index)
{
	const uint64_t *entries = cbx_hal_page_map(table);
	uint64_t entry = __atomic_load_n(&entries[index], __ATOMIC_RELAXED);

	cbx_hal_page_unmap(entries);
	return entry;
}

/* The page a user writes at va.  Tables may change meanwhile, but what this
 * CPU has loaded is not given to anybody else before it loads anew; an entry
 * of another level than expected is known by its rights. */
static bool find_page(uint64_t root, uint64_t va, uint64_t *page)
{
	struct cbx_pfn at = { root };

	for (uint32_t shift = 39; shift >= CBX_PAGE_SHIFT; shift -= 9) {
		uint64_t entry = cbx_x86_entry_read(at, va >> shift & 511);
		bool leaf = cbx_entry_rights(entry).bits != 0;

		if ((entry & CBX_ENTRY_PRESENT) == 0 ||
			leaf != (shift == CBX_PAGE_SHIFT) ||
			(leaf && (entry & CBX_ENTRY_WRITE) == 0)) {
			return false;
		}
		at = cbx_entry_pfn(entry);
	}
	*page = at.n;
	return true;
}

void *cbx_x86_space_page(uint64_t root, uint64_t va)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();

	va &= ~(CBX_PAGE_SIZE - 1ull);
	if (cpu->last.page == 0 || cpu->last.va != va) {
		cpu->last.page = 0;
		cpu->last.va = va;
		if (!cbx_va_bytes_valid((struct cbx_va){ va }, CBX_PAGE_SIZE) ||
			!find_page(root, va, &cpu->last.page)) {
			return NULL;
		}
	}
	return cbx_hal_page_map((struct cbx_pfn){ cpu->last.page });
}
