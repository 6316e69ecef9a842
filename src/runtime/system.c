/* SPDX-License-Identifier: Apache-2.0 */
/* The directories, devices and files every program expects. */
#include "fs.h"

#include "lib.h"
#include "linux.h"
#include "path.h"
#include "proc.h"

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

struct device {
	char name[12];
	uint8_t device;
};

static bool make_list(
	struct cbx_node *dir, const struct device *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cbx_node *node =
			make(dir, list[i].name, LX_S_IFCHR | 0666u);

		if (node == NULL) {
			return false;
		}
		node->device = list[i].device;
		node->mode = LX_S_IFCHR | 0666u;
	}
	return true;
}

static bool make_devices(struct cbx_node *dev)
{
	static const struct device list[] = {
		{ "null", CBX_DEVICE_NULL },
		{ "zero", CBX_DEVICE_ZERO },
		{ "full", CBX_DEVICE_FULL },
		{ "random", CBX_DEVICE_RANDOM },
		{ "urandom", CBX_DEVICE_URANDOM },
		{ "tty", CBX_DEVICE_TTY },
		{ "template", CBX_DEVICE_TEMPLATE },
	};
	static const struct device ours[] = {
		{ "key", CBX_DEVICE_KEY },
		{ "counter", CBX_DEVICE_COUNTER },
	};
	struct cbx_node *confbox = cbx_fs_make_path("dev/confbox", 0755);

	return confbox != NULL &&
	       make_list(dev, list, sizeof(list) / sizeof(list[0])) &&
	       make_list(confbox, ours, sizeof(ours) / sizeof(ours[0])) &&
	       make_link(dev, "fd", "/proc/self/fd") &&
	       make_link(dev, "stdin", "/proc/self/fd/0") &&
	       make_link(dev, "stdout", "/proc/self/fd/1") &&
	       make_link(dev, "stderr", "/proc/self/fd/2");
}

/* One name of /proc. */
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
	{ "self", CBX_PROC_SELF, LX_S_IFLNK | 0777u },
	{ "thread-self", CBX_PROC_THREAD_SELF, LX_S_IFLNK | 0777u },
};

/* What a sysctl says. */
static const struct {
	char path[24];
	char name[20];
	const char *text;
} facts[] = {
	{ "proc/sys/fs", "file-max", "1048576\n" },
	{ "proc/sys/fs", "nr_open", "1048576\n" },
	{ "proc/sys/fs", "pipe-max-size", "1048576\n" },
	{ "proc/sys/kernel", "cap_last_cap", "40\n" },
	{ "proc/sys/kernel", "core_pattern", "core\n" },
	{ "proc/sys/kernel", "domainname", "(none)\n" },
	{ "proc/sys/kernel", "hostname", "box\n" },
	{ "proc/sys/kernel", "ngroups_max", "65536\n" },
	{ "proc/sys/kernel", "osrelease", "6.1.0-confbox\n" },
	{ "proc/sys/kernel", "ostype", "Linux\n" },
	{ "proc/sys/kernel", "overflowgid", "65534\n" },
	{ "proc/sys/kernel", "overflowuid", "65534\n" },
	{ "proc/sys/kernel", "pid_max", "4194304\n" },
	{ "proc/sys/kernel", "randomize_va_space", "0\n" },
	{ "proc/sys/kernel", "threads-max", "1024\n" },
	{ "proc/sys/kernel", "version", "#1 SMP confbox\n" },
	{ "proc/sys/kernel/random", "entropy_avail", "256\n" },
	{ "proc/sys/kernel/random", "poolsize", "256\n" },
	{ "proc/sys/net/core", "somaxconn", "4096\n" },
	{ "proc/sys/vm", "max_map_count", "65530\n" },
	{ "proc/sys/vm", "mmap_min_addr", "65536\n" },
	{ "proc/sys/vm", "overcommit_memory", "0\n" },
	{ "proc/sys/vm", "swappiness", "0\n" },
};

static bool make_facts(void)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (!make_text(facts[i].path, facts[i].name, facts[i].text)) {
			return false;
		}
	}
	return true;
}

/* A random number that stays the same as long as the box runs. */
static bool make_boot_id(void)
{
	static char text[CBX_PROC_UUID_BYTES + 1];

	cbx_proc_make_uuid(text);
	return make_text("proc/sys/kernel/random", "boot_id", text);
}

/* The CPUs there are. */
static bool make_cpus(void)
{
	static const char *const names[] = { "online", "possible", "present" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!make_text("sys/devices/system/cpu", names[i], "0\n")) {
			return false;
		}
	}
	return cbx_fs_make_path("sys/devices/system/cpu/cpu0", 0755) != NULL;
}

static bool make_etc(void)
{
	return make_text("etc", "passwd", "root:x:0:0:root:/root:/bin/sh\n") &&
	       make_text("etc", "group", "root:x:0:\n") &&
	       make_text("etc", "hosts", "127.0.0.1\tlocalhost box\n") &&
	       make_text("etc", "nsswitch.conf",
		       "passwd: files\ngroup: files\nhosts: files\n");
}

static bool make_top(struct cbx_node *proc)
{
	static const struct proc_name random[] = { { "uuid", CBX_PROC_UUID,
		LX_S_IFREG | 0444u } };
	struct cbx_node *dir = cbx_fs_make_path("proc/sys/kernel/random", 0555);

	proc->proc = CBX_PROC_TOP;
	return dir != NULL && make_proc(dir, random, 1) &&
	       make_proc(proc, machine, sizeof(machine) / sizeof(machine[0])) &&
	       make_link(proc, "mounts", "self/mounts") && make_facts() &&
	       make_boot_id();
}

bool cbx_fs_make_system(void)
{
	struct cbx_node *dev = cbx_fs_make_path("dev", 0755);
	struct cbx_node *proc = cbx_fs_make_path("proc", 0555);

	return dev != NULL && proc != NULL &&
	       cbx_fs_make_path("tmp", 01777) != NULL &&
	       cbx_fs_make_path("dev/shm", 01777) != NULL &&
	       make_devices(dev) && make_top(proc) && make_cpus() && make_etc();
}
