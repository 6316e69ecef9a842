// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of files when this kernel ends, or sleeps on a disk, while the
 * monitor stays: there are none of them then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "confbox.h"

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/srcu.h>
#include <linux/suspend.h>

static LIST_HEAD(files);
static DEFINE_MUTEX(files_lock);
static bool shut; /* nobody opens or uses one; written under files_lock */

/* Who uses a file, or ends it. */
DEFINE_STATIC_SRCU(users);

int cbx_life_open(struct cbx_file *file, struct address_space *mapping)
{
	int error = 0;

	mutex_lock(&files_lock);
	if (shut) {
		error = -ESHUTDOWN;
	} else {
		cbx_file_init(file, mapping);
		list_add(&file->link, &files);
	}
	mutex_unlock(&files_lock);
	return error;
}

void cbx_life_close(struct cbx_file *file)
{
	int use = srcu_read_lock(&users);
	bool is_there;

	mutex_lock(&files_lock);
	is_there = !list_empty(&file->link);
	list_del_init(&file->link);
	mutex_unlock(&files_lock);
	if (is_there)
		cbx_file_end(file);
	srcu_read_unlock(&users, use);
}

bool cbx_life_use(int *use) __acquires(users)
{
	*use = srcu_read_lock(&users);
	return !READ_ONCE(shut);
}

void cbx_life_done(int use) __releases(users)
{
	srcu_read_unlock(&users, use);
}

/* The next kernel may be one that this one starts, in the same memory (kexec): what
 * the monitor has of it then is the end of that kernel.  Processes are still there.
 */
static int on_reboot(
	struct notifier_block *block, unsigned long how, void *command)
{
	struct cbx_file *file, *next;

	mutex_lock(&files_lock);
	WRITE_ONCE(shut, true);
	mutex_unlock(&files_lock);
	synchronize_srcu(&users);
	mutex_lock(&files_lock);
	list_for_each_entry_safe(file, next, &files, link) {
		list_del_init(&file->link);
		unmap_mapping_range(file->mapping, 0, 0, 1);
		cbx_file_end(file);
	}
	mutex_unlock(&files_lock);
	/* Those that were being closed. */
	synchronize_srcu(&users);
	return NOTIFY_OK;
}

/* An image would be read from pages that the monitor has, and another monitor has
 * none of them when it is loaded.
 */
static int prepare(void)
{
	long open, lost;

	mutex_lock(&files_lock);
	open = atomic_long_read(&cbx_counts.files);
	lost = atomic_long_read(&cbx_counts.lost);
	shut = open == 0 && lost == 0;
	mutex_unlock(&files_lock);
	if (open != 0)
		pr_err("no hibernation: end all %ld users of /dev/confbox\n",
			open);
	else if (lost != 0)
		pr_err("no hibernation: %ld pages lost, restart the machine\n",
			lost);
	return open != 0 || lost != 0 ? -EBUSY : 0;
}

static int on_sleep(
	struct notifier_block *block, unsigned long event, void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return notifier_from_errno(prepare());
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		mutex_lock(&files_lock);
		shut = false;
		mutex_unlock(&files_lock);
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block reboot_block = { .notifier_call = on_reboot };
static struct notifier_block sleep_block = { .notifier_call = on_sleep };

int cbx_life_begin(void)
{
	int error = register_reboot_notifier(&reboot_block);

	if (error)
		return error;
	error = register_pm_notifier(&sleep_block);
	if (error)
		unregister_reboot_notifier(&reboot_block);
	return error;
}

void cbx_life_end(void)
{
	unregister_pm_notifier(&sleep_block);
	unregister_reboot_notifier(&reboot_block);
}
