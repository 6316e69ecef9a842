/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations, as a guest does it: told what, not what comes of it. */
#include "../rows.h"

#include "../asm.h"
#include "../say.h"
#include "ghcb.h"
#include "guest.h"

#define VECTOR_UD     6
#define VECTOR_GP     13
#define VECTOR_VC     29
#define NOT_VALIDATED 0x404
#define RFLAGS_CF     3ull /* set before: what is done has to clear it */
#define VMSA	      (1ull << 16)
#define GATE	      0x8e00ull
#define STEP	      16 /* from one instruction's code to the next one's */
#define RMPQUERY      2
#define WRITE	      0x2u
#define EXECUTE	      0xcu
#define QUERIED	      0x1ff00ull

/* What came of it, as ../snp/rmp_types.h numbers them. */
enum came {
	CAME_DONE,
	CAME_GP,
	CAME_VC,
	CAME_ELSE, /* an exit's number: no guest sees one */
};

/* What IRETQ takes at the end (rows.S). */
struct guest_row {
	uint64_t rax, rcx, rdx;
	uint64_t rip, cs, rflags, rsp, ss;
};

struct row {
	uint64_t op, vmpl, cpl, large, address, word;
};

struct seen {
	enum came came;
	uint64_t rax, rcx, rdx, carry;
};

extern void guest_row_enter(const struct guest_row *row);
extern uint8_t guest_row_back[], guest_row_code[], guest_row_done[];
extern uint8_t guest_row_lower_done[];
extern uint8_t guest_row_lower[], guest_row_gp[], guest_row_vc[];
extern uint8_t guest_lower_pml4[], guest_lower_data_end[];
extern uint64_t guest_row_rsp;

static struct guest_vmsa vmsa[3] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(4096)));
static uint64_t lower_idt[512] __attribute__((aligned(4096)));

static bool is_expected;
static uint64_t expected_rip, expected_address;
static struct seen seen;

static bool is_touch(const struct row *row)
{
	return row->op == LAB_ROWS_TOUCH;
}

static bool is_fetch(const struct row *row)
{
	return is_touch(row) && (row->word & EXECUTE) != 0;
}

/* Where the instruction is, from the first one's code on. */
static uint64_t offset_of(const struct row *row)
{
	uint64_t more = is_fetch(row)				    ? 2
			: is_touch(row) && (row->word & WRITE) != 0 ? 1
								    : 0;

	return STEP * (row->op + more);
}

static enum came came_of(const struct lab_trap *trap)
{
	bool is_at = trap->rip == expected_rip;

	if (trap->vector == VECTOR_UD &&
		trap->rip == (uint64_t)guest_row_done) {
		return CAME_DONE;
	}
	if (is_at && trap->vector == VECTOR_GP && trap->error == 0) {
		return CAME_GP;
	}
	return is_at && trap->vector == VECTOR_VC &&
			       trap->error == NOT_VALIDATED &&
			       (expected_address == 0 ||
				       lab_cr2() == expected_address)
		       ? CAME_VC
		       : CAME_ELSE;
}

bool guest_take_row(struct lab_trap *trap)
{
	if (!is_expected) {
		return false;
	}
	is_expected = false;
	seen = (struct seen){ came_of(trap), trap->rax, trap->rcx, trap->rdx,
		trap->rflags & 1 };
	trap->rip = (uint64_t)guest_row_back;
	trap->cs = GUEST_CODE(0);
	trap->rflags = 2;
	trap->rsp = guest_row_rsp;
	trap->ss = 0;
	return true;
}

static void run_here(const struct row *row)
{
	const struct guest_row enter = { row->address, row->large, row->word,
		(uint64_t)guest_row_code + offset_of(row), GUEST_CODE(row->cpl),
		RFLAGS_CF, (uint64_t)stack + sizeof(stack) - 16,
		GUEST_DATA(row->cpl) };

	expected_rip = is_fetch(row) ? row->address : enter.rip;
	expected_address = is_touch(row) ? 0 : row->address; /* README.md */
	is_expected = true;
	guest_row_enter(&enter);
}

static bool run_lower(const struct row *row)
{
	struct lab_save *save = &vmsa[row->vmpl - 1].save;
	const uint64_t *r8 = save->r8_15;

	save->rip = (uint64_t)guest_row_lower + offset_of(row);
	save->rax = row->address;
	save->rcx = row->large;
	save->rdx = row->word;
	save->rflags = RFLAGS_CF;
	save->rsp = (uint64_t)guest_lower_data_end;
	memset(save->r8_15, 0, sizeof(save->r8_15));
	save->r8_15[6] = (uint64_t)guest_row_lower_done;
	if (guest_exchange(row->vmpl << 32 | LAB_GHCB_RUN) !=
		LAB_GHCB_RUN + 1) {
		return false;
	}
	seen = (struct seen){ r8[4] == 0	       ? CAME_DONE
			      : r8[4] == VECTOR_GP     ? CAME_GP
			      : r8[5] == NOT_VALIDATED ? CAME_VC
						       : CAME_ELSE,
		r8[0], r8[1], r8[2], r8[3] };
	return save->exit_code == LAB_EXIT_VMGEXIT;
}

static uint64_t report(const struct row *row)
{
	uint64_t value =
		row->op == RMPQUERY ? (seen.rdx & QUERIED) | (seen.rcx & 1) : 0;

	if (seen.came != CAME_DONE || is_touch(row)) {
		return LAB_ROWS_CAME | (uint64_t)seen.came << 12;
	}
	return LAB_ROWS_CAME | (seen.rax & 0xff) << 14 | seen.carry << 22 |
	       value << 24;
}

static bool run_row(uint64_t answer)
{
	struct row row = { answer >> 12 & 7, answer >> 15 & 3, answer >> 17 & 3,
		answer >> 19 & 1,
		LAB_ROWS_WINDOW + (answer >> 20 & 0x1ff) * LAB_PAGE,
		answer >> 29 };

	if (is_touch(&row) && (row.word & LAB_ROWS_SHARED) != 0) {
		row.address += GUEST_SHARED;
	}
	if (row.vmpl == 0) {
		run_here(&row);
	} else if (!run_lower(&row)) {
		return false;
	}
	return is_touch(&row) || seen.rax <= 0xff || seen.came != CAME_DONE
		       ? guest_exchange(report(&row)) == LAB_ROWS_CAME + 1
		       : false;
}

static void make_gate(uint64_t vector, const uint8_t *handler)
{
	uint64_t at = (uint64_t)handler;

	lower_idt[2 * vector] = (at & 0xffff) | 8ull << 16 | GATE << 32 |
				(at >> 16 & 0xffff) << 48;
	lower_idt[2 * vector + 1] = at >> 32;
}

static bool grant(
	uint64_t vmpl, const void *from, const void *to, uint64_t rights)
{
	for (uint64_t at = (uint64_t)from; at < (uint64_t)to; at += LAB_PAGE) {
		if (guest_rmpadjust(at, rights << 8 | vmpl) != 0) {
			return false;
		}
	}
	return true;
}

const struct lab_save *guest_level(uint64_t vmpl)
{
	return &vmsa[vmpl - 1].save;
}

bool guest_make_level(uint64_t vmpl)
{
	struct lab_save *save = &vmsa[vmpl - 1].save;
	volatile struct lab_ghcb *page = guest_page();

	make_gate(VECTOR_GP, guest_row_gp);
	make_gate(VECTOR_VC, guest_row_vc);
	save->cs = (struct lab_segment){ 8, 0xa9b, 0xffffffff, 0 };
	save->tr = (struct lab_segment){ 0, 0x8b, 0x67, 0 };
	save->gdtr =
		(struct lab_segment){ 0, 0, 15, (uint64_t)guest_tables_gdt };
	save->idtr = (struct lab_segment){ 0, 0, sizeof(lower_idt) - 1,
		(uint64_t)lower_idt };
	save->vmpl = (uint8_t)vmpl;
	save->efer = LAB_EFER_SVME | LAB_EFER_LME | LAB_EFER_LMA;
	save->cr0 = 0x80010033;
	save->cr3 = (uint64_t)guest_lower_pml4 | GUEST_C;
	save->cr4 = 0x20;
	save->dr6 = 0xffff0ff0;
	save->dr7 = 0x400;
	save->pat = 0x0007040600070406;
	save->features = LAB_FEATURES;
	save->xcr0 = 1;
	save->mxcsr = 0x1f80;
	save->rflags = 2;
	save->rip = (uint64_t)guest_row_lower;
	save->rsp = (uint64_t)guest_lower_data_end;
	if (!grant(vmpl, guest_row_lower, guest_row_lower + LAB_PAGE, 0x9) ||
		!grant(vmpl, guest_lower_pml4, guest_lower_data_end, 0x3) ||
		!grant(vmpl, guest_tables_gdt, guest_tables_gdt + 1, 0x1) ||
		!grant(vmpl, lower_idt, lower_idt + 512, 0x1) ||
		guest_rmpadjust((uint64_t)save, VMSA | vmpl) != 0) {
		return false;
	}
	page->rax = LAB_FEATURES;
	return guest_event(LAB_NAE_AP_CREATION, vmpl << 16 | LAB_AP_ON_INIT,
		       (uint64_t)save) == 0;
}

bool guest_run_rows(void)
{
	uint64_t answer;

	guest_make_tables();
	for (uint64_t vmpl = 1; vmpl <= 3; vmpl++) {
		if (!guest_make_level(vmpl)) {
			return false;
		}
	}
	for (;;) {
		answer = guest_exchange(LAB_ROWS_NEXT);
		if ((answer & 0xfff) != LAB_ROWS_NEXT + 1) {
			return false;
		}
		if ((answer >> 12 & 7) == LAB_ROWS_END) {
			return true;
		}
		if (!run_row(answer)) {
			return false;
		}
	}
}
