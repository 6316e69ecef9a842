/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <base/gatecall_linux.h>
#include <base/start.h>

#include "lib.h"
#include "linux.h"
#include "task.h"

/* For the trace: where a call was served. */
static void count(void)
{
	if ((cbx_box_flags & CBX_START_TRACE) != 0) {
		cbx_task_self()->gates++;
	}
}

static uint64_t call(
	enum cbx_call_id id, const uint64_t arg[4], struct cbx_reply *reply)
{
	const struct cbx_call request = {
		.id = id,
		.arg = { arg[0], arg[1], arg[2], arg[3] },
	};

	count();
	do {
		cbx_gatecall(&request, reply);
	} while (reply->status == CBX_E_BUSY);
	return reply->status;
}

void cbx_gate_end(uint64_t status)
{
	struct cbx_reply reply;

	for (;;) {
		call(CBX_CALL_END, (uint64_t[4]){ status }, &reply);
	}
}

/* Pages of a space; MAP, UNMAP and PROTECT are called for it in parts. */
struct range {
	uint64_t space;
	uint64_t va;
	uint64_t pages;
	uint64_t rights;
};

/* All parts, or as far as *done says it got. */
static bool for_range(
	enum cbx_call_id id, const struct range *range, uint64_t *done)
{
	*done = 0;
	while (*done < range->pages) {
		struct cbx_reply reply;
		uint64_t batch =
			cbx_min(range->pages - *done, CBX_RANGE_PAGES_MAX);
		uint64_t status = call(id,
			(uint64_t[4]){ range->space,
				range->va + *done * CBX_PAGE_SIZE, batch,
				range->rights },
			&reply);

		*done += cbx_min(reply.ret[0], batch);
		if (status != CBX_OK) {
			return false;
		}
	}
	return true;
}

bool cbx_gate_map(uint64_t space, uint64_t va, uint64_t pages, unsigned rights)
{
	const struct range range = { space, va, pages, rights };
	uint64_t done;

	if (for_range(CBX_CALL_MAP, &range, &done)) {
		return true;
	}
	cbx_gate_unmap(space, va, done);
	return false;
}

void cbx_gate_unmap(uint64_t space, uint64_t va, uint64_t pages)
{
	const struct range range = { space, va, pages, 0 };
	uint64_t done;

	for_range(CBX_CALL_UNMAP, &range, &done);
}

bool cbx_gate_protect(
	uint64_t space, uint64_t va, uint64_t pages, unsigned rights)
{
	const struct range range = { space, va, pages, rights };
	uint64_t done;

	return for_range(CBX_CALL_PROTECT, &range, &done);
}

uint64_t cbx_gate_alias(const struct cbx_alias *alias)
{
	uint64_t done = 0;
	uint64_t status = CBX_OK;

	while (status == CBX_OK && done < alias->pages) {
		uint64_t batch = cbx_min(
			alias->pages - done, (uint64_t)CBX_RANGE_PAGES_MAX);
		uint64_t at = done * CBX_PAGE_SIZE;
		const struct cbx_call request = {
			.id = CBX_CALL_MAP_ALIAS,
			.arg = { alias->space, alias->va + at, batch,
				alias->rights, alias->from_space,
				alias->from + at },
		};
		struct cbx_reply reply;

		cbx_gatecall(&request, &reply);
		status = reply.status;
		done += cbx_min(reply.ret[0], batch);
	}
	return done;
}

void cbx_gate_switch(
	uint64_t space, uint64_t entry, uint64_t stack, uint64_t arg)
{
	struct cbx_reply reply;

	call(CBX_CALL_SPACE_SWITCH, (uint64_t[4]){ space, entry, stack, arg },
		&reply);
}

bool cbx_gate_space_create(uint64_t *space)
{
	struct cbx_reply reply;

	if (call(CBX_CALL_SPACE_CREATE, (uint64_t[4]){ 0 }, &reply) != CBX_OK) {
		return false;
	}
	*space = reply.ret[0];
	return true;
}

bool cbx_gate_space_destroy(uint64_t space)
{
	struct cbx_reply reply;

	return call(CBX_CALL_SPACE_DESTROY, (uint64_t[4]){ space }, &reply) ==
	       CBX_OK;
}

static int64_t transfer(
	enum cbx_call_id id, enum cbx_port port, uint64_t va, uint64_t bytes)
{
	struct cbx_reply reply;

	switch (call(id, (uint64_t[4]){ port, va, bytes }, &reply)) {
	case CBX_OK:
		return (int64_t)reply.ret[0];
	case CBX_E_FAULT:
		return -LX_EFAULT;
	default:
		return -LX_EIO;
	}
}

int64_t cbx_gate_read(enum cbx_port port, uint64_t va, uint64_t bytes)
{
	if (port != CBX_PORT_CLIENT) {
		bytes = cbx_min(bytes, CBX_IO_BYTES_MAX);
	}

	int64_t moved = transfer(CBX_CALL_CHANNEL_READ, port, va, bytes);

	return moved > (int64_t)bytes ? -LX_EIO : moved;
}

int64_t cbx_gate_write(enum cbx_port port, uint64_t va, uint64_t bytes)
{
	bytes = cbx_min(bytes, CBX_IO_BYTES_MAX);

	int64_t moved = transfer(CBX_CALL_CHANNEL_WRITE, port, va, bytes);

	return moved > (int64_t)bytes ? -LX_EIO : moved;
}

int64_t cbx_gate_forward(struct cbx_gate_asked *asked)
{
	const struct cbx_call request = {
		.id = CBX_CALL_FORWARD,
		.arg = { asked->number, (uint64_t)asked->block, asked->payload,
			(uint64_t)asked->answer, asked->capacity },
	};
	struct cbx_reply reply;

	asked->got = 0;
	count();
	cbx_gatecall(&request, &reply);
	switch (reply.status) {
	case CBX_OK:
		asked->got = reply.ret[1];
		return (int64_t)reply.ret[0];
	case CBX_E_DENIED:
		return -LX_EACCES;
	case CBX_E_FAULT:
		return -LX_EFAULT;
	case CBX_E_NOMEM:
		return -LX_ENOMEM;
	default:
		return -LX_EIO;
	}
}

void cbx_gate_random(uint64_t word[4])
{
	struct cbx_reply reply;

	while (call(CBX_CALL_RANDOM, (uint64_t[4]){ 0 }, &reply) != CBX_OK) {
	}
	memcpy(word, reply.ret, 4 * sizeof(word[0]));
}

int64_t cbx_gate_seal_key(
	const struct cbx_seal_want *want, struct cbx_seal_key *key)
{
	struct cbx_call request = { .id = CBX_CALL_SEAL_KEY,
		.arg = { want->selector, want->security_version } };
	struct cbx_reply reply;

	memcpy(&request.arg[2], want->key_id, sizeof(want->key_id));
	count();
	do {
		cbx_gatecall(&request, &reply);
	} while (reply.status == CBX_E_BUSY);
	switch (reply.status) {
	case CBX_OK:
		memcpy(key->key, reply.ret, sizeof(key->key));
		key->root = (uint32_t)reply.ret[4];
		key->security_version = reply.ret[5];
		memset(&reply, 0, sizeof(reply));
		return 0;
	case CBX_E_INVALID:
		return -LX_EINVAL;
	case CBX_E_DENIED:
		return -LX_EACCES;
	case CBX_E_UNSUPPORTED:
		return -LX_ENOKEY;
	default:
		return -LX_EIO;
	}
}

uint64_t cbx_gate_ticks(void)
{
	struct cbx_reply reply;

	call(CBX_CALL_TIME, (uint64_t[4]){ 0 }, &reply);
	return reply.ret[0];
}

void cbx_gate_park(uint64_t deadline)
{
	struct cbx_reply reply;

	call(CBX_CALL_THREAD_PARK, (uint64_t[4]){ deadline }, &reply);
}

bool cbx_gate_thread(uint64_t space, uint64_t entry, uint64_t stack,
	uint64_t arg, uint64_t *thread)
{
	struct cbx_reply reply;

	if (call(CBX_CALL_THREAD_CREATE,
		    (uint64_t[4]){ space, entry, stack, arg },
		    &reply) != CBX_OK) {
		return false;
	}
	*thread = reply.ret[0];
	return true;
}

void cbx_gate_unpark(uint64_t thread)
{
	struct cbx_reply reply;

	call(CBX_CALL_THREAD_UNPARK, (uint64_t[4]){ thread }, &reply);
}

bool cbx_gate_upcall_entry(
	uint64_t entry, uint64_t stack, uint64_t *thread, uint64_t *space)
{
	struct cbx_reply reply;

	if (call(CBX_CALL_UPCALL_ENTRY, (uint64_t[4]){ entry, stack },
		    &reply) != CBX_OK) {
		return false;
	}
	*thread = reply.ret[0];
	*space = reply.ret[1];
	return true;
}

void cbx_gate_deadline(uint64_t ticks, uint64_t thread)
{
	struct cbx_reply reply;

	call(CBX_CALL_UPCALL_DEADLINE, (uint64_t[4]){ ticks, thread }, &reply);
}

void cbx_gate_result(int64_t result, uint64_t says)
{
	struct cbx_reply reply;

	call(CBX_CALL_UPCALL_RESUME, (uint64_t[4]){ (uint64_t)result, says },
		&reply);
}
