/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads of itself in /proc, checked against what the calls say:
 * prints the same in a box and outside, run in a directory of its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char text[0x40000];

static long load(const char *path)
{
	int fd = open(path, O_RDONLY);
	long used = 0;
	long got = fd < 0 ? -1 : 0;

	while (fd >= 0 && (got = read(fd, text + used,
				   sizeof(text) - 1 - (size_t)used)) > 0) {
		used += got;
	}
	close(fd);
	text[used < 0 ? 0 : used] = '\0';
	return got < 0 ? -errno : used;
}

static void say(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

/* The number after a name at the beginning of a line; -1 when it is not
 * there. */
static long field(const char *name)
{
	char *at = text;

	while (at != NULL && strncmp(at, name, strlen(name)) != 0) {
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return at == NULL ? -1 : strtol(at + strlen(name), NULL, 0);
}

static void status(void)
{
	static const char *const fields[] = { "Name:", "Umask:", "State:",
		"Tgid:", "Pid:", "PPid:", "TracerPid:", "Uid:", "Gid:",
		"FDSize:", "Groups:", "VmPeak:", "VmSize:", "VmHWM:", "VmRSS:",
		"Threads:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:",
		"SigCgt:", "CapEff:", "Cpus_allowed_list:" };

	load("/proc/self/status");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		say(fields[i], field(fields[i]) != -1);
	}
	say("pid", field("Pid:\t") == getpid());
	say("parent", field("PPid:\t") == getppid());
	say("threads", field("Threads:\t") == 1);
	say("size", field("VmSize:\t") >= field("VmRSS:\t"));
}

static void stat_fields(void)
{
	int fields = 2;
	char *at;

	load("/proc/self/stat");
	at = strrchr(text, ')');
	say("stat pid", atol(text) == getpid());
	say("stat name", strstr(text, "(calls_proc)") != NULL);
	while (at != NULL && (at = strchr(at, ' ')) != NULL) {
		at++;
		fields++;
	}
	printf("stat fields %d\n", fields);
	load("/proc/self/statm");
	say("statm", atol(text) > 0);
}

static bool mapped(const void *address, const char *rights)
{
	char *line = text;

	while (line != NULL) {
		char *rest;
		unsigned long from = strtoul(line, &rest, 16);
		unsigned long to = strtoul(rest + 1, &rest, 16);

		if ((unsigned long)address >= from &&
			(unsigned long)address < to) {
			return strncmp(rest + 1, rights, 4) == 0;
		}
		line = strchr(line, '\n');
		line = line == NULL || line[1] == '\0' ? NULL : line + 1;
	}
	return false;
}

static void maps(void)
{
	int here;

	load("/proc/self/maps");
	say("text", mapped((const void *)(unsigned long)maps, "r-xp"));
	say("data", mapped(text, "rw-p"));
	say("stack", mapped(&here, "rw-p"));
	say("stack's name", strstr(text, "[stack]") != NULL);
	say("program's name", strstr(text, "/calls_proc\n") != NULL);
	load("/proc/self/smaps");
	say("smaps", strstr(text, "\nRss: ") != NULL &&
			     strstr(text, "\nVmFlags: rd") != NULL);
}

static void link_of(const char *path)
{
	char to[512];
	long length = readlink(path, to, sizeof(to) - 1);
	char *last;

	to[length < 0 ? 0 : length] = '\0';
	last = strrchr(to, '/');
	printf("%s -> %s\n", path,
		length < 0     ? strerror(errno)
		: last == NULL ? to
			       : last);
}

static void descriptors(void)
{
	char name[64];
	char to[64] = { 0 };
	int in[2];
	int pair[2];
	int again;
	int fd;

	closefrom(3);
	fd = open("a file", O_RDWR | O_CREAT | O_APPEND, 0600);
	link_of("/proc/self/fd/3");
	write(fd, "12345", 5);
	load("/proc/self/fdinfo/3");
	printf("pos %ld flags %lo\n", field("pos:\t"), field("flags:\t"));
	again = open("/proc/self/fd/3", O_RDONLY);
	say("opened again", read(again, to, 5) == 5);
	unlink("a file");
	say("after unlink", open("/proc/self/fd/3", O_RDONLY) >= 0);
	link_of("/proc/self/fd/77");
	pipe(in);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", in[0]);
	readlink(name, to, sizeof(to) - 1);
	say("pipe's name", strncmp(to, "pipe:[", 6) == 0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", pair[0]);
	readlink(name, to, sizeof(to) - 1);
	say("socket's name", strncmp(to, "socket:[", 8) == 0);
	say("no socket to open", open(name, O_RDWR) < 0 && errno == ENXIO);
}

static void listing(const char *path, bool numbers)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (numbers && entry->d_name[0] >= '0' &&
			entry->d_name[0] <= '9') {
			count++;
		}
	}
	printf("%s: %d\n", path, count);
	if (dir != NULL) {
		closedir(dir);
	}
}

static void names(void)
{
	int fd = open("/proc/self/comm", O_WRONLY);
	char path[64];

	write(fd, "renamed\n", 8);
	close(fd);
	load("/proc/thread-self/comm");
	printf("comm %s", text);
	load("/proc/self/cmdline");
	say("cmdline", strstr(text, "calls_proc") != NULL);
	load("/proc/self/oom_score_adj");
	say("oom_score_adj", text[0] != '\0');
	link_of("/proc/self/exe");
	link_of("/proc/self/root");
	snprintf(path, sizeof(path), "/proc/%d/task/%d", getpid(), gettid());
	say("own task", access(path, F_OK) == 0);
	say("no such", access("/proc/4194303", F_OK) < 0);
	say("no zeros before", access("/proc/001", F_OK) < 0);
	listing("/proc/self/task", true);
	listing("/proc/self/fd", true);
	say("proc has us", access("/proc/self/ns", X_OK) != 77);
}

static void limits(void)
{
	struct rlimit limit = { 777, 888 };
	const char *at;

	setrlimit(RLIMIT_NOFILE, &limit);
	load("/proc/self/limits");
	at = strstr(text, "Max open files");
	printf("%.65s\n", at == NULL ? "none" : at);
}

static void vector(void)
{
	long bytes = load("/proc/self/auxv");
	const unsigned long *pair = (const unsigned long *)(void *)text;

	for (long i = 0; i + 15 < bytes; i += 16, pair += 2) {
		if (pair[0] == AT_RANDOM || pair[0] == AT_PHDR) {
			printf("%lu: %d\n", pair[0],
				getauxval(pair[0]) == pair[1]);
		}
	}
}

static void machine(void)
{
	static const char *const files[] = { "/proc/cpuinfo", "/proc/meminfo",
		"/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/version",
		"/proc/filesystems", "/proc/mounts", "/proc/self/mountinfo",
		"/proc/self/cgroup", "/proc/self/io",
		"/proc/sys/kernel/osrelease", "/proc/sys/kernel/hostname",
		"/proc/sys/kernel/pid_max", "/proc/sys/vm/overcommit_memory",
		"/proc/sys/kernel/random/boot_id",
		"/proc/sys/net/core/somaxconn", "/proc/nothing" };
	char first[64] = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		say(files[i], load(files[i]) > 0);
	}
	load("/proc/sys/kernel/random/uuid");
	memcpy(first, text, 36);
	load("/proc/sys/kernel/random/uuid");
	say("uuid", strlen(first) == 36 && first[14] == '4' &&
			    strncmp(first, text, 36) != 0);
}

static void devices(void)
{
	static const char *const names_of[] = { "/dev/null", "/dev/zero",
		"/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };
	struct stat st;
	char bytes[8] = "xxxxxxx";
	int fd;

	for (size_t i = 0; i < sizeof(names_of) / sizeof(names_of[0]); i++) {
		stat(names_of[i], &st);
		printf("%s %d %u:%u\n", names_of[i], S_ISCHR(st.st_mode),
			major(st.st_rdev), minor(st.st_rdev));
	}
	fd = open("/dev/zero", O_RDWR);
	printf("%ld %d\n", (long)read(fd, bytes, 8), bytes[7]);
	fd = open("/dev/full", O_RDWR);
	say("full", write(fd, bytes, 8) < 0 && errno == ENOSPC);
	fd = open("/dev/null", O_RDWR);
	printf("%ld %ld\n", (long)write(fd, bytes, 8),
		(long)read(fd, bytes, 8));
	stat("/dev/shm", &st);
	printf("%o\n", st.st_mode);
}

int main(void)
{
	status();
	stat_fields();
	maps();
	descriptors();
	names();
	limits();
	vector();
	machine();
	devices();
	return 0;
}
