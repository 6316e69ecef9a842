/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/commands.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tools/say.h>
#include <tools/descriptor.h>
#include <tools/gdb.h>
#include <tools/hint.h>
#include <tools/trace.h>
#include <tools/watch.h>

static int fail(void)
{
	cbx_say_error();
	return CBX_CODE_FAILED;
}

/* Those this process may run on (taskset, a container's), which may be fewer
 * than there are: two of a box's on one of the machine's are slower than one. */
static long cpus_here(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		return CPU_COUNT(&set);
	}
	return sysconf(_SC_NPROCESSORS_ONLN); /* more than a set holds */
}

/* CPUs the box may use at once. */
static uint32_t cpus_of(const struct cbx_command_line *line)
{
	long here = cpus_here();

	if (line->cpus != 0 || here < 1) {
		return line->cpus != 0 ? line->cpus : 1;
	}
	return here < (long)CBX_CPUS_MAX ? (uint32_t)here : CBX_CPUS_MAX;
}

/* Without its root the box is not run at all. */
static int fetch_keys(
	const struct cbx_command_line *line, struct cbx_context **context)
{
	int code =
		line->keys == NULL ? 0 : cbx_keys_fetch(*context, line->keys);

	if (code != 0) {
		cbx_context_close(*context);
		*context = NULL;
	}
	return code;
}

/* One CPU more for what must not wait for a box, one for a thread that waits
 * for input; each with a buffer. */
static int open_context(const struct cbx_command_line *line,
	const struct cbx_image *image, struct cbx_context **context)
{
	struct cbx_image_info info = { .size = sizeof(info) };
	struct cbx_options options = { .size = sizeof(options),
		.cpu_count = cpus_of(line) + 2 };

	if (cbx_image_query(image, &info) != CBX_OK) {
		return fail();
	}
	/* of a template and a clone at once */
	options.memory_bytes = (line->warm != 0 ? 2 : 1) * info.memory_bytes +
			       options.cpu_count * (uint64_t)CBX_IO_BYTES_MAX;
	options.flags = getenv("CONFBOX_LOG") != NULL ? CBX_OPEN_LOG : 0;
	if (cbx_context_open(&options, context) != CBX_OK) {
		return fail();
	}
	return fetch_keys(line, context);
}

static int print_measurement(struct cbx_box *box)
{
	uint8_t digest[CBX_DIGEST_BYTES];

	if (cbx_box_digest(box, CBX_DIGEST_MEASUREMENT, digest) != CBX_OK) {
		return fail();
	}
	(void)fprintf(stderr, "%s\n", cbx_command_hex(digest).text);
	return 0;
}

/* What the box's end means as an exit status of ours. */
static int explain_end(const struct cbx_result *result, uint64_t timeout_ns)
{
	if (result->timed_out != 0) {
		cbx_say("the box was ended: its time of %g s was over; give it "
			"more with --timeout",
			(double)timeout_ns / 1e9);
		return CBX_CODE_TIMEOUT;
	}
	switch (result->reason) {
	case CBX_END_EXIT:
		return result->signal != 0
			       ? CBX_CODE_BY_SIGNAL + (int)result->signal
			       : (int)result->exit_status;
	case CBX_END_VIOLATION:
		cbx_say("the box was ended: it made a call that its state or "
			"policy forbids; see --trace");
		return CBX_CODE_BY_SIGNAL + SIGSYS;
	case CBX_END_FAULT:
		cbx_say("the box was ended: a fault that nothing in it "
			"handles; see --trace");
		return CBX_CODE_BY_SIGNAL + SIGSEGV;
	case CBX_END_KILLED:
		cbx_say("the box was killed");
		return CBX_CODE_BY_SIGNAL + SIGKILL;
	case CBX_END_LOST:
	default:
		cbx_say("the box was lost: its process was killed from "
			"outside, or memory ran out; run it again");
		return CBX_CODE_FAILED;
	}
}

static const char *output_remedy(int error)
{
	return error == ENOSPC || error == EDQUOT
		       ? "make room, or write it elsewhere"
		       : "open it, or redirect it to /dev/null";
}

/* The program saw these as errors of its own; say it in plain words, too, and
 * never call lost output a success. */
static int explain_streams(const struct cbx_result *result, int code)
{
	int error = result->output_error;

	if (result->input_error != 0) {
		cbx_say("standard input: %s; the program's input ended there",
			strerror(result->input_error));
	}
	if (error == 0 || error == EPIPE) {
		return code;
	}
	cbx_say("standard output: %s; %s",
		cbx_descriptor_fd(1) < 0 ? "closed" : strerror(error),
		output_remedy(error));
	return code == 0 ? CBX_CODE_FAILED : code;
}

static int end_code(const struct cbx_command_line *line,
	const struct cbx_result *result, int caught)
{
	if (caught != 0 && result->timed_out == 0 &&
		(result->reason == CBX_END_KILLED || result->confined != 0)) {
		cbx_say("the box was ended by signal %d (%s)", caught,
			strsignal(caught));
		return CBX_CODE_BY_SIGNAL + caught;
	}
	if (result->reason == CBX_END_EXIT && result->timed_out == 0 &&
		result->exit_status != 0) {
		cbx_hint(line);
	}
	return explain_streams(result, explain_end(result, line->timeout_ns));
}

static bool begin_trace(
	const struct cbx_command_line *line, struct cbx_tracer *tracer)
{
	*tracer = (struct cbx_tracer){ .to = stderr,
		.write = line->trace || !line->profile,
		.json = line->trace_json,
		.start_ns = cbx_trace_now() };
	if (line->trace_file == NULL) {
		return true;
	}
	tracer->to = fopen(line->trace_file, "we");
	if (tracer->to == NULL) {
		cbx_say("%s: %s; name a file that can be written",
			line->trace_file, strerror(errno));
	}
	return tracer->to != NULL;
}

static void end_trace(
	const struct cbx_command_line *line, struct cbx_tracer *tracer)
{
	cbx_trace_finish(tracer);
	if (line->profile) {
		cbx_trace_table(tracer, tracer->to);
	}
	if (tracer->to != stderr && fclose(tracer->to) != 0) {
		cbx_say("%s: %s; make room", line->trace_file, strerror(errno));
	}
}

static struct cbx_run run_of(
	const struct cbx_command_line *line, struct cbx_tracer *tracer)
{
	return (struct cbx_run){ .size = sizeof(struct cbx_run),
		.input_fd = cbx_descriptor_fd(0),
		.output_fd = cbx_descriptor_fd(1),
		.error_fd = cbx_descriptor_fd(2),
		.timeout_ns = line->timeout_ns,
		.cpus = cpus_of(line),
		.flags = line->serve ? CBX_RUN_SERVE : 0,
		.debug_fd = line->gdb_fd,
		.counter = line->counters.ask != NULL ? &line->counters : NULL,
		.arg = tracer,
		.trace = cbx_trace_event,
		.refused = cbx_trace_refused,
		.exit = cbx_trace_exit };
}

static int run_watched(const struct cbx_command_line *line, struct cbx_box *box)
{
	struct cbx_tracer tracer;
	const struct cbx_run run = run_of(line, &tracer);
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_watch watch;
	enum cbx_status status;
	int caught;

	if (!begin_trace(line, &tracer)) {
		return CBX_CODE_FAILED;
	}
	if (!cbx_watch_start(&watch, box)) {
		cbx_say("no thread to watch for signals; raise the limits "
			"(ulimit), or run fewer at once");
		return CBX_CODE_FAILED;
	}
	status = cbx_box_run(box, &run, &result);
	caught = cbx_watch_stop(&watch);
	end_trace(line, &tracer);
	return status == CBX_OK ? end_code(line, &result, caught) : fail();
}

/* A box of the image, which is not needed any more: its files may be large. */
static int load_box(struct cbx_context *context, struct cbx_image *image,
	struct cbx_box **box)
{
	enum cbx_status status = cbx_box_load(context, image, box);

	cbx_image_destroy(image);
	return status == CBX_OK ? 0 : fail();
}

/* One clone after the other, as long as they end well. */
static int run_clones(
	const struct cbx_command_line *line, struct cbx_template *template)
{
	int code = 0;

	for (uint32_t i = 0; i < line->warm && code == 0; i++) {
		struct cbx_box *box;

		if (cbx_template_clone(template, 0, &box) != CBX_OK) {
			return fail();
		}
		if (line->signature != NULL) {
			code = cbx_sign_box(box, line->signature);
		}
		if (code == 0 && line->print_measurement) {
			code = print_measurement(box);
		}
		if (code == 0) {
			code = run_watched(line, box);
		}
		cbx_box_destroy(box);
	}
	return code;
}

static int make_template(const struct cbx_command_line *line,
	struct cbx_context *context, const struct cbx_image *image,
	struct cbx_template **template)
{
	struct cbx_tracer tracer;
	enum cbx_status status;

	if (!begin_trace(line, &tracer)) {
		return CBX_CODE_FAILED;
	}

	const struct cbx_run run = run_of(line, &tracer);

	status = cbx_template_create(context, image, &run, template);
	end_trace(line, &tracer);
	return status == CBX_OK ? 0 : fail();
}

static int run_warm(
	const struct cbx_command_line *line, struct cbx_image *image)
{
	struct cbx_context *context = NULL;
	struct cbx_template *template = NULL;
	int code = open_context(line, image, &context);

	if (code == 0) {
		code = make_template(line, context, image, &template);
	}
	cbx_image_destroy(image);
	if (code == 0) {
		code = run_clones(line, template);
	}
	cbx_context_close(context);
	cbx_template_destroy(template);
	return code;
}

static int run_image(
	const struct cbx_command_line *line, struct cbx_image *image)
{
	struct cbx_context *context = NULL;
	struct cbx_box *box = NULL;
	int code = open_context(line, image, &context);

	if (code != 0) {
		cbx_image_destroy(image);
		return code;
	}
	code = load_box(context, image, &box);
	if (code == 0 && line->signature != NULL) {
		code = cbx_sign_box(box, line->signature);
	}
	if (code == 0 && line->print_measurement) {
		code = print_measurement(box);
	}
	if (code == 0) {
		code = run_watched(line, box);
	}
	/* The monitor goes, and its memory with it: sooner than page by page */
	cbx_context_close(context);
	cbx_box_destroy(box);
	return code;
}

int cbx_command_run(struct cbx_command_line *line)
{
	struct cbx_image *image;
	int code = 0;

	if (line->counter != NULL) {
		code = cbx_counter_find(line->counter, &line->counters);
	}
	if (code == 0 && line->gdb != NULL) {
		code = cbx_gdb_accept(line->gdb, &line->gdb_fd);
	}
	if (code == 0) {
		code = cbx_command_image(line, &image);
	}
	if (code == 0) {
		cbx_watch_block();
		code = line->warm != 0 ? run_warm(line, image)
				       : run_image(line, image);
	}
	cbx_counter_close(&line->counters);
	if (line->gdb_fd != 0) {
		close(line->gdb_fd);
	}
	return code;
}
