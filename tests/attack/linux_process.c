/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on the kernel, by processes and with signals. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <hal/linux/layout.h>
#include <hal/linux/memory.h>
#include <hal/linux/space.h>

#include "attack/linux_only.h"
#include "support/ask.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

int attack_process(const struct machine_box *box)
{
	const struct cbx_linux_process *process =
		cbx_linux_space_const(machine_space(box->space))->process;

	return process == NULL ? 0 : process->pid;
}

uint32_t attack_children(void)
{
	char path[64];
	uint32_t count = 0;
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");

	assert_non_null(tasks);
	while ((entry = readdir(tasks)) != NULL) {
		FILE *file;
		int pid;

		(void)snprintf(path, sizeof(path),
			"/proc/self/task/%.20s/children", entry->d_name);
		file = fopen(path, "re");
		while (file != NULL && fscanf(file, "%d", &pid) == 1) {
			count++;
		}
		if (file != NULL) {
			(void)fclose(file);
		}
	}
	(void)closedir(tasks);
	return count;
}

/* ---- A04 ---- */

struct line {
	unsigned long long from, to, offset;
	char rights[8];
	char name[80];
};

/* A mapping of the kernel's against the table. @return its pages */
static uint64_t check_line(
	const struct cbx_arch_space *space, const struct line *line)
{
	uint64_t pages = (line->to - line->from) >> CBX_PAGE_SHIFT;
	uint8_t rights = (uint8_t)((line->rights[0] == 'r' ? CBX_RIGHT_R : 0) |
				   (line->rights[1] == 'w' ? CBX_RIGHT_W : 0) |
				   (line->rights[2] == 'x' ? CBX_RIGHT_X : 0));

	for (uint64_t i = 0; i < pages; i++) {
		struct cbx_va va = { line->from + i * CBX_PAGE_SIZE };
		struct cbx_mapping mapping;
		bool host;

		assert_true(cbx_arch_space_lookup(space, va, &mapping));
		assert_int_equal(
			mapping.pfn.n, (line->offset >> CBX_PAGE_SHIFT) + i);
		assert_int_equal(mapping.rights.bits, rights);
		host = cbx_linux_memory_file(mapping.pfn) == CBX_FILE_HOST;
		assert_non_null(strstr(
			line->name, host ? "confbox-host" : "confbox-private"));
	}
	return pages;
}

static uint64_t count_mappings(const struct cbx_arch_space *space)
{
	struct cbx_va va = { 0 };
	struct cbx_mapping mapping;
	uint64_t count = 0;

	while (cbx_arch_space_next(space, &va, &mapping)) {
		va = cbx_va_add(va, 1);
		count++;
	}
	return count;
}

bool attack_maps_as_said(const struct machine_box *box)
{
	const struct cbx_arch_space *space = machine_space(box->space);
	struct line line = { 0 };
	char text[256];
	uint64_t pages = 0;
	FILE *file;

	if (must(BOX_QUERY, box->handle) == CBX_DOMAIN_DYING) {
		return true;
	}
	(void)snprintf(
		text, sizeof(text), "/proc/%d/maps", attack_process(box));
	file = fopen(text, "re");
	if (file == NULL && errno == EACCES) {
		return false; /* only root can look at a box's process */
	}
	assert_non_null(file);
	while (fgets(text, sizeof(text), file) != NULL) {
		assert_true(sscanf(text, "%llx-%llx %7s %llx %*s %*s %79s",
				    &line.from, &line.to, line.rights,
				    &line.offset, line.name) >= 4);
		if (line.from < CBX_VA_MAX) {
			pages += check_line(space, &line);
		}
	}
	(void)fclose(file);
	assert_int_equal(pages, count_mappings(space));
	return true;
}

void attack_a04_kernel_maps_what_the_table_says(void **state)
{
	struct machine_box box;

	(void)state;
	attack_victim(&box);
	if (!attack_maps_as_said(&box)) {
		attack_skip("only root can look at a box's process");
	}
	box_must(&box, MAP, 0, MACHINE_FREE, 8, RW);
	(void)attack_maps_as_said(&box);
	box_must(&box, PROTECT, 0, MACHINE_FREE + 0x2000, 3, CBX_RIGHT_R);
	box_must(&box, UNMAP, 0, MACHINE_FREE + 0x3000, 1);
	box_must(&box, UNMAP, 0, MACHINE_FREE + 0x7000, 1);
	(void)attack_maps_as_said(&box);
	box_must(&box, MAP_ALIAS, 0, MACHINE_FREE + 0x10000, 2, CBX_RIGHT_R, 0,
		MACHINE_FREE + 0x4000);
	box_must(&box, WINDOW_SHARE, MACHINE_FREE + 0x20000, 2);
	(void)attack_maps_as_said(&box);
	box_must(&box, WINDOW_UNSHARE, MACHINE_FREE + 0x20000, 1);
	box_refuse(E_STATE, &box, MAP, 0, MACHINE_FREE, 1, RW);
	box_refuse(E_STATE, &box, UNMAP, 0, MACHINE_FREE + 0x3000, 1);
	box_must(&box, MAP, 0, MACHINE_FREE + 0x3000, 1,
		CBX_RIGHT_R | CBX_RIGHT_X);
	(void)attack_maps_as_said(&box);
	attack_unharmed(&box);
}

/* ---- system calls ---- */

/* The names of a process's descriptors. */
static uint32_t descriptors(int pid)
{
	char path[64];
	uint32_t bits = 0;

	for (uint32_t fd = 0; fd < 32; fd++) {
		char name[64];

		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%u", pid, fd);
		bits |= readlink(path, name, sizeof(name)) > 0 ? 1u << fd : 0;
	}
	return bits;
}

/* Linux lets these two past every filter since 6.14: they are for the kernel's
 * own probes, and refuse everybody else. */
#define NR_URETPROBE 335u
#define NR_UPROBE    336u

static void assert_probe_refused(struct machine_box *box, uint64_t number)
{
	const struct machine_script *script = &box->script[0];
	static const uint64_t none[CBX_CALL_ARGS];
	uint64_t before = script->upcalls;

	if (mail_call(box, BOXCODE_SYSCALL, 0, number, none) &&
		script->upcalls == before) {
		assert_true(script->word == (uint64_t)-ENXIO ||
			    script->word == (uint64_t)-ENOSYS);
		return;
	}
	assert_int_equal(script->upcalls, before + 1);
	if (script->upcall.kind == CBX_UPCALL_FAULT) {
		assert_int_equal(script->upcall.code, CBX_FAULT_INSTRUCTION);
	}
}

/* A call is an up-call of the box's, not the kernel's. */
static void assert_trapped(struct machine_box *box, uint64_t number,
	const uint64_t arg[CBX_CALL_ARGS])
{
	uint64_t before = box->script[0].upcalls;

	if (number == NR_URETPROBE || number == NR_UPROBE) {
		assert_probe_refused(box, number);
		return;
	}
	assert_true(mail_call(box, BOXCODE_SYSCALL, 0, number, arg));
	assert_int_equal(box->script[0].upcalls, before + 1);
	assert_int_equal(box->script[0].upcall.kind, CBX_UPCALL_SYSCALL);
	assert_int_equal(box->script[0].upcall.code, (uint32_t)number);
	/* The up-call leaves rax as it found it: the call's number. */
	assert_int_equal((uint32_t)box->script[0].word, (uint32_t)number);
}

/* A box whose system calls come back to it. */
static void upcall_box(struct machine_box *box)
{
	attack_victim(box);
	box_must(box, UPCALL_ENTRY, MACHINE_CODE(box) + CBX_PAGE_SIZE, 0);
}

/* What a box may try with each call: its own pages, and what is above them. */
static void try_calls(const uint64_t *numbers, uint32_t count,
	const uint64_t arg[CBX_CALL_ARGS])
{
	struct machine_box box;
	uint32_t children;
	uint32_t fds;

	upcall_box(&box);
	children = attack_children();
	fds = descriptors(attack_process(&box));
	for (uint32_t i = 0; i < count; i++) {
		assert_trapped(&box, numbers[i], arg);
	}
	assert_int_equal(attack_children(), children);
	assert_int_equal(descriptors(attack_process(&box)), fds);
	(void)attack_maps_as_said(&box);
	attack_unharmed(&box);
}
#define TRY_CALLS(numbers, ...)                                    \
	try_calls(numbers, sizeof(numbers) / sizeof((numbers)[0]), \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/* Every number there is, and what only old programs use. */
void attack_a02_no_entry_into_the_kernel_is_open(void **state)
{
	static const uint8_t *const ways[] = { boxcode_int80,
		boxcode_sysenter };
	static const uint64_t none[CBX_CALL_ARGS];
	uint64_t numbers[480];
	static const uint64_t odd[] = { 0x40000009 /* x32 */, 0x400000ff,
		0x7fffffff, 0xffffffff, 0x0cbf1000, 0x0cbf1001, 0x0cbeffff };

	(void)state;
	for (uint64_t i = 0; i < 480; i++) {
		numbers[i] = i;
	}
	TRY_CALLS(numbers, 0, 0, 0, 0, 0, 0);
	TRY_CALLS(odd, 0, 0, 0, 0, 0, 0);
	for (uint32_t i = 0; i < 2; i++) {
		struct machine_box box;

		attack_victim(&box);
		assert_false(attack_instruction(&box, ways[i], none));
		assert_true(attack_ended(&box));
		attack_unharmed(&box);
	}
}

void attack_a09_no_process_is_made_or_traced(void **state)
{
	static const uint64_t makes[] = { SYS_fork, SYS_vfork, SYS_clone,
		SYS_clone3, SYS_execve, SYS_execveat, SYS_setns, SYS_unshare,
		SYS_prctl, SYS_seccomp, SYS_exit, SYS_exit_group };
	static const uint64_t traces[] = { SYS_ptrace, SYS_kill, SYS_tkill,
		SYS_tgkill, SYS_pidfd_open, SYS_pidfd_send_signal,
		SYS_process_madvise };

	(void)state;
	TRY_CALLS(makes, 0, 0, 0, 0, 0, 0);
	TRY_CALLS(makes, 0x50f00, MACHINE_DATA + 0x1800, 0, 0, 0, 0);
	TRY_CALLS(traces, 16, (uint64_t)getpid(), 0, 0, 0, 0);
	TRY_CALLS(traces, (uint64_t)getpid(), 9, 0, 0, 0, 0);
}

void attack_a11_no_file_or_process_memory_is_opened(void **state)
{
	static const uint64_t files[] = { SYS_open, SYS_openat, SYS_openat2,
		SYS_read, SYS_pread64, SYS_write, SYS_pwrite64, SYS_sendfile,
		SYS_memfd_create, SYS_userfaultfd, SYS_socket, SYS_connect,
		SYS_sendmsg, SYS_dup, SYS_io_uring_setup, SYS_io_uring_enter,
		SYS_io_uring_register, SYS_bpf, SYS_perf_event_open,
		SYS_pidfd_getfd, SYS_process_vm_readv, SYS_process_vm_writev,
		SYS_vmsplice, SYS_copy_file_range };
	static const uint64_t maps[] = { SYS_mmap, SYS_mremap, SYS_munmap,
		SYS_mprotect, SYS_pkey_mprotect, SYS_shmat, SYS_madvise,
		SYS_remap_file_pages, SYS_brk, SYS_mlock, SYS_arch_prctl };

	(void)state;
	TRY_CALLS(files, CBX_STUB_FD_PRIVATE, MACHINE_DATA, CBX_PAGE_SIZE, 0, 0,
		0);
	TRY_CALLS(
		files, (uint64_t)getpid(), MACHINE_DATA, 1, MACHINE_DATA, 1, 0);
	TRY_CALLS(maps, MACHINE_FREE, CBX_PAGE_SIZE, RW, 0x11,
		CBX_STUB_FD_PRIVATE, 0);
	TRY_CALLS(maps, MACHINE_DATA, CBX_PAGE_SIZE, 7, 0x32, UINT64_MAX, 0);
	TRY_CALLS(maps, CBX_SLOT_VA, CBX_SLOT_BYTES, 7, 0x32, UINT64_MAX, 0);
}

/* ---- the stub ---- */

uint32_t attack_stub_calls(
	struct machine_box *box, uint64_t *address, uint32_t most)
{
	uint8_t text[0x400];
	uint32_t count = 0;

	for (uint32_t i = 0; i < sizeof(text); i += 8) {
		uint64_t word;

		assert_true(machine_read(box, CBX_STUB_TEXT + i, &word));
		memcpy(text + i, &word, 8);
	}
	for (uint32_t i = 0; i + 1 < sizeof(text) && count < most; i++) {
		if (text[i] == 0x0f && text[i + 1] == 0x05) {
			address[count++] = CBX_STUB_TEXT + i;
		}
	}
	return count;
}

/* ---- signals of the host's ---- */

static void send_while_it_spins(struct machine_box *box, int number)
{
	attack_spin_on(1, box);
	assert_int_equal(kill(attack_process(box), number), 0);
	cpus_join(1);
}

/* No signal makes an up-call, and none tells the host anything. */
void attack_h04_injected_traps_are_not_believed(void **state)
{
	static const int traps[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
		SIGTRAP, CBX_STUB_KICK };
	static struct machine_box box;

	(void)state;
	upcall_box(&box);
	for (uint32_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		send_while_it_spins(&box, traps[i]);
		assert_int_equal(box.exit.ret[0], CBX_EXIT_INTERRUPTED);
		box_must(&box, TIME);
		assert_int_equal(box.script[0].upcalls, 0);
	}
	attack_unharmed(&box);
}

void attack_x07_signals_of_the_host_are_no_traps(void **state)
{
	const struct cbx_reply interrupted = { .ret = {
						       CBX_EXIT_INTERRUPTED } };
	static const int ends[] = { SIGUSR1, SIGTERM, SIGKILL, SIGABRT };
	static struct machine_box box;

	(void)state;
	machine_box(&box);
	attack_hide(&box, ATTACK_SECRET_VA);
	machine_confine(&box);
	send_while_it_spins(&box, SIGSYS);
	assert_memory_equal(&box.exit, &interrupted, sizeof(interrupted));
	send_while_it_spins(&box, SIGSEGV);
	assert_memory_equal(&box.exit, &interrupted, sizeof(interrupted));
	attack_unharmed(&box);
	for (uint32_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		machine_box(&box);
		attack_hide(&box, ATTACK_SECRET_VA);
		machine_confine(&box);
		send_while_it_spins(&box, ends[i]);
		assert_true(attack_ended(&box)); /* like any other end */
		attack_unharmed(&box);
	}
}
