// SPDX-License-Identifier: GPL-2.0-only
/* The device: who may open it, and what is asked of it (base/device.h). */
#include "confbox.h"
#include "monitor.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/device.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

static int group = -1;
module_param(group, int, 0444);
MODULE_PARM_DESC(group,
	"number of the group that may open it beside CAP_SYS_ADMIN (-1: none)");
module_param_named(pages, cbx_limits.pages, ulong, 0644);
MODULE_PARM_DESC(pages, "most pages of one open file (0: half of the memory)");
module_param_named(all_pages, cbx_limits.all_pages, ulong, 0644);
MODULE_PARM_DESC(all_pages,
	"most pages of all open files (0: three quarters of the memory)");
module_param_named(boxes, cbx_limits.boxes, uint, 0644);
MODULE_PARM_DESC(boxes, "most boxes of one open file (1024)");

/* Whatever the node's mode says. */
static bool may_open(void)
{
	return capable(CAP_SYS_ADMIN) ||
	       (group >= 0 && in_egroup_p(make_kgid(&init_user_ns, group)));
}

static int device_open(struct inode *inode, struct file *opened)
{
	struct cbx_file *file;
	int error;

	if (!may_open())
		return -EPERM;
	if ((opened->f_mode & (FMODE_READ | FMODE_WRITE)) !=
		(FMODE_READ | FMODE_WRITE))
		return -EACCES;
	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	error = cbx_life_open(file, inode->i_mapping);
	if (error)
		kfree(file);
	else
		opened->private_data = file;
	return error;
}

static int device_release(struct inode *inode, struct file *opened)
{
	struct cbx_file *file = opened->private_data;

	cbx_life_close(file);
	kfree(file);
	return 0;
}

static long tell_info(struct cbx_file *file, void __user *to)
{
	const struct cbx_device_info info = {
		.version = CBX_DEVICE_VERSION,
		.cpu_count = num_online_cpus(),
		.free_pages = cbx_file_most(file),
		.age_ns = cbx_monitor_age(),
	};

	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
}

/* The file has them when its user knows which. */
static long take_pages(struct cbx_file *file, void __user *at)
{
	struct cbx_device_pages pages;
	struct cbx_range *range;
	int error, use;
	bool lives;

	if (copy_from_user(&pages, at, sizeof(pages)))
		return -EFAULT;
	error = cbx_range_take(file, pages.count, &range);
	if (error)
		return error;
	pages.pfn = range->pfn;
	if (copy_to_user(at, &pages, sizeof(pages))) {
		cbx_range_drop(file, range);
		return -EFAULT;
	}
	lives = cbx_life_use(&use);
	if (lives)
		cbx_range_add(file, range);
	cbx_life_done(use);
	if (lives)
		return 0;
	cbx_range_drop(file, range);
	return -ESHUTDOWN;
}

/* @return as cbx_call_make(), or -EPERM, -EINVAL, -ESHUTDOWN */
static int call_checked(struct cbx_file *file, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	int error = -ESHUTDOWN;
	int use;

	if (cbx_life_use(&use))
		error = cbx_names_check(file, call);
	if (!error)
		error = cbx_call_make(file, call, reply);
	cbx_life_done(use);
	return error;
}

/* Where the answer goes is tried first. */
static long make_call(struct cbx_file *file, void __user *at)
{
	struct cbx_device_call __user *asked = at;
	struct cbx_reply reply = { 0 };
	struct cbx_call call;
	int error;

	if (copy_from_user(&call, &asked->call, sizeof(call)) ||
		copy_to_user(&asked->reply, &reply, sizeof(reply)))
		return -EFAULT;
	error = call_checked(file, &call, &reply);
	if (error == -EPERM)
		reply.status = CBX_E_OWNER;
	else if (error)
		return error;
	return copy_to_user(&asked->reply, &reply, sizeof(reply)) ? -EFAULT : 0;
}

static long device_ioctl(
	struct file *opened, unsigned int request, unsigned long argument)
{
	void __user *at = (void __user *)argument;

	switch (request) {
	case CBX_DEVICE_INFO:
		return tell_info(opened->private_data, at);
	case CBX_DEVICE_PAGES:
		return take_pages(opened->private_data, at);
	case CBX_DEVICE_CALL:
		return make_call(opened->private_data, at);
	default:
		return -ENOTTY;
	}
}

static int device_mmap(struct file *opened, struct vm_area_struct *vma)
{
	int error = -ESHUTDOWN;
	int use;

	if (cbx_life_use(&use))
		error = cbx_map(opened->private_data, vma);
	cbx_life_done(use);
	return error;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE, /* which stays as long as a file is open */
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = device_mmap,
};

#define COUNT(name)                                                       \
	static ssize_t name##_show(struct device *device,                 \
		struct device_attribute *attribute, char *to)             \
	{                                                                 \
		return sysfs_emit(                                        \
			to, "%ld\n", atomic_long_read(&cbx_counts.name)); \
	}                                                                 \
	static DEVICE_ATTR_RO(name)
COUNT(files);
COUNT(pages);
COUNT(boxes);
COUNT(lost);

static struct attribute *confbox_attrs[] = { &dev_attr_files.attr,
	&dev_attr_pages.attr, &dev_attr_boxes.attr, &dev_attr_lost.attr, NULL };
ATTRIBUTE_GROUPS(confbox);

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "confbox",
	.fops = &operations,
	.mode = 0660,
	.groups = confbox_groups,
};

static int __init begin(void)
{
	int error = cbx_monitor_begin();

	if (error)
		return error;
	error = cbx_life_begin();
	if (!error) {
		error = misc_register(&device);
		if (error)
			cbx_life_end();
	}
	if (error)
		cbx_monitor_end();
	return error;
}

static void __exit end(void)
{
	misc_deregister(&device);
	cbx_life_end();
	cbx_monitor_end();
}

module_init(begin);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Boxes of a monitor below this kernel");
