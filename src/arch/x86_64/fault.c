/* SPDX-License-Identifier: Apache-2.0 */
/* A fault of the monitor's own: say what can be said, and stop. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define NAME_BYTES 8u
#define HEX_DIGITS 16u

static void line(const char *name, uint64_t value)
{
	char text[NAME_BYTES + HEX_DIGITS + 1] = { 0 };
	uint32_t at = 0;

	for (; at < NAME_BYTES; at++) {
		text[at] = ' ';
		if (*name != '\0') {
			text[at] = *name++;
		}
	}
	for (uint32_t i = 0; i < HEX_DIGITS; i++) {
		text[at + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
	}
	cbx_hal_log(text);
}

static void registers(const struct cbx_regs *r)
{
	line("rip", r->rip);
	line("rsp", r->rsp);
	line("rflags", r->rflags);
	line("rax", r->rax);
	line("rbx", r->rbx);
	line("rcx", r->rcx);
	line("rdx", r->rdx);
	line("rsi", r->rsi);
	line("rdi", r->rdi);
	line("rbp", r->rbp);
}

_Noreturn void cbx_x86_own_fault(void)
{
	static bool again;
	const struct cbx_x86_trap *trap = &cbx_x86_cpu()->trap;

	if (again) {
		cbx_x86_stop();
	}
	again = true;
	line("vector", trap->vector);
	line("error", trap->error);
	line("cr2", trap->cr2);
	registers(&trap->regs);
	cbx_hal_panic("a fault in the monitor", __FILE__, __LINE__);
}

_Noreturn void cbx_x86_own_misuse(void)
{
	cbx_hal_panic("the monitor's WRMSR was misused", __FILE__, __LINE__);
}
