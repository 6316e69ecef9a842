/* SPDX-License-Identifier: Apache-2.0 */
/* Which space each CPU has loaded, and box memory as a loaded space sees it. */
#include <arch/x86_64/entry.h>
#include <arch/x86_64/machine.h>
#include <arch/x86_64/space.h>
#include <base/string.h>
#include <hal/hal.h>

/* What one CPU may hold translations of: the space it has, and the one it is
 * about to have.  Roots are page numbers plus one; 0 is none. */
struct load {
	_Atomic uint64_t root;
	_Atomic uint64_t token;
};
struct loads {
	struct load now;
	struct load next;
};

static struct loads loads[CBX_X86_CPUS_MAX];
static _Atomic uint64_t counter;

uint64_t cbx_x86_token(void)
{
	return atomic_fetch_add(&counter, 1) + 1;
}

static struct loads *mine(void)
{
	return &loads[cbx_x86_cpu()->number];
}

/* Copy the top-level entries; those of the space before are taken out. */
static void copy_tops(const struct cbx_x86_root *root)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t *to = (uint64_t *)CBX_CPU_AT(CBX_CPU_ROOT_PAGE);

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

static void load(struct loads *l, const struct cbx_x86_root *root, uint64_t n)
{
	uint64_t token = atomic_load(&counter);

	atomic_store(&l->next.token, token);
	atomic_store(&l->next.root, n + 1);
	copy_tops(root);
	cbx_x86_root_load(cbx_x86_cpu()->root);
	atomic_store(&l->now.root, 0);
	atomic_store(&l->now.token, token);
	atomic_store(&l->now.root, n + 1);
	atomic_store(&l->next.root, 0);
}

void cbx_x86_space_enter(uint64_t n)
{
	const struct cbx_x86_root *root =
		cbx_hal_page_map((struct cbx_pfn){ n });
	struct loads *l = mine();

	if (atomic_load(&l->now.root) != n + 1 ||
		atomic_load(&l->now.token) < atomic_load(&root->need)) {
		load(l, root, n);
	}
	cbx_hal_page_unmap(root);
}

void cbx_x86_space_leave(void)
{
	atomic_store(&mine()->now.root, 0);
}

void cbx_x86_space_drop(uint64_t root)
{
	if (atomic_load(&mine()->now.root) == root + 1) {
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

	if (is_stale(&mine()->now, root, token)) {
		cbx_x86_space_drop(root);
	}
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		if (is_stale(&loads[i].next, root, token) ||
			is_stale(&loads[i].now, root, token)) {
			cbx_hal_cpu_kick(i);
			seen = false;
		}
	}
	return seen;
}

static uint64_t entry_at(uint64_t page, uint64_t index)
{
	const uint64_t *entries = cbx_hal_page_map((struct cbx_pfn){ page });
	uint64_t entry = __atomic_load_n(&entries[index], __ATOMIC_RELAXED);

	cbx_hal_page_unmap(entries);
	return entry;
}

/* The page a user writes at va.  Tables may change meanwhile, but what this
 * CPU has loaded is not given to anybody else before it loads anew; an entry
 * of another level than expected is known by its rights. */
static bool find_page(uint64_t root, uint64_t va, uint64_t *page)
{
	uint64_t at = root;

	for (uint32_t shift = 39; shift >= CBX_PAGE_SHIFT; shift -= 9) {
		uint64_t entry = entry_at(at, va >> shift & 511);
		bool leaf = cbx_entry_rights(entry).bits != 0;

		if ((entry & CBX_ENTRY_PRESENT) == 0 ||
			leaf != (shift == CBX_PAGE_SHIFT) ||
			(leaf && (entry & CBX_ENTRY_WRITE) == 0)) {
			return false;
		}
		at = cbx_entry_pfn(entry).n;
	}
	*page = at;
	return true;
}

static bool go(struct cbx_x86_place *place, uint64_t va)
{
	va &= ~(CBX_PAGE_SIZE - 1ull);
	if (place->page == 0 || place->va != va) {
		place->page = 0;
		place->va = va;
		return find_page(place->root, va, &place->page);
	}
	return true;
}

static void write_page(
	uint64_t page, uint64_t offset, const void *from, uint64_t bytes)
{
	uint8_t *to = cbx_hal_page_map((struct cbx_pfn){ page });

	memcpy(to + offset, from, bytes);
	cbx_hal_page_unmap(to);
}

bool cbx_x86_space_write(struct cbx_x86_place *place, uint64_t va,
	const void *from, uint64_t bytes)
{
	const uint8_t *next = from;

	if (!cbx_va_bytes_valid((struct cbx_va){ va }, bytes)) {
		return false;
	}
	while (bytes != 0) {
		uint64_t offset = va % CBX_PAGE_SIZE;
		uint64_t n = CBX_PAGE_SIZE - offset;

		n = n < bytes ? n : bytes;
		if (!go(place, va)) {
			return false;
		}
		write_page(place->page, offset, next, n);
		next += n;
		va += n;
		bytes -= n;
	}
	return true;
}
