/* SPDX-License-Identifier: Apache-2.0 */
/* The small services of the machine: who it is, time, chance, the operator. */
#include <hal/linux/machine.h>

#include <cpuid.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <hal/linux/layout.h>
#include <hal/linux/process.h>

#define NS_PER_S       1000000000ull
#define LINE_MAX_BYTES 256

/* Where it gives user pages protection keys, the kernel makes what is mapped
 * for execution only unreadable. */
static bool has_user_keys(void)
{
	uint32_t eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
	       (ecx & bit_OSPKE) != 0;
}

/* Asking for what is so already changes nothing, and fails where the kernel
 * cannot make it otherwise. */
static bool can_withhold_cpuid(void)
{
	return syscall(SYS_arch_prctl, CBX_STUB_SET_CPUID, 1) == 0;
}

static uint64_t caps_bits;

static void find_caps(void)
{
	caps_bits = (has_user_keys() ? CBX_CAP_BOX_EXECUTE_ONLY : 0) |
		    (can_withhold_cpuid() ? CBX_CAP_CPUID : 0);
}

/* Process isolation and no more: whoever owns the kernel owns the boxes.
 * Looked at once: every box asks, and in a VM CPUID goes to the hypervisor. */
struct cbx_hal_caps cbx_hal_caps(void)
{
	static pthread_once_t found = PTHREAD_ONCE_INIT;

	(void)pthread_once(&found, find_caps);
	return (struct cbx_hal_caps){
		.bits = caps_bits,
		.backend = CBX_BACKEND_LINUX,
	};
}

static uint64_t started_ns;
static bool log_wanted;

static uint64_t now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
		return started_ns;
	}
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void cbx_linux_machine_start(void)
{
	started_ns = now_ns();
	log_wanted = getenv("CONFBOX_LOG") != NULL;
}

uint64_t cbx_hal_ticks(void)
{
	return now_ns() - started_ns;
}

/* There is no hardware root. */
enum cbx_status cbx_hal_report_start(const uint8_t data[CBX_HAL_REPORT_DATA])
{
	(void)data;
	return CBX_E_UNSUPPORTED;
}

enum cbx_status cbx_hal_report_next(
	uint32_t index, uint8_t *page, struct cbx_hal_report *report)
{
	(void)index;
	(void)page;
	(void)report;
	return CBX_E_HARDWARE;
}

enum cbx_status cbx_hal_root_key(uint8_t key[CBX_SEAL_KEY_BYTES])
{
	(void)key;
	return CBX_E_UNSUPPORTED;
}

enum cbx_status cbx_hal_random(void *buf, size_t size)
{
	uint8_t *next = buf;
	size_t left = size;

	while (left > 0) {
		ssize_t got = getrandom(next, left, 0);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			memset(buf, 0, size);
			return CBX_E_HARDWARE;
		}
		next += got;
		left -= (size_t)got;
	}
	return CBX_OK;
}

/* One write, so that lines of several threads do not mix. */
static void say(const char *text)
{
	char line[LINE_MAX_BYTES];
	int length =
		snprintf(line, sizeof(line), "confbox-monitor: %s\n", text);
	size_t bytes = length < 0 ? 0 : (size_t)length;

	if (bytes >= sizeof(line)) {
		bytes = sizeof(line) - 1;
		line[bytes - 1] = '\n';
	}
	(void)!write(STDERR_FILENO, line, bytes);
}

void cbx_hal_log(const char *text)
{
	if (log_wanted) {
		say(text);
	}
}

_Noreturn void cbx_linux_fail(const char *what)
{
	cbx_linux_process_end_all(); /* a keeper that is half made */
	say(what);
	_exit(EXIT_FAILURE);
}

_Noreturn void cbx_linux_fail_few(const char *what)
{
	char text[LINE_MAX_BYTES];

	(void)snprintf(text, sizeof(text),
		"no process, descriptor or memory for %s; raise the limits "
		"(ulimit), or run fewer at once",
		what);
	cbx_linux_fail(text);
}

/* Boxes die with this process (PR_SET_PDEATHSIG); nothing is dumped. */
_Noreturn void cbx_hal_panic(const char *what, const char *file, int line)
{
	char text[LINE_MAX_BYTES];

	(void)snprintf(
		text, sizeof(text), "panic: %s:%d: %s", file, line, what);
	say(text);
	abort();
}
