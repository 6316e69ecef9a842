/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include "bridge.h"
#include "budget.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "memory.h"
#include "memory_space.h"
#include "signal.h"
#include "task.h"
#include "timers.h"
#include "user.h"

#define CLIENT_VA 0x710000000000ull
#define FINISH_NS 1000000u /* between looks at the last write */

/* Input read ahead: bytes [start, end) of a buffer. */
static struct {
	uint8_t *bytes;
	uint64_t start;
	uint64_t end;
	bool client; /* read the client's data instead, all of it, once */
	bool over;   /* the client's data was read */
	bool busy;   /* a task reads ahead */
	bool log;    /* output goes to the error port */
	struct cbx_wait_queue queue; /* for the end of that */
} input;

/* Output gathered. */
static struct {
	uint8_t *bytes; /* bytes[CBX_IO_BYTES_MAX]; NULL: not gathered */
	uint64_t used;
	uint64_t limit;
	bool busy;		     /* a task writes it */
	struct cbx_wait_queue queue; /* for the end of that */
} output;

/* Gates that wait for the host, which may take long. */
static int64_t read_gate(enum cbx_port port, uint64_t va, uint64_t bytes)
{
	int64_t got;

	cbx_memory_space_reach(va, bytes);
	cbx_timers_away(cbx_task_self());
	cbx_runtime_unlock();
	got = cbx_gate_read(port, va, bytes);
	cbx_runtime_lock();
	return got;
}

static int64_t write_gate(enum cbx_port port, uint64_t va, uint64_t bytes)
{
	int64_t done;

	cbx_memory_space_reach(va, bytes);
	cbx_runtime_unlock();
	done = cbx_gate_write(port, va, bytes);
	cbx_runtime_lock();
	return done;
}

void cbx_channel_init(bool client, bool log)
{
	input.client = client;
	input.log = log;
}

/* The client's data, into as much memory as there is. */
static int64_t read_client(void)
{
	uint64_t pages = cbx_budget_free() / 4 * 3;
	int64_t got;
	uint64_t used;

	if (!cbx_budget_take(pages)) {
		return -LX_ENOMEM;
	}
	if (pages == 0 || !cbx_gate_map(cbx_memory_space_home(), CLIENT_VA,
				  pages, CBX_RIGHT_R | CBX_RIGHT_W)) {
		cbx_budget_give(pages);
		return -LX_ENOMEM;
	}
	cbx_bridge_end();
	got = read_gate(CBX_PORT_CLIENT, CLIENT_VA, pages * CBX_PAGE_SIZE);
	used = got < 0 ? 0 : cbx_pages_of((uint64_t)got);
	cbx_gate_unmap(cbx_memory_space_home(),
		CLIENT_VA + used * CBX_PAGE_SIZE, pages - used);
	cbx_budget_give(pages - used);
	if (got < 0) {
		return got;
	}
	input.bytes = (uint8_t *)CLIENT_VA;
	input.end = (uint64_t)got;
	input.over = true;
	return got;
}

static int64_t read_input(void)
{
	int64_t got;

	if (input.bytes == NULL) {
		input.bytes = cbx_heap_take(CBX_IO_BYTES_MAX);
	}
	if (input.bytes == NULL) {
		return -LX_ENOMEM;
	}
	got = read_gate(
		CBX_PORT_INPUT, (uint64_t)input.bytes, CBX_IO_BYTES_MAX);
	input.start = 0;
	input.end = got < 0 ? 0 : (uint64_t)got;
	return got;
}

/* Read ahead, or wait for who does; 1 when it is worth a look again. */
static int64_t refill(void)
{
	int64_t got;

	if (input.busy) {
		got = cbx_wait_on(&input.queue, CBX_WAIT_FOREVER);
		return got == 0 ? 1 : got;
	}
	if (input.client && input.over) {
		return 0;
	}
	input.busy = true;
	got = input.client ? read_client() : read_input();
	input.busy = false;
	cbx_wait_wake(&input.queue, UINT64_MAX);
	return got;
}

static int64_t channel_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	(void)at;
	if (file->node->index != CBX_PORT_INPUT) {
		return -LX_EBADF;
	}
	if (bytes == 0) {
		return 0;
	}
	while (input.start == input.end) {
		int64_t got = refill();

		if (got <= 0) {
			return got;
		}
	}
	bytes = cbx_min(bytes, input.end - input.start);
	bytes -= cbx_user_copy((void *)va, input.bytes + input.start, bytes);
	input.start += bytes;
	return bytes == 0 ? -LX_EFAULT : (int64_t)bytes;
}

/* One gate's worth; the errors are the program's. */
static int64_t write_some(enum cbx_port port, uint64_t va, uint64_t bytes)
{
	int64_t done;

	if (!cbx_memory_populate(va, bytes, LX_PROT_READ)) {
		return -LX_ENOMEM;
	}
	done = write_gate(port, va, bytes);
	if (done == -LX_EPIPE) {
		cbx_signal_raise_self(LX_SIGPIPE);
	}
	/* what one output holds: gather a multiple of it from now on */
	if (done > 0 && output.bytes != NULL && (uint64_t)done < bytes) {
		output.limit =
			CBX_IO_BYTES_MAX / (uint64_t)done * (uint64_t)done;
	}
	return done;
}

/* All of it, a gate's worth at a time. */
static int64_t write_all(enum cbx_port port, uint64_t va, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		int64_t part = write_some(port, va + done, bytes - done);

		if (part <= 0) {
			return done == 0 ? part : (int64_t)done;
		}
		done += (uint64_t)part;
	}
	return (int64_t)done;
}

void cbx_channel_flush(void)
{
	if (output.used == 0 || output.busy) {
		return;
	}
	output.busy = true;
	write_all(CBX_PORT_OUTPUT, (uint64_t)output.bytes, output.used);
	output.used = 0;
	output.busy = false;
	cbx_wait_wake(&output.queue, UINT64_MAX);
}

void cbx_channel_finish(void)
{
	while (output.busy) {
		cbx_runtime_unlock();
		cbx_gate_park(cbx_gate_ticks() + FINISH_NS);
		cbx_runtime_lock();
	}
	cbx_channel_flush();
	cbx_bridge_finish();
}

/* Room in what is gathered. */
static int64_t wait_for_room(void)
{
	while (output.busy) {
		int64_t status = cbx_wait_on(&output.queue, CBX_WAIT_FOREVER);

		if (status != 0) {
			return status;
		}
	}
	return 0;
}

/* Gather output, and write it when as much as fits is there. */
static int64_t gather(uint64_t va, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		int64_t status = wait_for_room();

		if (status != 0) {
			return done == 0 ? status : (int64_t)done;
		}

		uint64_t part =
			cbx_min(bytes - done, output.limit - output.used);
		uint64_t left = cbx_user_copy(output.bytes + output.used,
			(const void *)(va + done), part);

		output.used += part - left;
		done += part - left;
		if (left != 0) {
			return done == 0 ? -LX_EFAULT : (int64_t)done;
		}
		if (output.used == output.limit) {
			cbx_channel_flush();
		}
	}
	return (int64_t)done;
}

/* A confined box pays for each output with time and padding: it gathers. */
static bool gathers(enum cbx_port port)
{
	if (!input.client || port != CBX_PORT_OUTPUT) {
		return false;
	}
	if (output.bytes == NULL) {
		output.bytes = cbx_heap_take(CBX_IO_BYTES_MAX);
		output.limit = CBX_IO_BYTES_MAX;
	}
	return output.bytes != NULL;
}

static int64_t channel_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	enum cbx_port port = input.log || file->node->index == CBX_PORT_ERROR
				     ? CBX_PORT_ERROR
				     : CBX_PORT_OUTPUT;

	(void)at;
	if (file->node->index == CBX_PORT_INPUT) {
		return -LX_EBADF;
	}
	return gathers(port) ? gather(va, bytes) : write_all(port, va, bytes);
}

static uint64_t channel_available(const struct cbx_file *file)
{
	return file->node->index == CBX_PORT_INPUT ? input.end - input.start
						   : 0;
}

const struct cbx_file_ops cbx_channel_ops = {
	.read = channel_read,
	.write = channel_write,
	.available = channel_available,
};
