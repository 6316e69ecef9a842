/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include "lib.h"

#define PAD 0xccu /* int3 */

/* A TEST stub: the way into the runtime, a syscall, then what was moved. */
#define SYSCALL_BYTES 2u
#define JUMP_BYTES    5u

static bool is_rex(uint8_t byte)
{
	return (byte & 0xf0) == 0x40;
}

/* A prefix that makes the base register r8. */
static bool is_rex_b(uint8_t byte)
{
	return (byte & 0xf1) == 0x41;
}

/* An instruction of 32 immediate bits and a ModRM byte. */
static bool has_immediate(uint8_t opcode)
{
	return opcode == 0x69 || opcode == 0x81 || opcode == 0xc7 ||
	       opcode == 0xf7;
}

/* Whether the b8 at @p b may be something else than an opcode: a prefix
 * belongs to it, or it is another instruction's ModRM, SIB or displacement.
 * With rax as a base, its value would have to be the call's number. */
static bool is_doubtful(const uint8_t *b)
{
	return is_rex(b[-1]) || b[-1] == 0x66 || b[-1] == 0x0f ||
	       (b[-1] & 0xc7) == 0x84 || is_rex_b(b[-2]) ||
	       (is_rex_b(b[-3]) && b[-2] == 0x0f) || b[-4] == 0xc4 ||
	       b[-5] == 0x62 || has_immediate(b[-2]) || has_immediate(b[-3]);
}

struct cbx_site cbx_site_number(
	const uint8_t *window, uint64_t at, uint32_t number)
{
	const uint8_t *b = window + CBX_SITE_BEFORE - JUMP_BYTES;
	uint32_t immediate;

	memcpy(&immediate, b + 1, sizeof(immediate));
	if (b[0] != 0xb8 || b[5] != 0x0f || b[6] != 0x05 ||
		immediate != number || is_doubtful(b)) {
		return (struct cbx_site){ 0 };
	}
	return (struct cbx_site){
		.kind = CBX_SITE_NUMBER,
		.start = at - JUMP_BYTES,
		.end = at,
		.number = number,
	};
}

/* Bytes of a comparison of rax or eax with a number; 0: it is none. */
static uint32_t compare_bytes(const uint8_t *at)
{
	if (at[0] == 0x48 && at[1] == 0x3d) {
		return 6;
	}
	return at[0] == 0x3d ? 5 : 0;
}

struct cbx_site cbx_site_test(const uint8_t *window, uint64_t at)
{
	const uint8_t *s = window + CBX_SITE_BEFORE;
	struct cbx_site site = {
		.kind = CBX_SITE_TEST,
		.start = at,
		.moved_bytes = compare_bytes(s + SYSCALL_BYTES),
	};

	if (s[0] != 0x0f || s[1] != 0x05 || site.moved_bytes == 0) {
		return (struct cbx_site){ 0 };
	}
	site.end = at + SYSCALL_BYTES + site.moved_bytes;
	memcpy(site.moved, s + SYSCALL_BYTES, site.moved_bytes);
	return site;
}

static bool is_short(uint8_t opcode)
{
	return opcode == 0xeb || (opcode & 0xf0) == 0x70 ||
	       (opcode & 0xfc) == 0xe0;
}

static bool is_inside(const struct cbx_site *site, uint64_t target)
{
	return target - (site->start + 1) < site->end - (site->start + 1);
}

static bool is_aimed_short(const uint8_t *text, uint64_t bytes, uint64_t base,
	const struct cbx_site *site)
{
	uint64_t at = site->start - base;
	uint64_t i = at < 136 ? 0 : at - 136;
	uint64_t end = cbx_min(bytes - 1, at + 144);

	for (; i < end; i++) {
		uint64_t target = base + i + 2 + (uint64_t)(int8_t)text[i + 1];

		if (is_short(text[i]) && is_inside(site, target) && i != at) {
			return true;
		}
	}
	return false;
}

bool cbx_site_aimed_at(const uint8_t *text, uint64_t bytes, uint64_t base,
	const struct cbx_site *site)
{
	/* in 32 bits, as far as the displacements go */
	uint32_t first = (uint32_t)(site->start + 1 - base) - 4;
	uint32_t width = (uint32_t)(site->end - site->start - 1);

	if (bytes < CBX_SITE_BYTES_MAX || bytes > INT32_MAX) {
		return true;
	}
	for (uint32_t i = 0; i <= bytes - 4; i++) {
		uint32_t distance;

		memcpy(&distance, text + i, sizeof(distance));
		if (i + distance - first < width) {
			return true;
		}
	}
	return is_aimed_short(text, bytes, base, site);
}

bool cbx_site_near(uint64_t from, uint64_t to)
{
	int64_t distance = (int64_t)(to - from);

	return distance > INT32_MIN + 64 && distance < INT32_MAX - 64;
}

/* What is being written, and where it will lie. */
struct writer {
	uint8_t *to;
	uint64_t at;
};

static void put(struct writer *w, const void *bytes, uint64_t count)
{
	memcpy(w->to, bytes, count);
	w->to += count;
	w->at += count;
}

static void put_word(struct writer *w, uint32_t word)
{
	put(w, &word, sizeof(word));
}

/* The 32 bits that end an instruction and lead from there to @p to. */
static void put_distance(struct writer *w, uint64_t to)
{
	put_word(w, (uint32_t)(to - (w->at + 4)));
}

static void put_jump(struct writer *w, uint64_t to)
{
	put(w, "\xe9", 1);
	put_distance(w, to);
}

/* The return address goes where syscall puts it. */
static void put_entry(struct writer *w, uint64_t back, uint32_t entry)
{
	put(w, "\x48\x8d\x0d", 3); /* lea back(%rip), %rcx */
	put_distance(w, back);
	put(w, "\x65\xff\x24\x25", 4); /* jmp *%gs:entry */
	put_word(w, entry);
}

void cbx_site_write(const struct cbx_site *site, uint64_t at, uint32_t entry,
	uint8_t *stub, uint8_t *text)
{
	struct writer w = { stub, at };
	struct writer jump = { text, site->start };

	memset(stub, PAD, CBX_STUB_BYTES);
	memset(text, PAD, site->end - site->start);
	put_jump(&jump, at);
	if (site->kind == CBX_SITE_NUMBER) {
		put(&w, "\xb8", 1);
		put_word(&w, site->number);
		put_entry(&w, site->end + SYSCALL_BYTES, entry);
		return;
	}
	put_entry(&w, at + CBX_SITE_TAIL, entry);
	put(&w, "\x0f\x05", SYSCALL_BYTES); /* to be repeated, it traps */
	put(&w, site->moved, site->moved_bytes);
	put_jump(&w, site->end);
}

static void set_flag(struct cbx_regs *regs, unsigned bit, bool on)
{
	regs->rflags = (regs->rflags & ~(1ull << bit)) | (uint64_t)on << bit;
}

static void compare(const struct cbx_site *site, struct cbx_regs *regs)
{
	bool wide = site->moved_bytes == 6;
	unsigned top = wide ? 63 : 31;
	int32_t number;
	uint64_t a = wide ? regs->rax : (uint32_t)regs->rax;
	uint64_t b;
	uint64_t r;

	memcpy(&number, site->moved + site->moved_bytes - 4, sizeof(number));
	b = wide ? (uint64_t)(int64_t)number : (uint32_t)number;
	r = wide ? a - b : (uint32_t)(a - b);
	set_flag(regs, 0, a < b);
	set_flag(regs, 2, __builtin_parity((unsigned)(r & 0xff)) == 0);
	set_flag(regs, 4, ((a ^ b ^ r) & 0x10) != 0);
	set_flag(regs, 6, r == 0);
	set_flag(regs, 7, (r >> top & 1) != 0);
	set_flag(regs, 11, (((a ^ b) & (a ^ r)) >> top & 1) != 0);
}

void cbx_site_home(
	const struct cbx_site *site, uint64_t offset, struct cbx_regs *regs)
{
	if (site->kind == CBX_SITE_NUMBER || offset < CBX_SITE_TAIL) {
		regs->rip = site->start;
		return;
	}
	if (offset == CBX_SITE_TAIL) {
		compare(site, regs);
	}
	regs->rip = site->end;
}
