/* SPDX-License-Identifier: Apache-2.0 */
/* The directories, devices and files every program expects. */
#include "fs.h"

#include "lib.h"
#include "linux.h"
#include "path.h"

static struct cbx_node *make(
	struct cbx_node *dir, const char *name, uint32_t mode)
{
	const struct cbx_entry *there = cbx_entry_find(dir, name, strlen(name));

	if (there != NULL) {
		return there->node;
	}
	return cbx_fs_make(dir, name, strlen(name), mode);
}

static bool make_text(const char *path, const char *name, const char *text)
{
	struct cbx_node *dir = cbx_fs_make_path(path, 0755);
	struct cbx_node *node;

	if (dir == NULL) {
		return false;
	}
	if (cbx_entry_find(dir, name, strlen(name)) != NULL) {
		return true;
	}
	node = make(dir, name, LX_S_IFREG | 0644u);
	if (node == NULL) {
		return false;
	}
	node->data.base = (const uint8_t *)text;
	node->data.base_bytes = strlen(text);
	node->data.size = node->data.base_bytes;
	return true;
}

static bool make_link(
	struct cbx_node *dir, const char *name, const char *target)
{
	return cbx_entry_find(dir, name, strlen(name)) != NULL ||
	       cbx_fs_make_link(dir, name, strlen(name), target) != NULL;
}

static bool make_devices(struct cbx_node *dev)
{
	static const struct {
		char name[8];
		uint8_t device;
	} list[] = {
		{ "null", CBX_DEVICE_NULL },
		{ "zero", CBX_DEVICE_ZERO },
		{ "full", CBX_DEVICE_FULL },
		{ "random", CBX_DEVICE_RANDOM },
		{ "urandom", CBX_DEVICE_RANDOM },
		{ "tty", CBX_DEVICE_TTY },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct cbx_node *node =
			make(dev, list[i].name, LX_S_IFCHR | 0666u);

		if (node == NULL) {
			return false;
		}
		node->device = list[i].device;
		node->mode = LX_S_IFCHR | 0666u;
	}
	return make_link(dev, "fd", "/proc/self/fd") &&
	       make_link(dev, "stdin", "/proc/self/fd/0") &&
	       make_link(dev, "stdout", "/proc/self/fd/1") &&
	       make_link(dev, "stderr", "/proc/self/fd/2");
}

/* One name of /proc or of /proc/1. */
struct proc_name {
	char name[12];
	uint8_t proc;
	uint32_t mode;
};

static bool make_proc(
	struct cbx_node *dir, const struct proc_name *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cbx_node *node = make(dir, list[i].name, list[i].mode);

		if (node == NULL) {
			return false;
		}
		node->proc = list[i].proc;
	}
	return true;
}

static const struct proc_name machine[] = {
	{ "cpuinfo", CBX_PROC_CPUINFO, LX_S_IFREG | 0444u },
	{ "filesystems", CBX_PROC_FILESYSTEMS, LX_S_IFREG | 0444u },
	{ "loadavg", CBX_PROC_LOADAVG, LX_S_IFREG | 0444u },
	{ "meminfo", CBX_PROC_MEMINFO, LX_S_IFREG | 0444u },
	{ "stat", CBX_PROC_STAT, LX_S_IFREG | 0444u },
	{ "uptime", CBX_PROC_UPTIME, LX_S_IFREG | 0444u },
	{ "version", CBX_PROC_VERSION, LX_S_IFREG | 0444u },
};

static const struct proc_name process[] = {
	{ "cmdline", CBX_PROC_CMDLINE, LX_S_IFREG | 0444u },
	{ "environ", CBX_PROC_ENVIRON, LX_S_IFREG | 0400u },
	{ "maps", CBX_PROC_MAPS, LX_S_IFREG | 0444u },
	{ "mounts", CBX_PROC_MOUNTS, LX_S_IFREG | 0444u },
	{ "stat", CBX_PROC_SELF_STAT, LX_S_IFREG | 0444u },
	{ "statm", CBX_PROC_STATM, LX_S_IFREG | 0444u },
	{ "status", CBX_PROC_STATUS, LX_S_IFREG | 0444u },
	{ "cwd", CBX_PROC_CWD, LX_S_IFLNK | 0777u },
	{ "exe", CBX_PROC_EXE, LX_S_IFLNK | 0777u },
	{ "fd", CBX_PROC_FDS, LX_S_IFDIR | 0500u },
};

bool cbx_fs_make_system(void)
{
	struct cbx_node *dev = cbx_fs_make_path("dev", 0755);
	struct cbx_node *proc = cbx_fs_make_path("proc", 0555);
	struct cbx_node *own = cbx_fs_make_path("proc/1", 0555);

	return dev != NULL && proc != NULL && own != NULL &&
	       cbx_fs_make_path("tmp", 01777) != NULL &&
	       cbx_fs_make_path("dev/shm", 01777) != NULL &&
	       make_devices(dev) &&
	       make_proc(proc, machine, sizeof(machine) / sizeof(machine[0])) &&
	       make_proc(own, process, sizeof(process) / sizeof(process[0])) &&
	       make_link(own, "root", "/") && make_link(proc, "self", "1") &&
	       make_link(proc, "mounts", "self/mounts") &&
	       make_text("etc", "passwd", "root:x:0:0:root:/root:/bin/sh\n") &&
	       make_text("etc", "group", "root:x:0:\n");
}
