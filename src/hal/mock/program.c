/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of boxes: which function is which code, and what it may do. */
#include <hal/mock/machine.h>

void mock_program(uint64_t entry, mock_program_fn *program, void *arg)
{
	size_t i = 0;

	mock_lock();
	while (i < mock.program_count && mock.programs[i].entry != entry) {
		i++;
	}
	MOCK_ASSERT(i < MOCK_PROGRAMS_MAX);
	mock.programs[i] = (struct mock_program_row){ entry, program, arg };
	mock.program_count += i == mock.program_count ? 1 : 0;
	mock_unlock();
}

struct mock_program_row mock_find_program(uint64_t entry)
{
	for (size_t i = 0; i < mock.program_count; i++) {
		if (mock.programs[i].entry == entry) {
			return mock.programs[i];
		}
	}
	return (struct mock_program_row){ 0 };
}

static void decide(struct mock_box_cpu *box, enum mock_decision decision)
{
	MOCK_ASSERT(box->vcpu->decision == MOCK_NOTHING);
	box->vcpu->decision = decision;
}

void mock_box_gate(struct mock_box_cpu *box, const struct cbx_call *call)
{
	decide(box, MOCK_GATE);
	box->stop->call = *call;
}

void mock_box_syscall(struct mock_box_cpu *box, const struct cbx_call *call)
{
	decide(box, MOCK_SYSCALL);
	box->vcpu->call = *call;
}

void mock_box_trap(struct mock_box_cpu *box, enum cbx_fault fault, uint64_t va)
{
	decide(box, MOCK_TRAP);
	box->vcpu->fault = fault;
	box->vcpu->address = va;
}

void mock_box_interrupted(struct mock_box_cpu *box)
{
	decide(box, MOCK_INTERRUPTED);
}

void mock_box_lost(struct mock_box_cpu *box)
{
	decide(box, MOCK_LOST);
}

void mock_box_return(struct mock_box_cpu *box)
{
	MOCK_ASSERT(box->vcpu->level == 1);
	box->vcpu->level = 0;
}

bool mock_box_kicked(const struct mock_box_cpu *box)
{
	return atomic_load(&mock.cpu[box->cpu].kicked);
}

static enum cbx_fault fault_of(unsigned int right)
{
	switch (right) {
	case MOCK_READ:
		return CBX_FAULT_READ;
	case MOCK_WRITE:
		return CBX_FAULT_WRITE;
	default:
		return CBX_FAULT_EXECUTE;
	}
}

/* Bytes at @va the program may use at once; *bytes is cut to one page. */
static uint8_t *reach(struct mock_box_cpu *box, uint64_t va, unsigned int right,
	size_t *bytes)
{
	size_t room = CBX_PAGE_SIZE - va % CBX_PAGE_SIZE;
	uint64_t pfn;

	if (!mock_translate(box->vcpu->space, box->cpu, va, right, &pfn)) {
		box->vcpu->refused = true;
		box->vcpu->fault = fault_of(right);
		box->vcpu->address = va;
		return NULL;
	}
	*bytes = *bytes < room ? *bytes : room;
	return mock.ram + pfn * CBX_PAGE_SIZE + va % CBX_PAGE_SIZE;
}

bool mock_box_read(
	struct mock_box_cpu *box, uint64_t va, void *buf, size_t bytes)
{
	uint8_t *to = buf;

	while (bytes != 0) {
		size_t chunk = bytes;

		mock_lock();

		const uint8_t *from = reach(box, va, MOCK_READ, &chunk);

		if (from != NULL) {
			mock_copy(to, from, chunk);
		}
		mock_unlock();
		if (from == NULL) {
			return false;
		}
		to += chunk;
		va += chunk;
		bytes -= chunk;
	}
	return true;
}

bool mock_box_write(
	struct mock_box_cpu *box, uint64_t va, const void *buf, size_t bytes)
{
	const uint8_t *from = buf;

	while (bytes != 0) {
		size_t chunk = bytes;

		mock_lock();

		uint8_t *to = reach(box, va, MOCK_WRITE, &chunk);

		if (to != NULL) {
			mock_copy(to, from, chunk);
		}
		mock_unlock();
		if (to == NULL) {
			return false;
		}
		from += chunk;
		va += chunk;
		bytes -= chunk;
	}
	return true;
}

bool mock_box_execute(struct mock_box_cpu *box, uint64_t va)
{
	size_t bytes = 1;

	mock_lock();

	bool allowed = reach(box, va, MOCK_EXECUTE, &bytes) != NULL;

	mock_unlock();
	return allowed;
}

/* Whether each further page of the bytes follows the one before it. */
static bool is_in_one_piece(struct mock_box_cpu *box, uint64_t va, size_t bytes,
	unsigned int access, const uint8_t *first)
{
	uint64_t skip = CBX_PAGE_SIZE - va % CBX_PAGE_SIZE;

	for (; skip < bytes; skip += CBX_PAGE_SIZE) {
		size_t rest = bytes - skip;

		if (reach(box, va + skip, access, &rest) != first + skip) {
			return false;
		}
	}
	return true;
}

void *mock_box_use(struct mock_box_cpu *box, uint64_t va, size_t bytes,
	unsigned int access)
{
	size_t chunk = bytes;

	mock_lock();

	uint8_t *first = reach(box, va, access, &chunk);
	bool whole =
		first != NULL && is_in_one_piece(box, va, bytes, access, first);

	mock_unlock();
	return whole ? first : NULL;
}
