/* SPDX-License-Identifier: Apache-2.0 */
/* The box's first code: from the start block to the program's first
 * instruction. */
#include <base/cpuid.h>
#include <base/start.h>

#include "budget.h"
#include "channel.h"
#include "debug.h"
#include "cpu.h"
#include "forward.h"
#include "file.h"
#include "fs.h"
#include "gate.h"
#include "host_file.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "memory_space.h"
#include "message.h"
#include "path.h"
#include "program.h"
#include "start.h"
#include "task.h"
#include "template.h"
#include "time.h"

/* Exit codes a shell gives, too. */
enum {
	END_BROKEN = 125,  /* the box itself */
	END_NOT_RUN = 126, /* not a program that can run */
	END_NOT_FOUND = 127,
};

/* entry_linux.S */
_Noreturn void cbx_start_program(uint64_t entry, uint64_t stack);
void cbx_runtime_upcall_entry(void);

/* The string at an offset of the start block; NULL when it does not end in
 * it. */
static const char *string_at(const struct cbx_start *start, uint64_t offset)
{
	const char *at = (const char *)start + offset;

	if (offset < sizeof(*start) || offset >= start->size ||
		memchr(at, '\0', start->size - offset) == NULL) {
		return NULL;
	}
	return at;
}

/* Bytes of @p count strings at an offset; false when they do not fit. */
static bool strings_at(const struct cbx_start *start, uint64_t offset,
	uint64_t count, uint64_t *bytes)
{
	uint64_t at = offset;

	for (uint64_t i = 0; i < count; i++) {
		const char *string = string_at(start, at);

		if (string == NULL) {
			return false;
		}
		at += strlen(string) + 1;
	}
	*bytes = at - offset;
	return true;
}

static bool read_arguments(
	const struct cbx_start *start, struct cbx_arguments *a)
{
	a->path = string_at(start, start->path_offset);
	a->argc = start->argc;
	a->envc = start->envc;
	a->argv = (const char *)start + start->argv_offset;
	a->envp = (const char *)start + start->envp_offset;
	return a->path != NULL && string_at(start, start->cwd_offset) != NULL &&
	       strings_at(start, start->argv_offset, start->argc,
		       &a->argv_bytes) &&
	       strings_at(
		       start, start->envp_offset, start->envc, &a->envp_bytes);
}

/* The policy, if it lets the box ask anything. */
static const struct cbx_policy *policy_of(const struct cbx_start *start)
{
	const struct cbx_policy *policy =
		(const void *)((const char *)start + start->policy_offset);
	bool inside = start->policy_offset >= sizeof(*start) &&
		      start->policy_offset <= start->size &&
		      start->size - start->policy_offset >= sizeof(*policy) &&
		      start->policy_offset % sizeof(uint64_t) == 0;

	if (start->policy_offset == 0) {
		return NULL;
	}
	if (!inside || policy->rule_count > CBX_POLICY_RULES) {
		cbx_message_fatal("start block", "malformed", END_BROKEN);
	}
	return policy;
}

static void check_start(const struct cbx_start *start)
{
	if (start->magic != CBX_START_MAGIC ||
		start->version != CBX_START_VERSION ||
		start->size < sizeof(*start) ||
		start->size > CBX_FILES_VA - CBX_START_VA ||
		start->files_bytes > CBX_FILES_BYTES ||
		start->list_bytes > CBX_FILES_BYTES ||
		start->cpuid > CBX_CPUID_LEVELS) {
		cbx_message_fatal("start block", "malformed", END_BROKEN);
	}
}

/* Descriptors 0 to 2. */
static bool open_channels(void)
{
	static const uint32_t flags[3] = { LX_O_RDONLY, LX_O_WRONLY,
		LX_O_WRONLY };

	for (uint16_t port = 0; port < 3; port++) {
		struct cbx_node *node =
			cbx_node_create(LX_S_IFIFO | 0600u, cbx_time_coarse());
		struct cbx_file *file;

		if (node == NULL) {
			return false;
		}
		node->device = CBX_DEVICE_CHANNEL;
		node->index = port;
		if (cbx_file_open(node, flags[port], &file) != 0 ||
			cbx_fd_add(file, port, false) != port) {
			return false;
		}
	}
	return true;
}

/* Files whose pages a template lends. */
static void mount_shares(const struct cbx_start *start)
{
	const struct cbx_start_share *share =
		(const struct cbx_start_share *)((const uint8_t *)start +
						 start->share_offset);

	if (start->share_count > CBX_SHARES_MAX ||
		start->share_offset > start->size ||
		start->share_count * sizeof(*share) >
			start->size - start->share_offset) {
		cbx_message_fatal("start block", "malformed", END_BROKEN);
	}
	for (uint64_t i = 0; i < start->share_count; i++) {
		const char *path = string_at(start, share[i].path_offset);

		if (path == NULL || share[i].bytes > CBX_SHARE_BYTES ||
			!cbx_fs_make_shared(path,
				(const uint8_t *)CBX_SHARE_VA(i),
				share[i].bytes)) {
			cbx_message_fatal(path == NULL ? "start block" : path,
				"the shared file cannot be put there",
				END_BROKEN);
		}
	}
}

static void enter_directory(const char *path)
{
	struct cbx_node *dir = cbx_fs_make_path(path, 0755);

	if (dir == NULL) {
		cbx_message_fatal(path, "the working directory cannot be made",
			END_BROKEN);
	}
	cbx_node_hold(dir);
	cbx_process_self()->cwd = dir;
}

static _Noreturn void refuse_loader(
	const struct cbx_program *program, int64_t why)
{
	cbx_message_begin(program->path);
	cbx_message_put(": its interpreter ");
	cbx_message_put(program->elf.interpreter);
	cbx_message_put(why == -LX_ELIBBAD  ? " is "
			: why == -LX_EACCES ? " is no executable file"
					    : " is not in the box");
	cbx_message_put(
		why == -LX_ELIBBAD ? cbx_elf_text(program->status) : "");
	cbx_message_end();
	cbx_gate_end(why == -LX_ENOENT ? END_NOT_FOUND : END_NOT_RUN);
}

static bool loader_is_wrong(const struct cbx_program *program, int64_t why)
{
	return why == -LX_ELIBBAD ||
	       (why != -LX_ENOEXEC && program->loader == NULL &&
		       program->elf.interpreter[0] != '\0');
}

static _Noreturn void refuse(const struct cbx_program *program, int64_t why)
{
	const char *path = program->path;

	if (loader_is_wrong(program, why)) {
		refuse_loader(program, why);
	}
	switch (why) {
	case -LX_ENOEXEC:
		cbx_message_fatal(
			path, cbx_elf_text(program->status), END_NOT_RUN);
	case -LX_ENOMEM:
		cbx_message_fatal(path, "not enough memory", END_BROKEN);
	case -LX_EACCES:
		cbx_message_fatal(path, "not an executable file", END_NOT_RUN);
	case -LX_E2BIG:
		cbx_message_fatal(path, "too many arguments", END_NOT_RUN);
	case -LX_ELOOP:
		cbx_message_fatal(path, "leads in a circle", END_NOT_RUN);
	default:
		cbx_message_fatal(
			path, "no such file in the box", END_NOT_FOUND);
	}
}

static void prepare(const struct cbx_start *start)
{
	const char *wrong;
	uint64_t space;

	cbx_cpu_init(start->cpuid);
	if (!cbx_gate_upcall_entry((uint64_t)cbx_runtime_upcall_entry, 0,
		    &cbx_task_init.thread, &space)) {
		cbx_message_fatal(
			"up-calls", "refused by the monitor", END_BROKEN);
	}
	if (!cbx_cpu_fsgsbase()) {
		cbx_message_fatal(
			"the CPU", "has no FSGSBASE instructions", END_BROKEN);
	}
	cbx_memory_space_first(space);
	cbx_task_enter(&cbx_task_init);
	cbx_runtime_lock();
	cbx_box_flags = start->flags;
	cbx_budget_init(start->memory_pages);
	cbx_time_init(start->epoch_ns, start->flags);
	cbx_channel_init((start->flags & CBX_START_CONFINE) != 0,
		(start->flags & CBX_START_KEEPER) != 0);
	cbx_forward_init(policy_of(start));
	cbx_debug_init();
	wrong = cbx_fs_mount((const uint8_t *)CBX_FILES_VA, start->files_bytes,
		start->list_bytes);
	cbx_host_mount(policy_of(start));
	if (wrong == NULL && !open_channels()) {
		wrong = "not enough memory";
	}
	if (wrong != NULL) {
		cbx_message_fatal("the box's files", wrong, END_BROKEN);
	}
}

void cbx_runtime_start(const struct cbx_start *start)
{
	static struct cbx_program program;
	uint64_t entry;
	uint64_t stack;
	int64_t status;

	check_start(start);
	if (!read_arguments(start, &program.arguments)) {
		cbx_message_fatal("start block", "malformed", END_BROKEN);
	}
	prepare(start);
	mount_shares(start);
	enter_directory(string_at(start, start->cwd_offset));
	status = cbx_program_find(&program);
	if (status == 0) {
		status = cbx_program_load(&program, &entry, &stack);
	}
	if (status != 0) {
		refuse(&program, status);
	}
	cbx_template_after(start->template_ns);
	cbx_runtime_unlock();
	cbx_start_program(entry, stack);
}
