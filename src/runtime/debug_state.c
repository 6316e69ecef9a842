/* SPDX-License-Identifier: Apache-2.0 */
/* Registers and memory, as the debugger sees and changes them. */
#include "debug_int.h"

#include <stddef.h>

#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "task.h"
#include "user.h"

#define WHOLE	 17u /* registers of eight bytes: the last is rip */
#define FLAGS	 17u /* rflags' number; it and segments have four */
#define SEGMENTS 6u
#define ORIG_RAX \
	57u	  /* what gdb clears so that no call is made again: none is */
#define REST 372u /* bytes of what is not told: x87, SSE */

/* In gdb's order for x86-64. */
static const uint8_t offset_of[WHOLE] = { offsetof(struct cbx_regs, rax),
	offsetof(struct cbx_regs, rbx), offsetof(struct cbx_regs, rcx),
	offsetof(struct cbx_regs, rdx), offsetof(struct cbx_regs, rsi),
	offsetof(struct cbx_regs, rdi), offsetof(struct cbx_regs, rbp),
	offsetof(struct cbx_regs, rsp), offsetof(struct cbx_regs, r8),
	offsetof(struct cbx_regs, r9), offsetof(struct cbx_regs, r10),
	offsetof(struct cbx_regs, r11), offsetof(struct cbx_regs, r12),
	offsetof(struct cbx_regs, r13), offsetof(struct cbx_regs, r14),
	offsetof(struct cbx_regs, r15), offsetof(struct cbx_regs, rip) };

/* What a program may have in rflags: the rest stays. */
#define FLAGS_USER 0xcd5u

static uint64_t *word_of(const struct cbx_task *task, uint64_t number)
{
	uint8_t *regs = (uint8_t *)task->context.regs;

	return (uint64_t *)(void *)(regs + offset_of[number]);
}

void cbx_debug_put_registers(
	struct cbx_debug_text *text, const struct cbx_task *task)
{
	const uint32_t segment[SEGMENTS] = { 0x33, 0x2b, 0, 0, 0, 0 };
	uint32_t flags = (uint32_t)task->context.regs->rflags &
			 ~(uint32_t)CBX_DEBUG_TRAP_FLAG;

	for (uint64_t i = 0; i < WHOLE; i++) {
		cbx_debug_put_bytes(text, word_of(task, i), 8);
	}
	cbx_debug_put_bytes(text, &flags, sizeof(flags));
	cbx_debug_put_bytes(text, segment, sizeof(segment));
	for (uint64_t i = 0; i < REST; i++) {
		cbx_debug_put(text, "xx");
	}
}

static void set_flags(const struct cbx_task *task, uint32_t flags)
{
	uint64_t *to = &task->context.regs->rflags;

	*to = (*to & ~(uint64_t)FLAGS_USER) | (flags & FLAGS_USER);
}

bool cbx_debug_set_register(
	const struct cbx_task *task, uint64_t number, const char *hex)
{
	uint64_t value = 0;
	bool flags = number == FLAGS;

	if (number == ORIG_RAX) {
		return true;
	}
	if (number > FLAGS || cbx_debug_bytes(&hex, &value, flags ? 4 : 8) !=
				      (flags ? 4u : 8u)) {
		return false;
	}
	if (flags) {
		set_flags(task, (uint32_t)value);
	} else {
		*word_of(task, number) = value;
	}
	return true;
}

bool cbx_debug_set_registers(const struct cbx_task *task, const char *hex)
{
	uint64_t word[WHOLE];
	uint32_t flags;

	if (cbx_debug_bytes(&hex, word, sizeof(word)) != sizeof(word) ||
		cbx_debug_bytes(&hex, &flags, sizeof(flags)) != sizeof(flags)) {
		return false;
	}
	for (uint64_t i = 0; i < WHOLE; i++) {
		*word_of(task, i) = word[i];
	}
	set_flags(task, flags);
	return true;
}

void cbx_debug_put_memory(
	struct cbx_debug_text *text, uint64_t va, uint64_t bytes)
{
	bytes = cbx_min(bytes, CBX_DEBUG_PACKET / 2);
	for (uint64_t i = 0; i < bytes; i++) {
		uint8_t byte;

		if (va + i < va || cbx_user_get(&byte, va + i, 1) != 0) {
			break;
		}
		cbx_debug_put_bytes(text, &byte, 1);
	}
	if (text->bytes == 0) {
		cbx_debug_put(text, "E0e");
	}
}

/* Memory the program may not write, its text above all, is opened for it. */
static bool set_on_page(uint64_t va, const uint8_t *from, uint64_t bytes)
{
	uint64_t page = cbx_page_floor(va);
	const struct cbx_extent *e = cbx_extent_at(cbx_memory_extents(), va);
	uint8_t prot = e == NULL ? 0 : e->prot;
	bool open = (prot & LX_PROT_WRITE) != 0;
	bool done;

	if (e == NULL || e->state == CBX_EXTENT_CACHED ||
		(!open && cbx_memory_protect(page, page + CBX_PAGE_SIZE,
				  prot | LX_PROT_WRITE) != 0)) {
		return false;
	}
	done = cbx_user_put(va, from, bytes) == 0;
	return (open || cbx_memory_protect(page, page + CBX_PAGE_SIZE, prot) ==
				0) &&
	       done;
}

bool cbx_debug_set_memory(uint64_t va, uint64_t bytes, const char *hex)
{
	uint8_t part[64];

	while (bytes != 0) {
		uint64_t most = cbx_min(
			sizeof(part), cbx_page_floor(va) + CBX_PAGE_SIZE - va);
		uint64_t count =
			cbx_debug_bytes(&hex, part, cbx_min(bytes, most));

		if (count == 0 || !cbx_user_valid(va, count) ||
			!set_on_page(va, part, count)) {
			return false;
		}
		va += count;
		bytes -= count;
	}
	return true;
}
