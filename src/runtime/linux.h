/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the Linux x86-64 system call interface the runtime serves:
 * numbers a program was compiled with.  Layouts are in linux_layout.h.
 */
#ifndef CBX_RUNTIME_LINUX_H
#define CBX_RUNTIME_LINUX_H

#include "linux_layout.h"

/* Errors; a system call answers one of them negated. */
enum lx_errno {
	LX_EPERM = 1,
	LX_ENOENT = 2,
	LX_ESRCH = 3,
	LX_EINTR = 4,
	LX_EIO = 5,
	LX_ENXIO = 6,
	LX_E2BIG = 7,
	LX_ENOEXEC = 8,
	LX_EBADF = 9,
	LX_ECHILD = 10,
	LX_EAGAIN = 11,
	LX_ENOMEM = 12,
	LX_EACCES = 13,
	LX_EFAULT = 14,
	LX_EBUSY = 16,
	LX_EEXIST = 17,
	LX_EXDEV = 18,
	LX_ENODEV = 19,
	LX_ENOTDIR = 20,
	LX_EISDIR = 21,
	LX_EINVAL = 22,
	LX_EMFILE = 24,
	LX_ENOTTY = 25,
	LX_ETXTBSY = 26,
	LX_EFBIG = 27,
	LX_ENOSPC = 28,
	LX_ESPIPE = 29,
	LX_EROFS = 30,
	LX_EMLINK = 31,
	LX_EPIPE = 32,
	LX_ERANGE = 34,
	LX_EDEADLK = 35,
	LX_ENAMETOOLONG = 36,
	LX_ENOLCK = 37,
	LX_ENOSYS = 38,
	LX_ENOTEMPTY = 39,
	LX_ELOOP = 40,
	LX_ELIBBAD = 80,
	LX_ENODATA = 61,
	LX_EOVERFLOW = 75,
	LX_ENOTSOCK = 88,
	LX_EOPNOTSUPP = 95,
	LX_ETIMEDOUT = 110,
	LX_ENOKEY = 126,
};

/* Opening. */
#define LX_O_ACCMODE   03u
#define LX_O_RDONLY    00u
#define LX_O_WRONLY    01u
#define LX_O_RDWR      02u
#define LX_O_CREAT     0100u
#define LX_O_EXCL      0200u
#define LX_O_NOCTTY    0400u
#define LX_O_TRUNC     01000u
#define LX_O_APPEND    02000u
#define LX_O_NONBLOCK  04000u
#define LX_O_SYNC      04010000u
#define LX_O_ASYNC     020000u
#define LX_O_DIRECT    040000u
#define LX_O_LARGEFILE 0100000u
#define LX_O_DIRECTORY 0200000u
#define LX_O_NOFOLLOW  0400000u
#define LX_O_NOATIME   01000000u
#define LX_O_CLOEXEC   02000000u
#define LX_O_PATH      010000000u
#define LX_O_TMPFILE   (020000000u | LX_O_DIRECTORY)

#define LX_AT_FDCWD	       (-100)
#define LX_AT_SYMLINK_NOFOLLOW 0x100u
#define LX_AT_EACCESS	       0x200u
#define LX_AT_REMOVEDIR	       0x200u
#define LX_AT_SYMLINK_FOLLOW   0x400u
#define LX_AT_NO_AUTOMOUNT     0x800u
#define LX_AT_EMPTY_PATH       0x1000u
#define LX_AT_STATX_SYNC       0x6000u
#define LX_RENAME_NOREPLACE    1u
#define LX_RENAME_EXCHANGE     2u

/* Modes. */
#define LX_S_IFMT      0170000u
#define LX_S_IFIFO     0010000u
#define LX_S_IFCHR     0020000u
#define LX_S_IFDIR     0040000u
#define LX_S_IFBLK     0060000u
#define LX_S_IFREG     0100000u
#define LX_S_IFLNK     0120000u
#define LX_S_IFSOCK    0140000u
#define LX_S_ISGID     02000u
#define LX_PERMISSIONS 07777u

#define LX_PIPE_BUF 4096u
#define LX_PATH_MAX 4096u
#define LX_NAME_MAX 255u
#define LX_IOV_MAX  1024u
#define LX_FILE_MAX 0x7ffffffff000ll /* bytes */
#define LX_RW_MAX   0x7ffff000ull    /* most bytes of one transfer */

/* Descriptors. */
#define LX_F_DUPFD	   0u
#define LX_F_GETFD	   1u
#define LX_F_SETFD	   2u
#define LX_F_GETFL	   3u
#define LX_F_SETFL	   4u
#define LX_F_GETLK	   5u
#define LX_F_SETLK	   6u
#define LX_F_SETLKW	   7u
#define LX_F_SETOWN	   8u
#define LX_F_GETOWN	   9u
#define LX_F_SETPIPE_SZ	   1031u
#define LX_F_SETSIG	   10u
#define LX_F_GETSIG	   11u
#define LX_F_SETOWN_EX	   15u
#define LX_F_GETOWN_EX	   16u
#define LX_F_OFD_GETLK	   36u
#define LX_F_OFD_SETLK	   37u
#define LX_F_OFD_SETLKW	   38u
#define LX_F_SETLEASE	   1024u
#define LX_F_GETLEASE	   1025u
#define LX_F_GETPIPE_SZ	   1032u
#define LX_F_ADD_SEALS	   1033u
#define LX_F_GET_SEALS	   1034u
#define LX_F_DUPFD_CLOEXEC 1030u
#define LX_FD_CLOEXEC	   1u
#define LX_F_RDLCK	   0
#define LX_F_WRLCK	   1
#define LX_F_UNLCK	   2
#define LX_LOCK_SH	   1u
#define LX_LOCK_EX	   2u
#define LX_LOCK_NB	   4u
#define LX_LOCK_UN	   8u

#define LX_RWF_HIPRI  1u
#define LX_RWF_DSYNC  2u
#define LX_RWF_SYNC   4u
#define LX_RWF_NOWAIT 8u
#define LX_RWF_APPEND 16u

#define LX_FALLOC_KEEP_SIZE  1u
#define LX_FALLOC_PUNCH_HOLE 2u
#define LX_FALLOC_ZERO_RANGE 16u

#define LX_SEEK_SET  0u
#define LX_SEEK_CUR  1u
#define LX_SEEK_END  2u
#define LX_SEEK_DATA 3u
#define LX_SEEK_HOLE 4u

#define LX_POLLIN     0x001
#define LX_POLLPRI    0x002
#define LX_POLLOUT    0x004
#define LX_POLLERR    0x008
#define LX_POLLHUP    0x010
#define LX_POLLNVAL   0x020
#define LX_POLLRDNORM 0x040
#define LX_POLLWRNORM 0x100

#define LX_TCGETS     0x5401u
#define LX_TIOCGWINSZ 0x5413u
#define LX_FIONREAD   0x541bu
#define LX_FIONBIO    0x5421u
#define LX_FIONCLEX   0x5450u
#define LX_FIOCLEX    0x5451u

/* Memory. */
#define LX_PROT_READ	       1u
#define LX_PROT_WRITE	       2u
#define LX_PROT_EXEC	       4u
#define LX_PROT_ALL	       7u
#define LX_PROT_GROWSDOWN      0x01000000u
#define LX_MAP_SHARED	       0x01u
#define LX_MAP_PRIVATE	       0x02u
#define LX_MAP_TYPE	       0x0fu
#define LX_MAP_FIXED	       0x10u
#define LX_MAP_ANONYMOUS       0x20u
#define LX_MAP_NORESERVE       0x4000u
#define LX_MAP_HUGETLB	       0x40000u
#define LX_MAP_FIXED_NOREPLACE 0x100000u
#define LX_MREMAP_MAYMOVE      1u
#define LX_MREMAP_FIXED	       2u

/* Time. */
#define LX_CLOCK_REALTIME	    0
#define LX_CLOCK_MONOTONIC	    1
#define LX_CLOCK_PROCESS_CPUTIME_ID 2
#define LX_CLOCK_THREAD_CPUTIME_ID  3
#define LX_CLOCK_MONOTONIC_RAW	    4
#define LX_CLOCK_REALTIME_COARSE    5
#define LX_CLOCK_MONOTONIC_COARSE   6
#define LX_CLOCK_BOOTTIME	    7
#define LX_CLOCK_REALTIME_ALARM	    8
#define LX_CLOCK_BOOTTIME_ALARM	    9
#define LX_CLOCK_TAI		    11
#define LX_TIMER_ABSTIME	    1u
#define LX_UTIME_NOW		    0x3fffffff
#define LX_UTIME_OMIT		    0x3ffffffe
#define LX_NS			    1000000000ll /* of a second */

/* Auxiliary vector. */
#define LX_AT_NULL	   0u
#define LX_AT_PHDR	   3u
#define LX_AT_PHENT	   4u
#define LX_AT_PHNUM	   5u
#define LX_AT_PAGESZ	   6u
#define LX_AT_BASE	   7u
#define LX_AT_FLAGS	   8u
#define LX_AT_ENTRY	   9u
#define LX_AT_UID	   11u
#define LX_AT_EUID	   12u
#define LX_AT_GID	   13u
#define LX_AT_EGID	   14u
#define LX_AT_PLATFORM	   15u
#define LX_AT_HWCAP	   16u
#define LX_AT_CLKTCK	   17u
#define LX_AT_SECURE	   23u
#define LX_AT_RANDOM	   25u
#define LX_AT_HWCAP2	   26u
#define LX_AT_EXECFN	   31u
#define LX_AT_SYSINFO_EHDR 33u
#define LX_AT_MINSIGSTKSZ  51u

#define LX_ARCH_SET_GS	       0x1001u
#define LX_ARCH_SET_FS	       0x1002u
#define LX_ARCH_GET_FS	       0x1003u
#define LX_ARCH_GET_GS	       0x1004u
#define LX_ARCH_GET_XCOMP_SUPP 0x1021u
#define LX_ARCH_GET_XCOMP_PERM 0x1022u
#define LX_ARCH_REQ_XCOMP_PERM 0x1023u

#endif
