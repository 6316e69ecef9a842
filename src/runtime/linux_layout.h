/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures of the Linux x86-64 system call interface, laid out as a program
 * was compiled with.
 */
#ifndef CBX_RUNTIME_LINUX_LAYOUT_H
#define CBX_RUNTIME_LINUX_LAYOUT_H

#include <confbox/abi.h>

struct lx_timespec {
	int64_t sec;
	int64_t nsec;
};

struct lx_timeval {
	int64_t sec;
	int64_t usec;
};

struct lx_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	struct lx_timespec atime, mtime, ctime;
	int64_t unused[3];
};
CBX_SIZE(144, lx_stat);

struct lx_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};

struct lx_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct lx_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t spare[13];
};
CBX_SIZE(256, lx_statx);
#define LX_STATX_BASIC_STATS 0x7ffu
#define LX_STATX_RESERVED    0x80000000u

struct lx_statfs {
	int64_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	uint64_t fsid;
	int64_t namelen, frsize, flags, spare[4];
};
CBX_SIZE(120, lx_statfs);
#define LX_TMPFS_MAGIC 0x01021994
#define LX_PROC_MAGIC  0x9fa0

struct lx_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type; /* the name and a zero byte follow */
} __attribute__((packed));
CBX_SIZE(19, lx_dirent);

struct lx_iovec {
	uint64_t base, bytes;
};

struct lx_pollfd {
	int32_t fd;
	uint16_t events, revents;
};

struct lx_rlimit {
	uint64_t now, max;
};
#define LX_RLIM_INFINITY     UINT64_MAX
#define LX_RLIMIT_FSIZE	     1u
#define LX_RLIMIT_STACK	     3u
#define LX_RLIMIT_CORE	     4u
#define LX_RLIMIT_NOFILE     7u
#define LX_RLIMIT_SIGPENDING 11u
#define LX_RLIMITS	     16u

struct lx_utsname {
	char field[6][65];
};

#endif
