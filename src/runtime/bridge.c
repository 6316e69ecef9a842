/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge_int.h"

#include "budget.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "task.h"

#define STACK_BYTES 0x10000u
#define FINISH_NS   (5 * LX_NS) /* what a box that ends waits for its host */

/* entry_linux.S */
void cbx_bridge_entry(void);
void cbx_runtime_upcall_entry(void);

static struct {
	struct cbx_task task;
	struct cbx_bridge *first;
	uint64_t count;
	bool runs;		    /* the task was begun */
	bool asleep;		    /* it waits in a call */
	bool stopped;		    /* it is to make no call any more */
	struct cbx_wait_queue idle; /* it sleeps here without a bridge */
	struct cbx_wait_queue
		quiet; /* who waits for it to have nothing to do */
} bridge;

/* ---- addresses ---- */

static void args_of(const struct cbx_address *address, uint64_t *arg)
{
	arg[0] = __builtin_bswap16(address->in.port);
	arg[1] = 0;
	arg[2] = 0xffffull << 32 | __builtin_bswap32(address->in.address);
}

bool cbx_bridge_has(uint32_t call, const struct cbx_socket *socket,
	const struct cbx_address *address)
{
	uint64_t arg[CBX_RULE_ARGS];

	if (socket->family != LX_AF_INET || socket->type != LX_SOCK_STREAM ||
		address->family != LX_AF_INET ||
		address->bytes < sizeof(struct lx_sockaddr_in)) {
		return false;
	}
	args_of(address, arg);
	/* what is not this box's is the monitor's to refuse */
	return cbx_forward_allows(call, arg) ||
	       ((arg[2] & 0xff000000u) != 0x7f000000u &&
		       (arg[2] & UINT32_MAX) != 0 && cbx_forward_may(call));
}

/* ---- its task ---- */

static int64_t begin(void)
{
	uint8_t *stack;

	if (bridge.runs) {
		return 0;
	}
	if (!cbx_budget_take(1)) {
		return -LX_ENOMEM;
	}
	stack = cbx_heap_take(2 * STACK_BYTES);
	bridge.task.self = &bridge.task;
	bridge.task.process = &cbx_process_init;
	bridge.task.stack =
		(struct cbx_task_stack){ (uint64_t)stack, 2 * STACK_BYTES };
	bridge.runs = stack != NULL &&
		      cbx_gate_thread(cbx_map_space(cbx_process_init.map),
			      (uint64_t)cbx_bridge_entry,
			      (uint64_t)stack + 2 * STACK_BYTES,
			      (uint64_t)&bridge.task, &bridge.task.thread);
	if (!bridge.runs) {
		cbx_budget_give(1);
		if (stack != NULL) {
			cbx_heap_give(stack, 2 * STACK_BYTES);
		}
		return -LX_EAGAIN;
	}
	return 0;
}

bool cbx_bridge_wake(const struct cbx_task *task)
{
	if (task != &bridge.task || !bridge.asleep) {
		return false;
	}
	cbx_forward_wake();
	return true;
}

int64_t cbx_bridge_add(struct cbx_socket *socket, uint64_t handle, bool listens)
{
	struct cbx_bridge *made = cbx_heap_take_zero(sizeof(*made));
	int64_t status = made == NULL ? -LX_ENOMEM : begin();

	if (status != 0) {
		if (made != NULL) {
			cbx_heap_give(made, sizeof(*made));
		}
		cbx_socket_close(socket);
		cbx_forward_close(handle);
		return status;
	}
	*made = (struct cbx_bridge){ .next = bridge.first,
		.socket = socket,
		.handle = handle,
		.listens = listens,
		.ready = LX_POLLIN | LX_POLLOUT };
	bridge.first = made;
	bridge.count++;
	cbx_wait_wake(&bridge.idle, UINT64_MAX);
	cbx_task_interrupt(&bridge.task);
	return 0;
}

static void remove(struct cbx_bridge **at)
{
	struct cbx_bridge *old = *at;

	*at = old->next;
	bridge.count--;
	if (old->listens) {
		cbx_socket_drop(old->socket);
	} else {
		cbx_socket_close(old->socket);
	}
	cbx_forward_close(old->handle); /* the lock was dropped */
	cbx_heap_give(old, sizeof(*old));
}

/* Take away the first one that is over, if there is one. */
static bool remove_one(void)
{
	struct cbx_bridge **at = &bridge.first;

	while (*at != NULL && !cbx_bridge_over(*at)) {
		at = &(*at)->next;
	}
	if (*at == NULL) {
		return false;
	}
	remove(at);
	return true;
}

static bool carry(void)
{
	bool moved = false;

	for (struct cbx_bridge *at = bridge.first; at != NULL; at = at->next) {
		moved = cbx_bridge_step(at) || moved;
	}
	while (remove_one()) {
		moved = true;
	}
	return moved;
}

/* ---- waiting ---- */

static struct cbx_forward_polls polls;
static struct cbx_bridge *polled[CBX_FORWARD_HANDLES];
static struct cbx_waiter waiter[CBX_FORWARD_HANDLES];

/* Without the lock; as wait.c's park, but in a call. */
static void sleep_in_call(uint64_t count)
{
	struct cbx_task *self = &bridge.task;

	bridge.asleep = true;
	cbx_runtime_unlock();
	__atomic_store_n(&self->parked, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&self->woken, __ATOMIC_SEQ_CST) &&
		cbx_forward_poll(&polls, count) < 0) {
		for (uint64_t i = 0; i < count; i++) {
			polls.poll[i].ready = LX_POLLERR;
		}
	}
	__atomic_store_n(&self->parked, false, __ATOMIC_SEQ_CST);
	cbx_runtime_lock();
	bridge.asleep = false;
	__atomic_store_n(&self->woken, false, __ATOMIC_SEQ_CST);
}

/* Until the host or a program has something for us. */
static void wait(void)
{
	uint64_t count = 0;

	for (struct cbx_bridge *at = bridge.first;
		at != NULL && count < CBX_FORWARD_HANDLES; at = at->next) {
		cbx_wait_add(&waiter[count], &at->socket->queue);
		polled[count] = at;
		polls.poll[count] = (struct cbx_forward_poll){
			.handle = at->handle,
			.events = cbx_bridge_wants(at),
		};
		count++;
	}
	sleep_in_call(count);
	for (uint64_t i = 0; i < count; i++) {
		cbx_wait_remove(&waiter[i]);
		if (polls.poll[i].ready != 0) {
			polled[i]->ready = LX_POLLIN | LX_POLLOUT;
		}
	}
}

void cbx_bridge_main(struct cbx_task *task)
{
	uint64_t space;

	cbx_task_enter(task);
	if (!cbx_gate_upcall_entry((uint64_t)cbx_runtime_upcall_entry,
		    task->stack.base + STACK_BYTES, &task->thread, &space)) {
		cbx_gate_end(CBX_END_SIGNAL | LX_SIGKILL);
	}
	cbx_runtime_lock();
	for (;;) {
		while (!bridge.stopped && carry()) {
		}
		cbx_wait_wake(&bridge.quiet, UINT64_MAX);
		if (bridge.stopped || bridge.first == NULL) {
			cbx_wait_deaf(&bridge.idle);
		} else {
			wait();
		}
	}
}

/* ---- what programs ask for ---- */

int64_t cbx_bridge_connect(
	struct cbx_socket *socket, const struct cbx_address *address)
{
	struct cbx_forward_end ends[2];
	struct cbx_socket *peer =
		cbx_socket_create(socket->family, socket->type);
	uint64_t arg[CBX_RULE_ARGS];
	int64_t handle;

	if (peer == NULL) {
		return -LX_ENOMEM;
	}
	args_of(address, arg);
	handle = cbx_forward_connect(arg, ends);
	if (handle >= 0 && socket->state != CBX_SOCKET_NEW) {
		cbx_forward_close((uint64_t)handle);
		handle = -LX_EISCONN; /* another task was faster */
	}
	if (handle < 0) {
		cbx_socket_drop(peer);
		return handle;
	}
	peer->name = *address;
	socket->name = cbx_bridge_address(&ends[0]);
	socket->bound = true;
	cbx_socket_join(socket, peer);
	return cbx_bridge_add(peer, (uint64_t)handle, false);
}

int64_t cbx_bridge_listen(struct cbx_socket *socket, uint32_t backlog)
{
	struct cbx_forward_end end;
	uint64_t arg[CBX_RULE_ARGS];
	int64_t handle;

	socket->backlog = backlog;
	if (socket->state == CBX_SOCKET_LISTENING) {
		return 0;
	}
	args_of(&socket->name, arg);
	handle = cbx_forward_listen(arg, backlog, &end);
	if (handle < 0) {
		return handle;
	}
	socket->name = cbx_bridge_address(&end);
	socket->state = CBX_SOCKET_LISTENING;
	cbx_socket_hold(socket);
	return cbx_bridge_add(socket, (uint64_t)handle, true);
}

/* Whether bytes are on their way out. */
static bool is_busy(void)
{
	const struct cbx_bridge *at = bridge.first;

	while (at != NULL &&
		(at->listens || at->failed || at->socket->letters == 0)) {
		at = at->next;
	}
	return at != NULL;
}

void cbx_bridge_finish(void)
{
	int64_t deadline = cbx_socket_deadline(FINISH_NS);

	while (is_busy() && cbx_wait_on(&bridge.quiet, deadline) == 0) {
	}
}

void cbx_bridge_end(void)
{
	bridge.stopped = bridge.runs;
	while (bridge.asleep) {
		cbx_task_interrupt(&bridge.task);
		cbx_wait_deaf(&bridge.quiet);
	}
	cbx_forward_end();
}
