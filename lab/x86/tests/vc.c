/* SPDX-License-Identifier: Apache-2.0 */
/* #VC at VMPL0: a guest asks its host by the GHCB. */
#include "../asm.h"
#include "ghcb.h"
#include "guest.h"

#define EVENT_IN       0x01u
#define EVENT_BYTES(n) ((n) << 4)
#define EVENT_PORT(dx) ((dx) << 16)
#define OPERAND_32     1u /* of IN and OUT's opcodes */
#define IS_OUT	       2u
#define IS_REGISTER    8u /* the port is DX */

volatile struct guest_vc guest_vc;

static uint64_t low(uint64_t value)
{
	return value & 0xffffffff;
}

static bool ask_cpuid(struct lab_trap *trap)
{
	volatile struct lab_ghcb *page = guest_page();

	page->rax = trap->rax;
	page->rcx = trap->rcx;
	page->xcr0 = 1;
	page->valid[1] = 1ull << LAB_GHCB_BIT(rcx) % 64 |
			 1ull << LAB_GHCB_BIT(xcr0) % 64;
	if (guest_event(LAB_NAE_CPUID, 0, 0) != 0) {
		return false;
	}
	trap->rax = low(page->rax);
	trap->rbx = low(page->rbx);
	trap->rcx = low(page->rcx);
	trap->rdx = low(page->rdx);
	trap->rip += 2;
	return true;
}

static bool ask_msr(struct lab_trap *trap)
{
	volatile struct lab_ghcb *page = guest_page();
	bool is_write = ((const uint8_t *)trap->rip)[1] == 0x30;

	page->rax = trap->rax;
	page->rcx = trap->rcx;
	page->rdx = trap->rdx;
	page->valid[1] = 3ull << LAB_GHCB_BIT(rcx) % 64;
	if (guest_event(LAB_NAE_MSR, is_write, 0) != 0) {
		return false;
	}
	if (!is_write) {
		trap->rax = low(page->rax);
		trap->rdx = low(page->rdx);
	}
	trap->rip += 2;
	return true;
}

/* E4 to E7 and EC to EF, without a prefix. */
static bool ask_port(struct lab_trap *trap)
{
	volatile struct lab_ghcb *page = guest_page();
	const uint8_t *code = (const uint8_t *)trap->rip;
	bool is_register = (code[0] & IS_REGISTER) != 0;
	uint64_t port = is_register ? trap->rdx & 0xffff : code[1];
	uint64_t how = EVENT_PORT(port) |
		       EVENT_BYTES((code[0] & OPERAND_32) != 0 ? 4u : 1u) |
		       ((code[0] & IS_OUT) != 0 ? 0 : EVENT_IN);

	page->rax = trap->rax;
	if (guest_event(LAB_NAE_IOIO, how, 0) != 0) {
		return false;
	}
	if ((how & EVENT_IN) != 0) {
		trap->rax = low(page->rax);
	}
	trap->rip += is_register ? 1 : 2;
	return true;
}

/* Whether the instruction is one that raises it; a host may say what it likes. */
static bool is_true(const struct lab_trap *trap)
{
	const uint8_t *code = (const uint8_t *)trap->rip;

	switch (trap->error) {
	case LAB_EXIT_CPUID:
		return code[0] == 0x0f && code[1] == 0xa2;
	case LAB_EXIT_MSR:
		return code[0] == 0x0f && (code[1] == 0x30 || code[1] == 0x32);
	case LAB_EXIT_IOIO:
		return (code[0] & 0xf4) == 0xe4;
	default:
		return true;
	}
}

/* What a test expects, it says the length of. */
static bool expected(struct lab_trap *trap)
{
	guest_vc.address = lab_cr2();
	trap->rip += guest_vc.bytes;
	return guest_vc.bytes != 0;
}

bool guest_take_vc(struct lab_trap *trap)
{
	guest_vc.code = trap->error;
	guest_vc.count++;
	if (!is_true(trap)) {
		guest_vc.lies++;
		return true;
	}
	switch (trap->error) {
	case LAB_EXIT_CPUID:
		return ask_cpuid(trap);
	case LAB_EXIT_MSR:
		return ask_msr(trap);
	case LAB_EXIT_IOIO:
		return ask_port(trap);
	default:
		return expected(trap);
	}
}
