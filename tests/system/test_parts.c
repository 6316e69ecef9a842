/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes made from parts, without a runtime: a page of machine code that makes
 * gates. */
#include "service.h"

#include <errno.h>
#include <stdio.h>

#include <base/gatecall_linux.h>

#define CODE_VA 0x400000ull
#define DATA_VA 0x500000ull
#define ANSWER	0x800u

/* The code of each box, position-independent; rax comes back as the address
 * of the reply: status, then the results. */
#define GATE(number)                                      \
	"	mov	$" number " + 0x0cbf0000, %eax\n" \
	"	syscall\n"
/* Arguments a gate does not take must be zero. */
#define END_WITH_RDI          \
	"	xor	%esi, %esi\n"   \
	"	xor	%edx, %edx\n"   \
	"	xor	%r10d, %r10d\n" \
	"	xor	%r8d, %r8d\n" GATE("0x100")

_Static_assert(CBX_LINUX_GATE_BASE == 0x0cbf0000u && CBX_CALL_END == 0x100 &&
		       CBX_CALL_FORWARD == 0x128 &&
		       CBX_CALL_CHANNEL_READ == 0x130 &&
		       CBX_CALL_CHANNEL_WRITE == 0x131,
	"as the code below has them");

__asm__("	.section .rodata\n"
	"	.globl	parts_add, parts_forward, parts_echo, parts_end\n"
	/* Ends with its argument plus the first word of its data. */
	"parts_add:\n"
	"	mov	$0x500000, %rax\n"
	"	add	(%rax), %rdi\n" END_WITH_RDI
	/* Forwards call 77 with the block at its data and five bytes of
	 * payload; ends with result + bytes of the answer + its first byte. */
	"parts_forward:\n"
	"	mov	$77, %edi\n"
	"	mov	$0x500000, %esi\n"
	"	mov	$5, %edx\n"
	"	mov	$0x500800, %r10d\n"
	"	mov	$64, %r8d\n" GATE(
		"0x128") "	mov	8(%rax), %rdi\n"
			 "	add	16(%rax), %rdi\n"
			 "	movzbl	0x500800, %edx\n"
			 "	add	%rdx, %rdi\n" END_WITH_RDI
			 /* Copies input to output until there is none; ends with what the last
	 * of the two gates said, negated. */
			 "parts_echo:\n"
			 "	xor	%edi, %edi\n"
			 "	mov	$0x500000, %esi\n"
			 "	mov	$4096, %edx\n" GATE(
				 "0x130") "	mov	8(%rax), %rdx\n"
					  "	test	%rdx, %rdx\n"
					  "	jle	1f\n"
					  "	mov	$1, %edi\n"
					  "	mov	$0x500000, %esi\n" GATE(
						  "0x131") "	mov	"
							   "8(%rax), %rdx\n"
							   "	test	%rdx, "
							   "%rdx\n"
							   "	jg	"
							   "parts_echo\n"
							   "1:	mov	%rdx, "
							   "%rdi\n"
							   "	neg	"
							   "%rdi\n" END_WITH_RDI
							   "parts_end:\n"
							   "	.text\n");

extern const uint8_t parts_add[];
extern const uint8_t parts_forward[];
extern const uint8_t parts_echo[];
extern const uint8_t parts_end[];

static struct cbx_policy policy(void)
{
	return (struct cbx_policy){ .version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1 };
}

static struct cbx_box *create(
	struct cbx_context *context, const struct cbx_policy *with)
{
	struct cbx_box *box = NULL;

	assert_good(cbx_box_create(context, with, 64, &box));
	return box;
}

/* Code, one page of data, a thread; READY. */
static void fill(struct cbx_box *box, const uint8_t *code, const void *data,
	size_t data_size)
{
	struct cbx_pages text = { .va = CODE_VA,
		.count = 1,
		.bytes = code,
		.byte_count = (size_t)(parts_end - code),
		.rights = CBX_RIGHT_R | CBX_RIGHT_X };
	struct cbx_pages page = { .va = DATA_VA,
		.count = 2,
		.bytes = data,
		.byte_count = data_size,
		.rights = CBX_RIGHT_R | CBX_RIGHT_W };

	assert_good(cbx_box_add(box, &text));
	assert_good(cbx_box_add(box, &page));
	assert_good(cbx_box_thread(box, CODE_VA, DATA_VA + 8192, 40));
	assert_good(cbx_box_finalize(box));
}

static struct cbx_result run_to_end(
	struct cbx_box *box, const struct cbx_run *run)
{
	struct cbx_result result = { .size = sizeof(result) };

	assert_good(cbx_box_run(box, run, &result));
	return result;
}

static void code_and_data_are_where_they_were_put(void **state)
{
	struct cbx_context *context = service_context(16);
	struct cbx_policy with = policy();
	struct cbx_box *box = create(context, &with);
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	const uint64_t word = 2;

	(void)state;
	fill(box, parts_add, &word, sizeof(word));
	assert_int_equal(run_to_end(box, &run).exit_status, 42);
	cbx_box_destroy(box);
	cbx_context_close(context);
}

static void a_box_passes_through_its_states(void **state)
{
	struct cbx_context *context = service_context(16);
	struct cbx_policy with = policy();
	struct cbx_box *box = create(context, &with);
	struct cbx_box_info info = { .size = sizeof(info) };
	struct cbx_pages late = {
		.va = 0x700000, .count = 1, .rights = CBX_RIGHT_R
	};
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	struct cbx_result result = { .size = sizeof(result) };
	uint8_t digest[CBX_DIGEST_BYTES];

	(void)state;
	assert_good(cbx_box_query(box, &info));
	assert_int_equal(info.state, 1);
	fill(box, parts_add, NULL, 0);
	assert_good(cbx_box_query(box, &info));
	assert_int_equal(info.state, 2);
	assert_int_equal(info.threads, 1);
	assert_int_equal(info.flags, 0);
	assert_failed(cbx_box_add(box, &late), CBX_E_STATE, "add");
	assert_failed(cbx_box_finalize(box), CBX_E_STATE, "finish");
	assert_failed(
		cbx_box_thread(box, CODE_VA, 0, 0), CBX_E_STATE, "thread");
	assert_good(cbx_box_run(box, &run, &result));
	assert_good(cbx_box_query(box, &info));
	assert_int_equal(info.state, 4);
	assert_failed(cbx_box_digest(box, CBX_DIGEST_INPUT, digest),
		CBX_E_STALE, "digest");
	cbx_box_destroy(box);
	cbx_context_close(context);
}

static void a_box_that_is_not_finished_does_not_run(void **state)
{
	struct cbx_context *context = service_context(16);
	struct cbx_policy with = policy();
	struct cbx_box *box = create(context, &with);
	struct cbx_result result = { .size = sizeof(result) };
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);

	(void)state;
	assert_failed(cbx_box_run(box, &run, &result), CBX_E_STATE, "enter");
	cbx_box_destroy(box);
	cbx_context_close(context);
}

static void bad_parts_are_refused(void **state)
{
	static const struct cbx_pages bad[] = {
		{ .va = 0x1000, .count = 1, .rights = 1 },
		{ .va = 0x10001, .count = 1, .rights = 1 },
		{ .va = 0x10000, .count = 0, .rights = 1 },
		{ .va = 0x10000, .count = UINT64_MAX, .rights = 1 },
		{ .va = CBX_VA_MAX, .count = 1, .rights = 1 },
		{ .va = 0x10000, .count = 1, .rights = 0 },
		{ .va = 0x10000, .count = 1, .rights = 8 },
		{ .va = 0x10000, .count = 1, .rights = 1, .byte_count = 1 },
		{ .va = 0x10000, .count = 1, .rights = 1, .reserved = 1 },
	};
	struct cbx_context *context = service_context(16);
	struct cbx_policy with = policy();
	struct cbx_box *box = NULL;

	(void)state;
	assert_failed(cbx_box_create(context, &with, 7, &box), CBX_E_INVALID,
		"reserve");
	box = create(context, &with);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_failed(
			cbx_box_add(box, &bad[i]), CBX_E_INVALID, "pages");
	}
	cbx_box_destroy(box);
	cbx_context_close(context);
}

/* What the forward callback saw. */
struct call_seen {
	uint32_t number;
	uint64_t arg;
	size_t bytes;
	size_t max;
	char payload[5];
	int64_t result;
};

static int64_t serve(void *arg, const struct cbx_forward_call *call, void *data,
	size_t *bytes)
{
	struct call_seen *seen = arg;

	seen->number = call->number;
	seen->arg = call->args.arg[5];
	seen->bytes = *bytes;
	seen->max = call->max;
	memcpy(seen->payload, data, sizeof(seen->payload));
	memcpy(data, "\3ab", 3);
	*bytes = 3;
	return seen->result;
}

static struct cbx_result forward(const struct cbx_policy *with,
	struct call_seen *seen,
	int64_t (*callback)(
		void *, const struct cbx_forward_call *, void *, size_t *))
{
	struct cbx_context *context = service_context(16);
	struct cbx_box *box = create(context, with);
	struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = -1,
		.arg = seen,
		.forward = callback };
	struct {
		struct cbx_forward block;
		char payload[5];
	} data = { { { 1, 2, 3, 4, 5, 6 } }, { 'h', 'e', 'l', 'l', 'o' } };
	struct cbx_result result;

	fill(box, parts_forward, &data, sizeof(data));
	result = run_to_end(box, &run);
	cbx_box_destroy(box);
	cbx_context_close(context);
	return result;
}

static void a_listed_call_is_forwarded_and_answered(void **state)
{
	struct cbx_policy with = policy();
	struct call_seen seen = { .result = 100 };
	struct cbx_result result;

	(void)state;
	with.rule_count = 1;
	with.rule[0].call = 77;
	result = forward(&with, &seen, serve);
	assert_int_equal(seen.number, 77);
	assert_int_equal(seen.arg, 6);
	assert_int_equal(seen.bytes, 5);
	assert_int_equal(seen.max, 64);
	assert_memory_equal(seen.payload, "hello", 5);
	assert_int_equal(result.exit_status, 100 + 3 + 3);
}

static void a_call_nobody_serves_is_answered_with_enosys(void **state)
{
	struct cbx_policy with = policy();

	(void)state;
	with.rule_count = 1;
	with.rule[0].call = 77;
	/* -ENOSYS + 0 bytes + an untouched byte, of which a byte is told */
	assert_int_equal(
		forward(&with, NULL, NULL).exit_status, (uint8_t)-ENOSYS);
}

static void a_call_that_is_not_listed_never_arrives(void **state)
{
	struct cbx_policy with = policy();
	struct call_seen seen = { .result = 100 };

	(void)state;
	(void)forward(&with, &seen, serve);
	assert_int_equal(seen.number, 0);
}

static int64_t fail_input(void *arg, void *buf, size_t size)
{
	(void)arg;
	(void)buf;
	(void)size;
	return -EIO;
}

static int64_t too_much_input(void *arg, void *buf, size_t size)
{
	(void)arg;
	(void)buf;
	return (int64_t)size + 1;
}

static int64_t fail_output(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	(void)arg;
	(void)port;
	(void)buf;
	(void)size;
	return -ENOSPC;
}

static struct cbx_result echo(const struct cbx_run *run, struct cbx_box **kept)
{
	struct cbx_context *context = service_context(16);
	struct cbx_policy with = policy();
	struct cbx_box *box = create(context, &with);
	struct cbx_result result;

	*kept = box;
	fill(box, parts_echo, NULL, 0);
	result = run_to_end(box, run);
	cbx_box_destroy(box);
	cbx_context_close(context);
	return result;
}

static void callbacks_that_fail_are_told_to_the_box(void **state)
{
	struct service_io io = { .input = "x", .input_size = 1 };
	struct cbx_run run = service_run(&io);
	struct cbx_result result;
	struct cbx_box *box;

	(void)state;
	run.input = fail_input;
	result = echo(&run, &box);
	assert_int_equal(result.exit_status, EIO);
	assert_int_equal(result.input_error, EIO);
	run.input = too_much_input;
	result = echo(&run, &box);
	assert_int_equal(result.exit_status, EIO);
	run.input = service_input;
	run.output = fail_output;
	result = echo(&run, &box);
	assert_int_equal(result.exit_status, ENOSPC);
	assert_int_equal(result.output_error, ENOSPC);
}

/* The box may be ended from its own callbacks, before the answer. */
static struct cbx_box *to_kill;

static int64_t kill_it(void *arg, void *buf, size_t size)
{
	(void)arg;
	(void)size;
	assert_good(cbx_box_kill(to_kill));
	memcpy(buf, "x", 1);
	return 1;
}

static void a_callback_may_kill_the_box(void **state)
{
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	struct cbx_result result;

	(void)state;
	run.input = kill_it;
	result = echo(&run, &to_kill);
	assert_int_equal(result.reason, CBX_END_KILLED);
	assert_int_equal(io.output_size, 0);
}

static void the_input_digest_tells_what_was_fed(void **state)
{
	struct cbx_context *context = service_context(16);
	struct cbx_policy with = policy();
	struct cbx_box *box = create(context, &with);
	uint8_t digest[CBX_DIGEST_BYTES];
	static const uint8_t none[CBX_DIGEST_BYTES];

	(void)state;
	fill(box, parts_echo, NULL, 0);
	assert_good(cbx_box_digest(box, CBX_DIGEST_INPUT, digest));
	assert_memory_equal(digest, none, sizeof(none));
	assert_failed(cbx_box_digest(box, (enum cbx_digest_kind)9, digest),
		CBX_E_INVALID, "digest");
	cbx_box_destroy(box);
	cbx_context_close(context);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, service_begin, service_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(code_and_data_are_where_they_were_put),
		T(a_box_passes_through_its_states),
		T(a_box_that_is_not_finished_does_not_run),
		T(bad_parts_are_refused),
		T(a_listed_call_is_forwarded_and_answered),
		T(a_call_nobody_serves_is_answered_with_enosys),
		T(a_call_that_is_not_listed_never_arrives),
		T(callbacks_that_fail_are_told_to_the_box),
		T(a_callback_may_kill_the_box),
		T(the_input_digest_tells_what_was_fed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
