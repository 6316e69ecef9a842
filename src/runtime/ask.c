/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <confbox/seal.h>

#include "forward.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "user.h"

/* What a file's reader has not read yet. */
struct answer {
	uint64_t bytes;
	uint64_t taken;
	union {
		struct cbx_seal_key key;
		struct cbx_counter_answer counter;
	} is;
};

static void forget(struct cbx_file *file)
{
	if (file->own != NULL) {
		memset(file->own, 0, sizeof(struct answer));
		cbx_heap_give(file->own, sizeof(struct answer));
		file->own = NULL;
	}
}

/* A place for an answer of @p bytes; NULL when there is no memory. */
static struct answer *make(uint64_t bytes)
{
	struct answer *made = cbx_heap_take_zero(sizeof(*made));

	if (made != NULL) {
		made->bytes = bytes;
	}
	return made;
}

static int64_t keep(struct cbx_file *file, struct answer *made, int64_t status)
{
	forget(file);
	file->own = made;
	if (status < 0) {
		forget(file);
	}
	return status;
}

static int64_t key_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_seal_want want;
	struct answer *made;
	int64_t status;

	(void)at;
	if (bytes != sizeof(want)) {
		return -LX_EINVAL;
	}
	status = cbx_user_get(&want, va, sizeof(want));
	if (status != 0) {
		return status;
	}
	if (want.reserved != 0) {
		return -LX_EINVAL;
	}
	made = make(sizeof(made->is.key));
	if (made == NULL) {
		return -LX_ENOMEM;
	}
	status = cbx_gate_seal_key(&want, &made->is.key);
	return keep(file, made, status) < 0 ? status : (int64_t)bytes;
}

static int64_t ask_counter(const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	struct {
		struct cbx_forward block;
		struct cbx_counter_question question;
	} asking = { .question = *question };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_COUNTER,
		.block = &asking.block,
		.payload = sizeof(asking.question),
		.answer = answer,
		.capacity = sizeof(*answer) };

	return cbx_forward_whole(&c);
}

static int64_t counter_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_counter_question question;
	struct answer *made;
	int64_t status;

	(void)at;
	if (bytes != sizeof(question)) {
		return -LX_EINVAL;
	}
	status = cbx_user_get(&question, va, sizeof(question));
	if (status != 0) {
		return status;
	}
	made = make(sizeof(made->is.counter));
	if (made == NULL) {
		return -LX_ENOMEM;
	}
	status = ask_counter(&question, &made->is.counter);
	return keep(file, made, status) < 0 ? status : (int64_t)bytes;
}

static int64_t answer_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct answer *answer = file->own;
	uint64_t part;

	(void)at;
	if (answer == NULL) {
		return 0;
	}
	part = cbx_min(bytes, answer->bytes - answer->taken);
	if (cbx_user_put(va, (uint8_t *)&answer->is + answer->taken, part) !=
		0) {
		return -LX_EFAULT;
	}
	answer->taken += part;
	if (answer->taken == answer->bytes) {
		forget(file);
	}
	return (int64_t)part;
}

const struct cbx_file_ops cbx_ask_key_ops = {
	.read = answer_read,
	.write = key_write,
	.close = forget,
};

const struct cbx_file_ops cbx_ask_counter_ops = {
	.read = answer_read,
	.write = counter_write,
	.close = forget,
};
