/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include "break.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "path.h"
#include "task.h"

#define SCRIPTS_MAX 4
#define LINE_MAX    256u

void cbx_process_name(const char *path)
{
	const char *name = path;

	for (const char *c = path; *c != '\0'; c++) {
		if (*c == '/') {
			name = c + 1;
		}
	}
	memset(cbx_task_self()->name, 0, CBX_TASK_NAME);
	memcpy(cbx_task_self()->name, name,
		cbx_min(strlen(name), CBX_TASK_NAME - 1));
}

/* A script's first line: an interpreter and at most one argument. */
struct script {
	char line[LINE_MAX];
	const char *interpreter;
	const char *argument; /* NULL: none */
};

static char *skip_blanks(char *at)
{
	while (*at == ' ' || *at == '\t') {
		at++;
	}
	return at;
}

static bool read_script(const struct cbx_node *node, struct script *s)
{
	int64_t got = cbx_data_read(
		&node->data, 0, (uint64_t)s->line, sizeof(s->line) - 1);
	char *end;
	char *at;

	if (got < 3 || s->line[0] != '#' || s->line[1] != '!') {
		return false;
	}
	s->line[got] = '\0';
	end = memchr(s->line, '\n', (size_t)got);
	end = end == NULL ? s->line + got : end;
	while (end > s->line && (end[-1] == ' ' || end[-1] == '\t')) {
		end--;
	}
	*end = '\0';
	at = skip_blanks(s->line + 2);
	s->interpreter = at;
	while (*at != '\0' && *at != ' ' && *at != '\t') {
		at++;
	}
	s->argument = NULL;
	if (*at != '\0') {
		*at = '\0';
		s->argument = skip_blanks(at + 1);
	}
	return s->interpreter[0] != '\0';
}

static char *put_string(char *to, const char *text)
{
	size_t bytes = strlen(text) + 1;

	memcpy(to, text, bytes);
	return to + bytes;
}

/* Interpreter, its argument, the script, and the script's arguments. */
static int64_t prepend(struct cbx_program *p, const struct script *s)
{
	struct cbx_arguments *a = &p->arguments;
	uint64_t first = a->argc == 0 ? 0 : strlen(a->argv) + 1;
	uint64_t rest = a->argv_bytes - first;
	uint64_t bytes = LINE_MAX + strlen(p->path) + 1 + rest;
	char *storage = cbx_heap_take(bytes);
	char *at;

	if (storage == NULL) {
		return -LX_ENOMEM;
	}
	at = put_string(storage, s->interpreter);
	if (s->argument != NULL) {
		at = put_string(at, s->argument);
	}
	at = put_string(at, p->path);
	memcpy(at, a->argv + first, rest);
	a->argc += (a->argc == 0 ? 2u : 1u) + (s->argument != NULL ? 1u : 0u);
	a->argv = storage;
	a->argv_bytes = (uint64_t)(at - storage) + rest;
	p->path = storage;
	cbx_heap_give(p->storage, p->storage_bytes);
	p->storage = storage;
	p->storage_bytes = bytes;
	return 0;
}

static int64_t find_file(const char *path, struct cbx_node **node)
{
	struct cbx_walk walk;
	int64_t status =
		cbx_path_walk(cbx_process_self()->cwd, path, true, &walk);

	if (status != 0) {
		return status;
	}
	if (walk.node == NULL) {
		return -LX_ENOENT;
	}
	if (!cbx_node_is(walk.node, LX_S_IFREG) ||
		walk.node->proc != CBX_PROC_NONE ||
		(walk.node->mode & 0111u) == 0) {
		return -LX_EACCES;
	}
	*node = walk.node;
	return 0;
}

/* What loads a program that is not static. */
static int64_t find_loader(struct cbx_program *p)
{
	int64_t status;

	if (p->elf.interpreter[0] == '\0') {
		return 0;
	}
	status = find_file(p->elf.interpreter, &p->loader);
	if (status != 0) {
		return status;
	}
	p->status = cbx_load_check(p->loader, &p->loader_elf);
	if (p->status == CBX_ELF_OK && !p->loader_elf.independent) {
		p->status = CBX_ELF_MALFORMED;
	}
	return p->status == CBX_ELF_OK ? 0 : -LX_ELIBBAD;
}

static int64_t check_program(struct cbx_program *p)
{
	p->status = cbx_load_check(p->node, &p->elf);
	return p->status == CBX_ELF_OK ? find_loader(p) : -LX_ENOEXEC;
}

int64_t cbx_program_find(struct cbx_program *program)
{
	static struct script script;

	program->path = program->arguments.path;
	for (int i = 0; i < SCRIPTS_MAX; i++) {
		int64_t status = find_file(program->path, &program->node);

		if (status != 0) {
			return status;
		}
		if (!read_script(program->node, &script)) {
			return check_program(program);
		}
		status = prepend(program, &script);
		if (status != 0) {
			return status;
		}
	}
	return -LX_ELOOP;
}

int64_t cbx_program_load(
	const struct cbx_program *program, uint64_t *entry, uint64_t *stack)
{
	struct cbx_process *process = cbx_process_self();
	struct cbx_loaded loaded;
	struct cbx_loaded loader = { 0 };
	int64_t status;

	cbx_memory_reset(process->map);
	status =
		cbx_load(program->node, &program->elf, CBX_MEMORY_PIE, &loaded);
	if (status == 0 && program->loader != NULL) {
		status = cbx_load(program->loader, &program->loader_elf,
			CBX_MEMORY_LOADER, &loader);
	}
	if (status == 0) {
		status = cbx_load_stack(
			&program->arguments, &loaded, loader.base, stack);
	}
	if (status != 0) {
		return status;
	}
	cbx_node_hold(program->node);
	if (process->program != NULL) {
		cbx_node_drop(process->program);
	}
	process->program = program->node;
	process->arguments = program->arguments;
	process->vector = *stack;
	cbx_process_name(program->arguments.path);
	cbx_break_begin(loaded.end);
	*entry = program->loader != NULL ? loader.entry : loaded.entry;
	return 0;
}
