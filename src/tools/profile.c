/* SPDX-License-Identifier: Apache-2.0 */
/* --profile's table. */
#include <tools/trace.h>

#include <inttypes.h>
#include <stdlib.h>

#include <tools/trace_value.h>

struct row {
	const char *name;
	struct cbx_traced_sum sum;
};

static int more_time_first(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	return x->sum.ns < y->sum.ns ? 1 : x->sum.ns > y->sum.ns ? -1 : 0;
}

static void write_rows(FILE *to, struct row *rows, size_t count)
{
	qsort(rows, count, sizeof(rows[0]), more_time_first);
	for (size_t i = 0; i < count && rows[i].sum.count != 0; i++) {
		const struct cbx_traced_sum *sum = &rows[i].sum;

		(void)fprintf(to,
			"%12.6f %10.3f %10" PRIu64 " %8" PRIu64 "  %s\n",
			(double)sum->ns / 1e9,
			(double)sum->ns / 1e3 / (double)sum->count, sum->count,
			sum->errors, rows[i].name);
	}
}

static const char *call_name(uint32_t number)
{
	const char *name = cbx_trace_call_of(number).name;

	return name != NULL ? name : "(unknown)";
}

void cbx_trace_table(const struct cbx_tracer *tracer, FILE *to)
{
	static const char *const exits[CBX_TRACE_EXITS] = { "interrupted",
		"idle", "output", "ended", "input", "forward", "trace",
		"result", "refused" };
	struct row rows[CBX_TRACE_CALLS];
	struct row others[CBX_TRACE_EXITS];

	for (uint32_t i = 0; i < CBX_TRACE_CALLS; i++) {
		rows[i] = (struct row){ call_name(i), tracer->call[i] };
	}
	for (uint32_t i = 0; i < CBX_TRACE_EXITS; i++) {
		others[i] = (struct row){ exits[i] != NULL ? exits[i] : "?",
			tracer->exit[i] };
	}
	(void)fputs("     seconds    us each      calls   errors  system call "
		    "(every one passes the monitor; times include that)\n",
		to);
	write_rows(to, rows, CBX_TRACE_CALLS);
	(void)fputs(
		"     seconds    us each      exits           exit, and the "
		"host's time to serve it\n",
		to);
	write_rows(to, others, CBX_TRACE_EXITS);
}
