/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations: the kernel is asked first, by the pager; the soft table, which
 * cannot fail, follows.  When the process is dead only the table is left.
 */
#include <hal/linux/space.h>

#include <sys/mman.h>
#include <sys/syscall.h>

#include <hal/linux/check.h>
#include <hal/linux/memory.h>
#include <hal/linux/pager.h>

_Static_assert(PROT_READ == CBX_RIGHT_R && PROT_WRITE == CBX_RIGHT_W &&
		       PROT_EXEC == CBX_RIGHT_X,
	"rights are protections");

static const uint64_t stub_fd[CBX_FILES] = {
	[CBX_FILE_PRIVATE] = CBX_STUB_FD_PRIVATE,
	[CBX_FILE_HOST] = CBX_STUB_FD_HOST,
};

/* Ask the pager.  @return false when the kernel refused; a dead process has
 * nothing to refuse. */
static bool ask(
	struct cbx_linux_process *process, uint64_t nr, const uint64_t arg[6])
{
	int64_t result = -1;
	bool alive;

	if (process == NULL) {
		return true;
	}
	pthread_mutex_lock(&process->lock);
	alive = cbx_linux_pager_call(process, nr, arg, &result);
	pthread_mutex_unlock(&process->lock);
	/* mmap returns the address it was given */
	return !alive ||
	       (nr == SYS_mmap ? (uint64_t)result == arg[0] : result == 0);
}

enum cbx_status cbx_arch_space_map(struct cbx_arch_space *space,
	struct cbx_va va, struct cbx_pfn pfn, uint64_t count,
	struct cbx_rights rights, uint64_t *done)
{
	struct cbx_linux_space *s = cbx_linux_space(space);

	CBX_CHECK(cbx_va_range_valid(va, count));
	for (*done = 0; *done < count;) {
		struct cbx_pfn first = cbx_pfn_add(pfn, *done);
		struct cbx_va at = cbx_va_add(va, *done);
		uint64_t run = cbx_linux_memory_run(first, count - *done);
		const uint64_t arg[6] = { at.a, run << CBX_PAGE_SHIFT,
			rights.bits, MAP_SHARED | MAP_FIXED,
			stub_fd[cbx_linux_memory_file(first)],
			first.n << CBX_PAGE_SHIFT };

		if (!ask(s->process, SYS_mmap, arg)) {
			return CBX_E_HARDWARE;
		}
		cbx_soft_map(&s->table, at, first, run, rights);
		*done += run;
	}
	return CBX_OK;
}

/* All or nothing: the kernel splits its mappings before it removes any. */
enum cbx_status cbx_arch_space_unmap(struct cbx_arch_space *space,
	struct cbx_va va, uint64_t count, uint64_t *done)
{
	struct cbx_linux_space *s = cbx_linux_space(space);
	const uint64_t arg[6] = { va.a, count << CBX_PAGE_SHIFT };

	CBX_CHECK(cbx_va_range_valid(va, count));
	*done = 0;
	if (count > 0 && !ask(s->process, SYS_munmap, arg)) {
		return CBX_E_HARDWARE;
	}
	cbx_soft_unmap(&s->table, va, count);
	*done = count;
	return CBX_OK;
}

/* Pages from va on that are one mapping to the kernel: consecutive in one
 * file, with the same rights. */
static uint64_t kernel_run(
	const struct cbx_soft_table *table, struct cbx_va va, uint64_t count)
{
	struct cbx_pfn first;
	struct cbx_pfn pfn;
	struct cbx_rights rights;
	struct cbx_rights r;
	uint64_t run;

	CBX_CHECK(cbx_soft_lookup(table, va, &first, &rights));
	for (run = 1; run < count; run++) {
		if (!cbx_soft_lookup(table, cbx_va_add(va, run), &pfn, &r) ||
			pfn.n != first.n + run || r.bits != rights.bits ||
			cbx_linux_memory_file(pfn) !=
				cbx_linux_memory_file(first)) {
			break;
		}
	}
	return run;
}

/* mprotect over several mappings may stop half way, over one it does not. */
enum cbx_status cbx_arch_space_protect(struct cbx_arch_space *space,
	struct cbx_va va, uint64_t count, struct cbx_rights rights,
	uint64_t *done)
{
	struct cbx_linux_space *s = cbx_linux_space(space);

	CBX_CHECK(cbx_va_range_valid(va, count));
	for (*done = 0; *done < count;) {
		struct cbx_va at = cbx_va_add(va, *done);
		uint64_t run = kernel_run(&s->table, at, count - *done);
		const uint64_t arg[6] = { at.a, run << CBX_PAGE_SHIFT,
			rights.bits };

		if (!ask(s->process, SYS_mprotect, arg)) {
			return CBX_E_HARDWARE;
		}
		cbx_soft_protect(&s->table, at, run, rights);
		*done += run;
	}
	return CBX_OK;
}
