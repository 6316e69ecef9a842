/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places in a program's text that make a system call and may jump into the
 * runtime instead, and the code they jump to.  Pure; doc/adr says why it is
 * safe.
 *
 * Two forms are known, around a `syscall` at S that has just trapped:
 *
 *   NUMBER   mov $n, %eax; syscall    the mov becomes a jump; the syscall stays
 *   TEST     syscall; cmp $n, %rax    both become a jump; the stub compares
 */
#ifndef CBX_RUNTIME_SITE_H
#define CBX_RUNTIME_SITE_H

#include <base/types.h>
#include <base/upcall.h>

/** What a match looks at: text from S - BEFORE to S + AFTER. */
#define CBX_SITE_BEFORE 16u
#define CBX_SITE_AFTER	8u
#define CBX_SITE_WINDOW (CBX_SITE_BEFORE + CBX_SITE_AFTER)

#define CBX_SITE_BYTES_MAX 8u  /* that are replaced */
#define CBX_STUB_BYTES	   32u /* of a stub, with what pads it */
#define CBX_SITE_TAIL	   17u /* offset of what a TEST stub does after the call */

enum cbx_site_kind {
	CBX_SITE_NONE,
	CBX_SITE_NUMBER,
	CBX_SITE_TEST,
};

struct cbx_site {
	enum cbx_site_kind kind;
	uint64_t start; /* the bytes that are replaced */
	uint64_t end;
	uint32_t number;  /* NUMBER: the system call */
	uint8_t moved[6]; /* TEST: the comparison */
	uint32_t moved_bytes;
};

/** A site of the first form.
 * @param window  CBX_SITE_WINDOW bytes around the syscall at @p at
 * @param number  of the call that trapped */
struct cbx_site cbx_site_number(
	const uint8_t *window, uint64_t at, uint32_t number);

/** A site of the second form. */
struct cbx_site cbx_site_test(const uint8_t *window, uint64_t at);

/** Whether anything in a text could be a direct branch into the inside of a
 * site: any four bytes that are as far from it as they say, and any short
 * jump.
 * @param text  bytes[bytes], which lie at @p base */
bool cbx_site_aimed_at(const uint8_t *text, uint64_t bytes, uint64_t base,
	const struct cbx_site *site);

/** Whether a jump of 32 bits goes from one address to the other. */
bool cbx_site_near(uint64_t from, uint64_t to);

/**
 * Write a stub and what leads to it.
 *
 * @param      at      where the stub will be; cbx_site_near to the site
 * @param      entry   offset in GS of the runtime's entry's address
 * @param[out] stub    CBX_STUB_BYTES
 * @param[out] text    end - start bytes to be put at the site
 */
void cbx_site_write(const struct cbx_site *site, uint64_t at, uint32_t entry,
	uint8_t *stub, uint8_t *text);

/**
 * The state of a program in the midst of a stub, as it would have been without
 * one: before the call again, or after it.
 *
 * @param offset  of rip in the stub
 */
void cbx_site_home(
	const struct cbx_site *site, uint64_t offset, struct cbx_regs *regs);

#endif
