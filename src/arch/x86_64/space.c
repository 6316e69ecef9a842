/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/entry.h>
#include <arch/x86_64/space.h>
#include <hal/hal.h>

enum cbx_status cbx_arch_space_create(
	struct cbx_arch_space *space, struct cbx_pfn table, uint32_t flags)
{
	struct cbx_x86_space *s = cbx_x86_space(space);
	struct cbx_x86_root *root = cbx_hal_page_map(table);

	/* The page may have been the root of a space a CPU still has loaded. */
	(void)cbx_x86_space_renew(root);
	cbx_hal_page_unmap(root);
	cbx_soft_create(&s->table, table);
	s->root = table.n;
	s->flags = flags;
	return CBX_OK;
}

/* Nothing enters it again: its contexts are gone. */
void cbx_arch_space_destroy(struct cbx_arch_space *space)
{
	cbx_x86_space(space)->unlinked = true;
}

/* Tables came or went: CPUs must copy the top-level entries again. */
static void relink(struct cbx_x86_space *s)
{
	struct cbx_x86_root *root =
		cbx_hal_page_map((struct cbx_pfn){ s->root });

	for (uint32_t i = 0; i < CBX_ENTRY_ROOT_COUNT; i++) {
		uint64_t bit = 1ull << i % 64;

		if (root->entry[i] != 0) {
			root->used[i / 64] |= bit;
		} else {
			root->used[i / 64] &= ~bit;
		}
	}
	(void)cbx_x86_space_renew(root);
	cbx_hal_page_unmap(root);
}

/* Retired tables are spares once no CPU walks them. */
static bool can_settle(const struct cbx_x86_space *s)
{
	return s->table.retireds != 0 && !s->unlinked &&
	       cbx_x86_space_seen(s->root, s->settle_token);
}

static void settle(struct cbx_x86_space *s)
{
	if (can_settle(s)) {
		cbx_soft_settle(&s->table);
	}
}

/* What can settle now does when the range is mapped. */
uint64_t cbx_arch_space_tables(
	const struct cbx_arch_space *space, struct cbx_va va, uint64_t count)
{
	const struct cbx_x86_space *s = cbx_x86_space_const(space);
	uint64_t needed = cbx_soft_tables(&s->table, va, count);
	uint64_t more = needed != 0 && can_settle(s) ? s->table.retireds : 0;

	return needed > more ? needed - more : 0;
}

void cbx_arch_space_table_give(
	struct cbx_arch_space *space, struct cbx_pfn table)
{
	cbx_soft_give(&cbx_x86_space(space)->table, table);
}

bool cbx_arch_space_spare_take(
	struct cbx_arch_space *space, struct cbx_pfn *table)
{
	struct cbx_x86_space *s = cbx_x86_space(space);

	settle(s);
	return cbx_soft_take_spare(&s->table, table);
}

bool cbx_arch_space_table_take(
	struct cbx_arch_space *space, struct cbx_pfn *table)
{
	struct cbx_x86_space *s = cbx_x86_space(space);

	cbx_soft_settle(&s->table);
	return cbx_soft_take(&s->table, table);
}

enum cbx_status cbx_arch_space_map(struct cbx_arch_space *space,
	struct cbx_va va, struct cbx_pfn pfn, uint64_t count,
	struct cbx_rights rights, uint64_t *done)
{
	struct cbx_x86_space *s = cbx_x86_space(space);
	uint64_t spares;

	settle(s);
	spares = s->table.spares;
	cbx_soft_map(&s->table, va, pfn, count, rights);
	if (s->table.spares != spares) {
		relink(s);
	}
	*done = count;
	return CBX_OK;
}

enum cbx_status cbx_arch_space_unmap(struct cbx_arch_space *space,
	struct cbx_va va, uint64_t count, uint64_t *done)
{
	struct cbx_x86_space *s = cbx_x86_space(space);
	uint64_t retireds;

	settle(s);
	retireds = s->table.retireds;
	cbx_soft_unmap(&s->table, va, count);
	if (s->table.retireds != retireds) {
		s->unlinked = true;
		relink(s);
	}
	*done = count;
	return CBX_OK;
}

enum cbx_status cbx_arch_space_protect(struct cbx_arch_space *space,
	struct cbx_va va, uint64_t count, struct cbx_rights rights,
	uint64_t *done)
{
	cbx_soft_protect(&cbx_x86_space(space)->table, va, count, rights);
	*done = count;
	return CBX_OK;
}

bool cbx_arch_space_lookup(const struct cbx_arch_space *space, struct cbx_va va,
	struct cbx_mapping *mapping)
{
	return cbx_soft_lookup(&cbx_x86_space_const(space)->table, va,
		&mapping->pfn, &mapping->rights);
}

bool cbx_arch_space_next(const struct cbx_arch_space *space, struct cbx_va *va,
	struct cbx_mapping *mapping)
{
	return cbx_soft_next(&cbx_x86_space_const(space)->table, va,
		&mapping->pfn, &mapping->rights);
}

uint64_t cbx_arch_space_flush(struct cbx_arch_space *space)
{
	struct cbx_x86_space *s = cbx_x86_space(space);
	struct cbx_x86_root *root;
	uint64_t token;

	root = cbx_hal_page_map((struct cbx_pfn){ s->root });
	token = cbx_x86_space_renew(root);
	cbx_hal_page_unmap(root);
	cbx_x86_space_drop(s->root);
	if (s->unlinked) {
		s->unlinked = false;
		s->settle_token = token;
	}
	settle(s);
	return token;
}

bool cbx_arch_space_flushed(const struct cbx_arch_space *space, uint64_t token)
{
	return cbx_x86_space_seen(cbx_x86_space_const(space)->root, token);
}
