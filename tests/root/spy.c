// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root's module: reads and writes any page of memory, asks for rights to it, and lets
 * /dev/mem have all of it.  Faults are survived and counted.
 */
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/asm.h>

#include "spy.h"

#define WINDOW 256u /* pages mapped at once */
#define LEVEL  1u   /* ours */
#define RIGHTS 0xf00u
#define END    (1ul << 24) /* of page numbers */

static DEFINE_MUTEX(lock);
static unsigned long *refused; /* by SPY_READ, a bit each */
static u8 *copy;

/* @return 0 unless it faulted */
static u64 read_page(void *to, const void *from)
{
	u64 words = SPY_PAGE / 8;

	asm volatile("1: rep movsq\n2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+D"(to), "+S"(from), "+c"(words)::"memory");
	return words;
}

static u64 write_byte(u8 *to)
{
	u64 left = 1;

	asm volatile("1: rep stosb\n2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+D"(to), "+c"(left)
		     : "a"(0)
		     : "memory");
	return left;
}

/* The instructions' code; what it was before when they fault. */
static u64 adjust(void *va, u64 rights)
{
	u64 code = (u64)va;

	asm volatile(
		"1: .byte 0xf3, 0x0f, 0x01, 0xfe\n2:\n" _ASM_EXTABLE(1b, 2b)
		: "+a"(code)
		: "c"(0), "d"(rights)
		: "memory", "cc");
	return code;
}

static u64 rescind(void *va)
{
	u64 code = (u64)va;

	asm volatile(
		"1: .byte 0xf2, 0x0f, 0x01, 0xff\n2:\n" _ASM_EXTABLE(1b, 2b)
		: "+a"(code)
		: "c"(0), "d"(0)
		: "memory", "cc");
	return code;
}

/* @return whether it was refused */
static bool do_to(struct spy_sweep *sweep, void *va)
{
	switch (sweep->how) {
	case SPY_WRITE:
		return write_byte(va) != 0;
	case SPY_ADJUST:
		return adjust(va, LEVEL | RIGHTS) != 0 &&
		       adjust(va, (LEVEL + 1) | RIGHTS) != 0;
	case SPY_RESCIND:
		return rescind(va) != 0;
	default:
		if (read_page(copy, va) != 0)
			return true;
		if (memchr_inv(copy, 0, SPY_PAGE)) {
			sweep->found += spy_count(&sweep->text, copy, SPY_PAGE);
			sweep->found_own +=
				spy_count(&sweep->own, copy, SPY_PAGE);
			memset(copy, 0, SPY_PAGE);
		}
		return false;
	}
}

static void one(struct spy_sweep *sweep, u64 pfn, void *va)
{
	bool no;

	if (sweep->how != SPY_READ && !test_bit(pfn, refused))
		return;
	no = do_to(sweep, va);
	sweep->tried++;
	sweep->refused += no;
	if (sweep->how == SPY_READ)
		__assign_bit(pfn, refused, no);
}

/* Each has a struct page, where the kernel has memory anywhere near. */
static void *map(u64 pfn, unsigned int count)
{
	static struct page *pages[WINDOW];
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!pfn_valid(pfn + i))
			return NULL;
		pages[i] = pfn_to_page(pfn + i);
	}
	return vmap(pages, count, VM_MAP, PAGE_KERNEL);
}

static int sweep_all(struct spy_sweep *sweep)
{
	unsigned int i, n;
	u64 pfn;

	for (pfn = sweep->first; pfn < sweep->end; pfn += n) {
		u8 *va;

		n = min_t(u64, WINDOW, sweep->end - pfn);
		va = map(pfn, n);
		if (!va)
			return -ENOMEM;
		for (i = 0; i < n; i++)
			one(sweep, pfn + i, va + i * SPY_PAGE);
		vunmap(va);
		cond_resched();
	}
	return 0;
}

/* Whether it can be done at all; RESCIND is level 0's alone. */
static void try_own(struct spy_sweep *sweep)
{
	if (sweep->how == SPY_WRITE || sweep->how == SPY_ADJUST)
		sweep->found_own = !do_to(sweep, copy);
	if (sweep->how == SPY_ADJUST)
		adjust(copy, LEVEL + 1);
}

static bool is_good(const struct spy_text *text)
{
	return text->size > 0 && text->size <= SPY_MOST;
}

static long spy_ioctl(struct file *file, unsigned int request, unsigned long at)
{
	struct spy_sweep sweep;
	int error;

	if (request != SPY_SWEEP)
		return -ENOTTY;
	if (copy_from_user(&sweep, (void __user *)at, sizeof(sweep)))
		return -EFAULT;
	if (sweep.how >= SPY_HOWS || sweep.first >= sweep.end ||
		sweep.end > END || !is_good(&sweep.text) ||
		!is_good(&sweep.own))
		return -EINVAL;
	sweep.tried = 0;
	sweep.refused = 0;
	sweep.found = 0;
	sweep.found_own = 0;
	mutex_lock(&lock);
	try_own(&sweep);
	error = sweep_all(&sweep);
	mutex_unlock(&lock);
	if (!error && copy_to_user((void __user *)at, &sweep, sizeof(sweep)))
		error = -EFAULT;
	return error;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = spy_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "spy",
	.fops = &operations,
};

/* What keeps root from memory by /dev/mem says yes from now on. */
static int allow(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	regs_set_return_value(regs, 1);
	return 0;
}

static struct kretprobe devmem = {
	.kp.symbol_name = "devmem_is_allowed",
	.handler = allow,
};

static void leave(void)
{
	kvfree(refused);
	kfree(copy);
}

static int __init spy_init(void)
{
	int error;

	copy = kzalloc(SPY_PAGE, GFP_KERNEL);
	refused = kvcalloc(BITS_TO_LONGS(END), sizeof(long), GFP_KERNEL);
	error = copy && refused ? register_kretprobe(&devmem) : -ENOMEM;
	if (!error) {
		error = misc_register(&device);
		if (error)
			unregister_kretprobe(&devmem);
	}
	if (error)
		leave();
	return error;
}

static void __exit spy_exit(void)
{
	misc_deregister(&device);
	unregister_kretprobe(&devmem);
	leave();
}

module_init(spy_init);
module_exit(spy_exit);
MODULE_DESCRIPTION("reads everybody's memory");
MODULE_LICENSE("GPL");
