/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of /dev. */
#include "ask.h"
#include "file.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "template.h"
#include "user.h"

static int64_t null_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	(void)file;
	(void)va;
	(void)bytes;
	(void)at;
	return 0;
}

static int64_t null_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	(void)file;
	(void)va;
	(void)at;
	return (int64_t)bytes;
}

static int64_t zero_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	uint64_t done = bytes - cbx_user_zero((void *)va, bytes);

	(void)file;
	(void)at;
	return done == 0 && bytes != 0 ? -LX_EFAULT : (int64_t)done;
}

static int64_t full_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	(void)file;
	(void)va;
	(void)bytes;
	(void)at;
	return -LX_ENOSPC;
}

static int64_t random_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	uint64_t done = 0;

	(void)file;
	(void)at;
	while (done < bytes) {
		uint64_t word[4];
		uint64_t part = cbx_min(bytes - done, sizeof(word));

		cbx_gate_random(word);
		if (cbx_user_copy((void *)(va + done), word, part) != 0) {
			return done == 0 ? -LX_EFAULT : (int64_t)done;
		}
		done += part;
	}
	return (int64_t)done;
}

/* Whether the box is a clone, as a line. */
static int64_t template_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	const char *line = cbx_template_cloned() ? "1\n" : "0\n";
	uint64_t part = cbx_min(bytes, at < 2 ? 2 - at : 0);

	(void)file;
	return cbx_user_copy((void *)va, line + at, part) == 0 ? (int64_t)part
							       : -LX_EFAULT;
}

const struct cbx_file_ops *cbx_device_ops(uint8_t device)
{
	static const struct cbx_file_ops template = {
		.read = template_read,
		.write = null_write,
		.seekable = true,
	};
	static const struct cbx_file_ops null = {
		.read = null_read,
		.write = null_write,
		.seekable = true,
		.still = true,
	};
	static const struct cbx_file_ops zero = {
		.read = zero_read,
		.write = null_write,
		.seekable = true,
		.still = true,
	};
	static const struct cbx_file_ops full = {
		.read = zero_read,
		.write = full_write,
		.seekable = true,
		.still = true,
	};
	static const struct cbx_file_ops random = {
		.read = random_read,
		.write = null_write,
		.seekable = true,
	};

	switch (device) {
	case CBX_DEVICE_TEMPLATE:
		cbx_template_want();
		return &template;
	case CBX_DEVICE_KEY:
		return &cbx_ask_key_ops;
	case CBX_DEVICE_COUNTER:
		return &cbx_ask_counter_ops;
	case CBX_DEVICE_NULL:
		return &null;
	case CBX_DEVICE_ZERO:
		return &zero;
	case CBX_DEVICE_FULL:
		return &full;
	case CBX_DEVICE_RANDOM:
	case CBX_DEVICE_URANDOM:
		return &random;
	default:
		return NULL;
	}
}
