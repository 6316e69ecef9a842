/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/trace.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include <tools/trace_value.h>

#define ERRNO_MOST  4095
#define PID(says)   ((uint32_t)((says)&0xffffffu))
#define TID(says)   ((uint32_t)((says) >> 24 & 0xffffffu))
#define GATES(says) ((uint32_t)((says) >> 48))

uint64_t cbx_trace_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct cbx_traced *thread_of(struct cbx_tracer *tracer, uint64_t thread)
{
	struct cbx_traced *at = tracer->threads;

	while (at != NULL && at->thread != thread) {
		at = at->next;
	}
	if (at != NULL) {
		return at;
	}
	at = calloc(1, sizeof(*at));
	if (at != NULL) {
		at->thread = thread;
		at->next = tracer->threads;
		tracer->threads = at;
	}
	return at;
}

/* Arguments in order, as far as they can be shown already. */
static void show_arguments(
	struct cbx_traced *t, struct cbx_box *box, const int64_t *result)
{
	struct cbx_trace_call call = cbx_trace_call_of(t->call.number);
	struct cbx_trace_text text = { t->text, sizeof(t->text),
		t->start[t->shown] };

	while (t->shown < 6 && call.kinds[t->shown] != '\0') {
		const struct cbx_trace_value value = { box, t->call.number,
			t->shown, call.kinds[t->shown], t->call.arg, result };

		if (result == NULL && cbx_trace_waits(&value)) {
			break;
		}
		cbx_trace_show(&text, &value);
		t->start[++t->shown] = text.used;
	}
}

/* Calls that return an address. */
static bool gives_address(uint32_t number)
{
	return number == SYS_mmap || number == SYS_brk || number == SYS_mremap;
}

static const char *served(const struct cbx_traced *t)
{
	if (t->host) {
		return "host";
	}
	return GATES(t->says) != 0 ? "monitor" : "runtime";
}

static void write_name(FILE *to, uint32_t number)
{
	struct cbx_trace_call call = cbx_trace_call_of(number);

	if (call.name != NULL) {
		(void)fputs(call.name, to);
	} else {
		(void)fprintf(to, "syscall_%" PRIu32, number);
	}
}

static void write_result(FILE *to, uint32_t number, int64_t result)
{
	if (result < 0 && result >= -ERRNO_MOST) {
		const char *name = strerrorname_np((int)-result);

		(void)fprintf(to, "-1 %s (%s)", name != NULL ? name : "?",
			strerror((int)-result));
	} else if (gives_address(number)) {
		(void)fprintf(to, "0x%" PRIx64, (uint64_t)result);
	} else {
		(void)fprintf(to, "%" PRId64, result);
	}
}

/* One line as strace's; @p result NULL: it never returned. */
static void write_line(FILE *to, const struct cbx_traced *t,
	const int64_t *result, uint64_t ns)
{
	if (TID(t->says) > 1) {
		(void)fprintf(to, "[pid %" PRIu32 "] ", TID(t->says));
	}
	write_name(to, t->call.number);
	for (uint32_t i = 0; i < t->shown; i++) {
		(void)fprintf(to, "%s%.*s", i == 0 ? "(" : ", ",
			(int)(t->start[i + 1] - t->start[i]),
			t->text + t->start[i]);
	}
	(void)fputs(t->shown == 0 ? "() = " : ") = ", to);
	if (result == NULL) {
		(void)fputs("?\n", to);
		return;
	}
	write_result(to, t->call.number, *result);
	(void)fprintf(to, " <%" PRIu64 ".%06" PRIu64 " %s>\n", ns / 1000000000u,
		ns / 1000u % 1000000u, served(t));
}

static void write_json_string(FILE *to, const char *text, size_t size)
{
	(void)fputc('"', to);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"' || text[i] == '\\') {
			(void)fputc('\\', to);
		}
		(void)fputc(text[i], to); /* printable: trace_value.c */
	}
	(void)fputc('"', to);
}

static void write_json(const struct cbx_tracer *tracer,
	const struct cbx_traced *t, const int64_t *result, uint64_t ns)
{
	FILE *to = tracer->to;
	uint64_t at = t->begin_ns - tracer->start_ns;

	(void)fprintf(to,
		"{\"time\":%" PRIu64 ".%09" PRIu64 ",\"pid\":%" PRIu32
		",\"tid\":%" PRIu32 ",\"thread\":%" PRIu64
		",\"number\":%" PRIu32 ",\"call\":\"",
		at / 1000000000u, at % 1000000000u, PID(t->says), TID(t->says),
		t->thread, t->call.number);
	write_name(to, t->call.number);
	(void)fputs("\",\"args\":[", to);
	for (uint32_t i = 0; i < t->shown; i++) {
		(void)fputs(i == 0 ? "" : ",", to);
		write_json_string(to, t->text + t->start[i],
			t->start[i + 1] - t->start[i]);
	}
	(void)fputs("],\"raw\":[", to);
	for (int i = 0; i < 6; i++) {
		(void)fprintf(to, "%s\"0x%" PRIx64 "\"", i == 0 ? "" : ",",
			t->call.arg[i]);
	}
	if (result == NULL) {
		(void)fputs("],\"result\":null}\n", to);
		return;
	}
	(void)fprintf(to, "],\"result\":%" PRId64, *result);
	if (*result < 0 && *result >= -ERRNO_MOST) {
		const char *name = strerrorname_np((int)-*result);

		(void)fprintf(to, ",\"errno\":\"%s\"", name ? name : "?");
	}
	(void)fprintf(to,
		",\"seconds\":%" PRIu64 ".%09" PRIu64 ",\"served\":\"%s\"}\n",
		ns / 1000000000u, ns % 1000000000u, served(t));
}

static void write_call(struct cbx_tracer *tracer, const struct cbx_traced *t,
	const int64_t *result, uint64_t ns)
{
	if (!tracer->write) {
		return;
	}
	if (tracer->json) {
		write_json(tracer, t, result, ns);
	} else {
		write_line(tracer->to, t, result, ns);
	}
}

static void begin(struct cbx_tracer *tracer, struct cbx_traced *t,
	struct cbx_box *box, const struct cbx_trace *event)
{
	if (t->open) {
		write_call(tracer, t, NULL, 0);
	}
	t->call = *event;
	t->shown = 0;
	t->open = true;
	t->host = false;
	if (tracer->write) {
		show_arguments(t, box, NULL);
	}
	t->begin_ns = cbx_trace_now();
}

static void end(struct cbx_tracer *tracer, struct cbx_traced *t,
	struct cbx_box *box, const struct cbx_trace *event)
{
	uint64_t ns = cbx_trace_now() - t->begin_ns;
	struct cbx_traced_sum *sum =
		&tracer->call[t->call.number < CBX_TRACE_CALLS
				      ? t->call.number
				      : CBX_TRACE_CALLS - 1];

	t->says = event->says;
	t->open = false;
	sum->count++;
	sum->errors += event->result < 0 && event->result >= -ERRNO_MOST;
	sum->ns += ns;
	if (tracer->write) {
		show_arguments(t, box, &event->result);
		write_call(tracer, t, &event->result, ns);
	}
}

void cbx_trace_event(
	void *arg, struct cbx_box *box, const struct cbx_trace *event)
{
	struct cbx_tracer *tracer = arg;
	struct cbx_traced *t = thread_of(tracer, event->thread);

	if (t == NULL) {
		return; /* no memory for a line */
	}
	if (event->is_result == 0) {
		begin(tracer, t, box, event);
	} else if (t->open) {
		end(tracer, t, box, event);
	}
}

void cbx_trace_exit(
	void *arg, uint64_t thread, enum cbx_exit_reason reason, uint64_t ns)
{
	struct cbx_tracer *tracer = arg;

	if ((unsigned int)reason < CBX_TRACE_EXITS) {
		tracer->exit[reason].count++;
		tracer->exit[reason].ns += ns;
	}
	for (struct cbx_traced *t = tracer->threads; t != NULL; t = t->next) {
		t->host = t->host ||
			  (t->open && thread != 0 && t->thread == thread);
	}
}

void cbx_trace_finish(struct cbx_tracer *tracer)
{
	while (tracer->threads != NULL) {
		struct cbx_traced *t = tracer->threads;

		if (t->open) {
			write_call(tracer, t, NULL, 0);
		}
		tracer->threads = t->next;
		free(t);
	}
	if (tracer->to != NULL) {
		(void)fflush(tracer->to);
	}
}
