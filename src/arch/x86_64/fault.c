/* SPDX-License-Identifier: Apache-2.0 */
/* A fault of the monitor's own: say what can be said, and stop. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define NAME_BYTES 8u /* a name with no end fills it */
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

_Noreturn void cbx_x86_own_fault(void)
{
	/* struct cbx_x86_trap, word by word */
	static const char names[][NAME_BYTES] = { "r8", "r9", "r10", "r11",
		"r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx",
		"rax", "rcx", "rsp", "rip", "rflags", "vector", "error", "cr2",
		"cs" };
	static bool again;
	const uint64_t *words = (const uint64_t *)&cbx_x86_cpu()->trap;

	_Static_assert(sizeof(names) == sizeof(struct cbx_x86_trap), "words");
	if (again) {
		cbx_x86_stop();
	}
	again = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		line(names[i], words[i]);
	}
	cbx_hal_panic("a fault in the monitor", __FILE__, __LINE__);
}
