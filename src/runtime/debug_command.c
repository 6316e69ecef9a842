/* SPDX-License-Identifier: Apache-2.0 */
/* What the debugger's packets ask for. */
#include "debug_int.h"

#include "lib.h"
#include "linux.h"
#include "path.h"
#include "task.h"
#include "user.h"

/* Whom "Hg" and "Hc" named, and why the box stands still. */
static struct cbx_task *chosen;
static int32_t reason;

void cbx_debug_stopped(struct cbx_task *task, int32_t signal)
{
	chosen = task;
	reason = signal;
}

void cbx_debug_reason(struct cbx_debug_text *text, const struct cbx_task *task,
	int32_t signal)
{
	cbx_debug_put(text, signal < 16 ? "T0" : "T");
	cbx_debug_put_hex(text, (uint64_t)signal);
	cbx_debug_put(text, "thread:");
	cbx_debug_put_hex(text, task->tid);
	cbx_debug_put(text, ";");
}

/* A thread of the process that is debugged; -1 and 0 are any. */
static struct cbx_task *find(const char **at)
{
	struct cbx_task *task = cbx_process_self()->tasks;
	uint64_t tid;

	if (cbx_debug_word(at, "-1")) {
		return chosen;
	}
	tid = cbx_debug_number(at);
	while (task != NULL && tid != 0 && task->tid != tid) {
		task = task->next;
	}
	return tid == 0 ? chosen : task;
}

static void answer_ok(struct cbx_debug_text *answer, bool done)
{
	cbx_debug_put(answer, done ? "OK" : "E16");
}

static void list_threads(struct cbx_debug_text *answer)
{
	const char *before = "m";

	for (struct cbx_task *t = cbx_process_self()->tasks; t != NULL;
		t = t->next) {
		if (answer->bytes > sizeof(answer->at) - 32) {
			break;
		}
		cbx_debug_put(answer, before);
		cbx_debug_put_hex(answer, t->tid);
		before = ",";
	}
}

/* Part of an object: "offset,length" follows.  Binary, with escapes. */
static void put_part(struct cbx_debug_text *answer, const char *at,
	const uint8_t *object, uint64_t bytes)
{
	uint64_t offset = cbx_debug_number(&at);
	uint64_t length = cbx_debug_word(&at, ",") ? cbx_debug_number(&at) : 0;
	uint64_t end;

	offset = cbx_min(offset, bytes);
	length = cbx_min(length, (CBX_DEBUG_PACKET - 1) / 2);
	end = offset + cbx_min(length, bytes - offset);
	cbx_debug_put(answer, end < bytes ? "m" : "l");
	for (; offset < end; offset++) {
		uint8_t byte = object[offset];

		if (byte == '#' || byte == '$' || byte == '}' || byte == '*') {
			answer->at[answer->bytes++] = '}';
			byte ^= 0x20;
		}
		answer->at[answer->bytes++] = (char)byte;
	}
}

#define PAIRS 32u /* of the auxiliary vector, at most */

static void put_auxv(struct cbx_debug_text *answer, const char *at)
{
	const struct cbx_process *self = cbx_process_self();
	const struct cbx_arguments *a = &self->arguments;
	uint64_t from = self->vector + 8 * (1 + a->argc + 1 + a->envc + 1);
	uint64_t pair[PAIRS][2] = { { 0 } };
	uint64_t count = 0;

	while (count < PAIRS &&
		cbx_user_get(pair[count], from, sizeof(pair[0])) == 0) {
		from += sizeof(pair[0]);
		if (pair[count++][0] == 0) {
			break;
		}
	}
	put_part(answer, at, (const uint8_t *)pair, count * sizeof(pair[0]));
}

/* A script's is its interpreter. */
static void put_program(struct cbx_debug_text *answer, const char *at)
{
	static char path[LX_PATH_MAX];
	uint64_t bytes =
		cbx_path_of(cbx_process_self()->program, path, sizeof(path));

	(void)cbx_debug_number(&at);
	(void)cbx_debug_word(&at, ":");
	put_part(answer, at, (const uint8_t *)path, bytes);
}

static void query(const char *at, struct cbx_debug_text *answer)
{
	if (cbx_debug_word(&at, "Supported")) {
		cbx_debug_put(answer,
			"PacketSize=fa0;vContSupported+;qXfer:auxv:read+;"
			"qXfer:exec-file:read+");
	} else if (cbx_debug_word(&at, "Xfer:auxv:read::")) {
		put_auxv(answer, at);
	} else if (cbx_debug_word(&at, "Xfer:exec-file:read:")) {
		put_program(answer, at);
	} else if (cbx_debug_word(&at, "fThreadInfo")) {
		list_threads(answer);
	} else if (cbx_debug_word(&at, "sThreadInfo")) {
		cbx_debug_put(answer, "l");
	} else if (cbx_debug_word(&at, "ThreadExtraInfo,")) {
		const struct cbx_task *task = find(&at);

		if (task != NULL) {
			cbx_debug_put_bytes(
				answer, task->name, strlen(task->name));
		}
	} else if (cbx_debug_word(&at, "Attached")) {
		cbx_debug_put(answer, "0");
	} else if (cbx_debug_word(&at, "C")) {
		cbx_debug_put(answer, "QC");
		cbx_debug_put_hex(answer, chosen->tid);
	}
}

/* Actions: "c", "s", with a signal as "C05", each with ":thread" or for the
 * rest; the first that fits a thread is its own. */
static enum cbx_debug_go go_on(const char *at, struct cbx_debug_run *run)
{
	struct cbx_task *named = NULL;
	bool rest = false;

	*run = (struct cbx_debug_run){ 0 };
	while (cbx_debug_word(&at, ";")) {
		char action = *at;
		struct cbx_task *task = NULL;
		int32_t signal = 0;

		at += action == '\0' ? 0 : 1;
		if (action == 'C' || action == 'S') {
			signal = (int32_t)(cbx_debug_number(&at) & 0x7f);
		}
		if (cbx_debug_word(&at, ":")) {
			task = find(&at);
		}
		rest = rest || task == NULL;
		if ((action == 's' || action == 'S') && run->step == NULL &&
			named == NULL) {
			run->step = task == NULL ? chosen : task;
		}
		named = named == NULL ? task : named;
		run->signal = run->signal == 0 ? signal : run->signal;
	}
	run->only = rest ? NULL : named;
	return CBX_DEBUG_RUN;
}

/* "c", "s", "C05", "S05" alone: the old form. */
static enum cbx_debug_go go_simply(const char *at, struct cbx_debug_run *run)
{
	char form[8] = { ';', at[0], '\0' };

	if (at[0] == 'C' || at[0] == 'S') {
		form[2] = at[1];
	}
	if (form[2] != '\0') {
		form[3] = at[2];
	}
	return go_on(form, run);
}

static void memory(const char *at, bool write, struct cbx_debug_text *answer)
{
	uint64_t va = cbx_debug_number(&at);
	uint64_t bytes = cbx_debug_word(&at, ",") ? cbx_debug_number(&at) : 0;

	if (!write) {
		cbx_debug_put_memory(answer, va, bytes);
	} else {
		answer_ok(answer, cbx_debug_word(&at, ":") &&
					  cbx_debug_set_memory(va, bytes, at));
	}
}

static void set_one(const char *at, struct cbx_debug_text *answer)
{
	uint64_t number = cbx_debug_number(&at);

	answer_ok(answer, cbx_debug_word(&at, "=") &&
				  cbx_debug_set_register(chosen, number, at));
}

static void choose(const char *at, struct cbx_debug_text *answer)
{
	struct cbx_task *task;

	at += *at == '\0' ? 0 : 1; /* g or c */
	task = find(&at);
	if (task != NULL) {
		chosen = task;
	}
	answer_ok(answer, task != NULL);
}

static enum cbx_debug_go verbose(const char *at, struct cbx_debug_text *answer,
	struct cbx_debug_run *run)
{
	if (cbx_debug_word(&at, "Cont?")) {
		cbx_debug_put(answer, "vCont;c;C;s;S");
	} else if (cbx_debug_word(&at, "Cont")) {
		return go_on(at, run);
	} else if (cbx_debug_word(&at, "Kill")) {
		return CBX_DEBUG_KILL;
	}
	return CBX_DEBUG_STAY;
}

enum cbx_debug_go cbx_debug_command(const char *packet,
	struct cbx_debug_text *answer, struct cbx_debug_run *run)
{
	*run = (struct cbx_debug_run){ 0 };
	answer->bytes = 0;
	switch (packet[0]) {
	case '?':
		cbx_debug_reason(answer, chosen, reason);
		break;
	case 'g':
		cbx_debug_put_registers(answer, chosen);
		break;
	case 'G':
		answer_ok(answer, cbx_debug_set_registers(chosen, packet + 1));
		break;
	case 'P':
		set_one(packet + 1, answer);
		break;
	case 'm':
	case 'M':
		memory(packet + 1, packet[0] == 'M', answer);
		break;
	case 'H':
		choose(packet + 1, answer);
		break;
	case 'T':
		packet++;
		answer_ok(answer, find(&packet) != NULL);
		break;
	case 'q':
		query(packet + 1, answer);
		break;
	case 'v':
		return verbose(packet + 1, answer, run);
	case 'c':
	case 's':
	case 'C':
	case 'S':
		return go_simply(packet, run);
	case 'D':
		cbx_debug_put(answer, "OK");
		return CBX_DEBUG_DETACH;
	case 'k':
		return CBX_DEBUG_KILL;
	default:
		break;
	}
	return CBX_DEBUG_STAY;
}
