/* SPDX-License-Identifier: Apache-2.0 */
/* Address spaces: the soft table, and what needs no pager. */
#include <hal/linux/space.h>

#include <hal/linux/check.h>

enum cbx_status cbx_arch_space_create(
	struct cbx_arch_space *space, struct cbx_pfn table, uint32_t flags)
{
	struct cbx_linux_space *s = cbx_linux_space(space);

	s->process = cbx_linux_process_create(flags);
	if (s->process == NULL) {
		return CBX_E_HARDWARE;
	}
	cbx_soft_create(&s->table, table);
	return CBX_OK;
}

void cbx_arch_space_destroy(struct cbx_arch_space *space)
{
	struct cbx_linux_space *s = cbx_linux_space(space);

	CBX_CHECK(s->process != NULL);
	cbx_linux_process_destroy(s->process);
	s->process = NULL;
}

uint64_t cbx_arch_space_tables(
	const struct cbx_arch_space *space, struct cbx_va va, uint64_t count)
{
	return cbx_soft_tables(&cbx_linux_space_const(space)->table, va, count);
}

void cbx_arch_space_table_give(
	struct cbx_arch_space *space, struct cbx_pfn table)
{
	cbx_soft_give(&cbx_linux_space(space)->table, table);
}

bool cbx_arch_space_spare_take(
	struct cbx_arch_space *space, struct cbx_pfn *table)
{
	return cbx_soft_take_spare(&cbx_linux_space(space)->table, table);
}

bool cbx_arch_space_table_take(
	struct cbx_arch_space *space, struct cbx_pfn *table)
{
	return cbx_soft_take(&cbx_linux_space(space)->table, table);
}

bool cbx_arch_space_lookup(const struct cbx_arch_space *space, struct cbx_va va,
	struct cbx_mapping *mapping)
{
	return cbx_soft_lookup(&cbx_linux_space_const(space)->table, va,
		&mapping->pfn, &mapping->rights);
}

bool cbx_arch_space_next(const struct cbx_arch_space *space, struct cbx_va *va,
	struct cbx_mapping *mapping)
{
	return cbx_soft_next(&cbx_linux_space_const(space)->table, va,
		&mapping->pfn, &mapping->rights);
}

/* The pager's calls have returned: no CPU translates the old way. */
uint64_t cbx_arch_space_flush(struct cbx_arch_space *space)
{
	return ++cbx_linux_space(space)->flushes;
}

bool cbx_arch_space_flushed(const struct cbx_arch_space *space, uint64_t token)
{
	CBX_CHECK(token <= cbx_linux_space_const(space)->flushes);
	return true;
}
