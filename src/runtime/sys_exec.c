/* SPDX-License-Identifier: Apache-2.0 */
/* execve: another program in the same box. */
#include "cpu.h"
#include "file.h"
#include "frame.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "message.h"
#include "program.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

#define STRINGS_MAX 0x200000u /* bytes of arguments and environment */

/* Strings one after the other, growing. */
struct strings {
	char *at;
	uint64_t bytes;
	uint64_t capacity;
	uint64_t count;
};

static int64_t add_string(struct strings *s, uint64_t va)
{
	for (;;) {
		uint64_t room = s->capacity - s->bytes;
		int64_t length =
			!cbx_user_valid(va, 1)
				? -LX_EFAULT
				: cbx_user_copy_string(s->at + s->bytes,
					  (const char *)va, room);

		if (length < 0) {
			return length;
		}
		if ((uint64_t)length < room) {
			s->bytes += (uint64_t)length + 1;
			s->count++;
			return 0;
		}
		if (s->capacity >= STRINGS_MAX) {
			return -LX_E2BIG;
		}
		if (!cbx_heap_grow((void **)&s->at, &s->capacity,
			    s->capacity + CBX_PAGE_SIZE, 1)) {
			return -LX_ENOMEM;
		}
	}
}

static int64_t add_vector(struct strings *s, uint64_t va)
{
	int64_t status = 0;

	s->count = 0;
	while (va != 0 && status == 0) {
		uint64_t string;

		status = cbx_user_get(&string, va, sizeof(string));
		if (status != 0 || string == 0) {
			break;
		}
		status = add_string(s, string);
		va += sizeof(string);
	}
	return status;
}

/* The path, the arguments and the environment, in one block. */
static int64_t gather(
	const uint64_t *arg, struct strings *s, struct cbx_arguments *a)
{
	uint64_t path_bytes = 0;
	uint64_t argv_end = 0;
	int64_t status = add_string(s, arg[0]);

	path_bytes = s->bytes;
	if (status == 0) {
		status = add_vector(s, arg[1]);
		a->argc = s->count;
		argv_end = s->bytes;
	}
	if (status == 0) {
		status = add_vector(s, arg[2]);
		a->envc = s->count;
	}
	a->path = s->at;
	a->argv = s->at + path_bytes;
	a->argv_bytes = argv_end - path_bytes;
	a->envp = s->at + argv_end;
	a->envp_bytes = s->bytes - argv_end;
	return status != 0 ? status : (path_bytes == 1 ? -LX_ENOENT : 0);
}

static void keep(const struct strings *s, const struct cbx_program *p)
{
	struct cbx_arguments_kept *kept = &cbx_process_self()->kept;

	cbx_heap_give(kept->block[0], kept->bytes[0]);
	cbx_heap_give(kept->block[1], kept->bytes[1]);
	kept->block[0] = s->at;
	kept->bytes[0] = s->capacity;
	kept->block[1] = p->storage;
	kept->bytes[1] = p->storage_bytes;
}

static void begin(uint64_t entry, uint64_t stack)
{
	struct cbx_regs *regs = cbx_task_self()->context.regs;

	cbx_signal_reset();
	cbx_fd_close_on_exec();
	cbx_cpu_set_fs(0);
	cbx_frame_reset(cbx_task_self()->context.frame);
	*regs = (struct cbx_regs){
		.rip = entry,
		.rsp = stack,
		.rflags = 0x202,
	};
}

int64_t cbx_sys_execve(const uint64_t *arg)
{
	static struct cbx_program program;
	struct strings s = { .capacity = CBX_PAGE_SIZE };
	uint64_t entry;
	uint64_t stack;
	int64_t status;

	memset(&program, 0, sizeof(program));
	s.at = cbx_heap_take(s.capacity);
	if (s.at == NULL) {
		return -LX_ENOMEM;
	}
	status = gather(arg, &s, &program.arguments);
	if (status == 0) {
		status = cbx_program_find(&program);
	}
	if (status != 0) {
		cbx_heap_give(program.storage, program.storage_bytes);
		cbx_heap_give(s.at, s.capacity);
		return status;
	}
	status = cbx_program_load(&program, &entry, &stack);
	if (status != 0) {
		cbx_message_begin(program.arguments.path);
		cbx_message_put(": no memory to load it");
		cbx_message_end();
		cbx_signal_die(LX_SIGKILL);
	}
	keep(&s, &program);
	begin(entry, stack);
	return 0;
}
