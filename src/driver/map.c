// SPDX-License-Identifier: GPL-2.0-only
/* Pages in a service's memory: those of its own that the host may touch. */
#include "confbox.h"
#include "monitor.h"

#include <linux/version.h>

/* PAGE_QUERY's numbers (core/page.def). */
#define STATE_SHARED 8u

/* Pages mapped at one fault, at most. */
#define AROUND 16u

static bool is_given(const struct cbx_range *range, u64 pfn)
{
	return test_bit(pfn - range->pfn, range->given);
}

/* Of those that were given, what a box shares is the host's, too. */
static bool is_shared(u64 pfn)
{
	struct cbx_reply reply;

	return CBX_CALL(&reply, CBX_CALL_PAGE_QUERY, pfn) == 0 &&
	       reply.status == CBX_OK && reply.ret[0] == STATE_SHARED;
}

static vm_fault_t insert(struct vm_fault *vmf, const struct cbx_range *range)
{
	u64 end = min(range->pfn + range->count,
		vmf->pgoff + ((vmf->vma->vm_end - vmf->address) >> PAGE_SHIFT));
	vm_fault_t result;
	u64 i;

	result = vmf_insert_pfn(vmf->vma, vmf->address, vmf->pgoff);
	for (i = 1;
		i < AROUND && vmf->pgoff + i < end && result == VM_FAULT_NOPAGE;
		i++) {
		if (is_given(range, vmf->pgoff + i))
			break;
		result = vmf_insert_pfn(vmf->vma,
			vmf->address + (i << PAGE_SHIFT), vmf->pgoff + i);
	}
	return result;
}

/* Nothing is given meanwhile: whoever gives pages writes under the lock. */
static vm_fault_t fault(struct vm_fault *vmf)
{
	struct cbx_file *file = vmf->vma->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;
	struct cbx_range *range = NULL;
	int use;

	down_read(&file->lock);
	if (cbx_life_use(&use))
		range = cbx_range_find(file, vmf->pgoff, 1);
	if (range && (!is_given(range, vmf->pgoff) || is_shared(vmf->pgoff)))
		result = insert(vmf, range);
	cbx_life_done(use);
	up_read(&file->lock);
	return result;
}

static const struct vm_operations_struct operations = { .fault = fault };

/* Never to be executed, pinned, dumped or grown. */
static void set_flags(struct vm_area_struct *vma)
{
	const unsigned long set =
		VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, VM_MAYEXEC);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~VM_MAYEXEC;
#endif
}

int cbx_map(struct cbx_file *file, struct vm_area_struct *vma)
{
	struct cbx_range *range;

	if ((vma->vm_flags & VM_SHARED) == 0)
		return -EINVAL;
	if ((vma->vm_flags & VM_EXEC) != 0)
		return -EPERM;
	down_read(&file->lock);
	range = cbx_range_find(file, vma->vm_pgoff, vma_pages(vma));
	up_read(&file->lock);
	if (!range)
		return -EINVAL;
	set_flags(vma);
	vma->vm_private_data = file;
	vma->vm_ops = &operations;
	return 0;
}

void cbx_map_close(struct cbx_file *file, u64 pfn, u64 count)
{
	unmap_mapping_range(
		file->mapping, pfn << PAGE_SHIFT, count << PAGE_SHIFT, 1);
}
