/* SPDX-License-Identifier: Apache-2.0 */
/* Box CPU contexts: running their programs, which are functions here. */
#include <string.h>

#include <hal/mock/machine.h>

/* Up-calls delivered in one run before a program that only traps stops. */
#define DELIVERIES 2u

static struct mock_vcpu *vcpu_of(struct cbx_arch_vcpu *storage)
{
	return (struct mock_vcpu *)storage->word;
}

enum cbx_status cbx_arch_vcpu_init(struct cbx_arch_vcpu *storage,
	struct cbx_arch_space *space, const struct cbx_vcpu_start *start)
{
	struct mock_vcpu *vcpu = vcpu_of(storage);
	enum cbx_status status;

	mock_lock();
	MOCK_ASSERT(vcpu->space == NULL);
	status = mock_step(false);
	if (status == CBX_OK) {
		memset(storage, 0, sizeof(*storage));
		vcpu->space = (struct mock_space *)space->word;
		vcpu->start = *start;
		MOCK_ASSERT(vcpu->space->side != NULL && !vcpu->space->dead);
		mock.pages[mock_pfn_of(storage)].used++;
		mock.vcpu_count++;
	}
	mock_unlock();
	return status;
}

void cbx_arch_vcpu_fini(struct cbx_arch_vcpu *storage)
{
	mock_lock();
	MOCK_ASSERT(vcpu_of(storage)->space != NULL);
	MOCK_ASSERT(!vcpu_of(storage)->running);
	memset(storage, 0, sizeof(*storage));
	mock.pages[mock_pfn_of(storage)].used--;
	mock.vcpu_count--;
	mock_unlock();
}

uint64_t mock_vcpus(void)
{
	mock_lock();

	uint64_t count = mock.vcpu_count;

	mock_unlock();
	return count;
}

void cbx_arch_vcpu_upcall_entry(
	struct cbx_arch_vcpu *storage, uint64_t entry, uint64_t stack)
{
	struct mock_vcpu *vcpu = vcpu_of(storage);

	MOCK_ASSERT(vcpu->space != NULL && !vcpu->running);
	vcpu->upcall_entry = entry;
	vcpu->upcall_stack = stack;
}

static bool post_upcall(struct mock_vcpu *vcpu, enum cbx_upcall_kind kind,
	uint32_t code, uint64_t value)
{
	if (vcpu->upcall_entry == 0) {
		return false;
	}
	vcpu->upcall = (struct cbx_upcall){ (uint32_t)kind, code, value };
	vcpu->pending = true;
	return true;
}

void cbx_arch_vcpu_upcall(struct cbx_arch_vcpu *storage,
	enum cbx_upcall_kind kind, uint64_t value)
{
	struct mock_vcpu *vcpu = vcpu_of(storage);

	MOCK_ASSERT(vcpu->space != NULL && !vcpu->running);
	/* One at a time: what waits already comes first. */
	if (!vcpu->pending && !vcpu->owed) {
		(void)post_upcall(vcpu, kind, 0, value);
	}
}

static bool begin(
	struct mock_vcpu *vcpu, uint32_t cpu, const struct cbx_reply *reply)
{
	mock_lock();
	MOCK_ASSERT(vcpu->space != NULL && !vcpu->running);
	MOCK_ASSERT(vcpu->space->side != NULL && !vcpu->space->dead);
	if (reply != NULL) {
		vcpu->reply[vcpu->level] = *reply;
		vcpu->replied[vcpu->level] = true;
	}

	bool runs = !atomic_exchange(&mock.cpu[cpu].kicked, false);

	vcpu->running = runs;
	vcpu->space->side->running += runs ? 1 : 0;
	mock_unlock();
	return runs;
}

static void end(struct mock_vcpu *vcpu)
{
	mock_lock();
	vcpu->running = false;
	vcpu->space->side->running--;
	mock_unlock();
}

/* Call the program of the context's level; its reply, and the up-call that
 * begins, are handed over once. */
static void call_program(struct mock_vcpu *vcpu, struct mock_box_cpu *box,
	const struct mock_program_row *row, bool begins)
{
	struct cbx_reply reply = vcpu->reply[vcpu->level];
	struct cbx_upcall upcall = vcpu->upcall;
	bool replied = vcpu->replied[vcpu->level] && !begins;

	if (replied) {
		vcpu->replied[vcpu->level] = false;
	}
	box->reply = replied ? &reply : NULL;
	box->upcall = begins ? &upcall : NULL;
	box->start = vcpu->start;
	box->call = vcpu->call;
	box->step = vcpu->step;
	memcpy(box->reg, vcpu->reg, sizeof(box->reg));
	row->program(box, row->arg);
	vcpu->step = box->step;
	memcpy(vcpu->reg, box->reg, sizeof(box->reg));
}

/* Let the program decide once. */
static void run_once(struct mock_vcpu *vcpu, struct mock_box_cpu *box)
{
	bool begins = vcpu->pending;

	vcpu->decision = MOCK_NOTHING;
	vcpu->refused = false;
	if (begins) {
		vcpu->pending = false;
		vcpu->level = 1;
	}

	uint64_t entry =
		vcpu->level == 0 ? vcpu->start.entry : vcpu->upcall_entry;

	mock_lock();

	struct mock_program_row row = mock_find_program(entry);

	mock_unlock();
	if (mock_box_execute(box, entry) && row.program != NULL) {
		call_program(vcpu, box, &row, begins);
	} else if (!vcpu->refused) {
		mock_box_trap(box, CBX_FAULT_INSTRUCTION, entry);
	}
	if (vcpu->decision == MOCK_NOTHING) {
		vcpu->decision = vcpu->refused ? MOCK_TRAP : MOCK_INTERRUPTED;
	}
}

static void stop_fault(struct mock_vcpu *vcpu, struct cbx_stop *stop)
{
	stop->kind = CBX_STOP_FAULT;
	stop->fault = vcpu->fault;
	stop->address = (struct cbx_va){ vcpu->address };
}

/* A system call: @return whether the context goes on at once. */
static bool take_syscall(
	struct mock_vcpu *vcpu, struct cbx_stop *stop, bool may_deliver)
{
	vcpu->fault = CBX_FAULT_INSTRUCTION;
	vcpu->address = vcpu->start.entry;
	if (may_deliver && post_upcall(vcpu, CBX_UPCALL_SYSCALL,
				   (uint32_t)vcpu->call.id, 0)) {
		return true;
	}
	stop_fault(vcpu, stop);
	return false;
}

/* Where the space is traced the system call waits for the next run. */
static bool trace_syscall(struct mock_vcpu *vcpu, struct cbx_stop *stop)
{
	stop->kind = CBX_STOP_TRACE;
	stop->call = vcpu->call;
	vcpu->owed = true;
	return false;
}

static bool take_trap(
	struct mock_vcpu *vcpu, struct cbx_stop *stop, bool may_deliver)
{
	if (may_deliver && post_upcall(vcpu, CBX_UPCALL_FAULT,
				   (uint32_t)vcpu->fault, vcpu->address)) {
		return true;
	}
	stop_fault(vcpu, stop);
	return false;
}

/* Turn a decision into a stop. @return whether the context goes on at once */
static bool take(
	struct mock_vcpu *vcpu, struct cbx_stop *stop, bool may_deliver)
{
	switch (vcpu->decision) {
	case MOCK_GATE:
		stop->kind = CBX_STOP_GATE;
		return false;
	case MOCK_SYSCALL:
		return (vcpu->space->flags & CBX_SPACE_TRACE) != 0
			       ? trace_syscall(vcpu, stop)
			       : take_syscall(vcpu, stop, may_deliver);
	case MOCK_TRAP:
		return take_trap(vcpu, stop, may_deliver);
	case MOCK_LOST:
		stop->kind = CBX_STOP_LOST;
		return false;
	case MOCK_NOTHING:
	case MOCK_INTERRUPTED:
	default:
		stop->kind = CBX_STOP_INTERRUPTED;
		return false;
	}
}

void cbx_arch_vcpu_run(struct cbx_arch_vcpu *storage,
	const struct cbx_reply *reply, struct cbx_stop *stop)
{
	struct mock_vcpu *vcpu = vcpu_of(storage);
	struct mock_box_cpu box = {
		.cpu = cbx_hal_cpu(),
		.vcpu = vcpu,
		.stop = stop,
	};
	uint32_t deliveries = 0;
	bool again = true;

	*stop = (struct cbx_stop){ .kind = CBX_STOP_INTERRUPTED };
	if (!begin(vcpu, box.cpu, reply)) {
		return;
	}
	if (vcpu->owed) {
		vcpu->owed = false;
		again = take_syscall(vcpu, stop, true);
	}
	while (again) {
		run_once(vcpu, &box);
		again = take(vcpu, stop, deliveries++ < DELIVERIES);
	}
	end(vcpu);
}
