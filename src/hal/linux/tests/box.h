/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A box without a core: hal.h and arch.h used as the core would use them.
 */
#ifndef CBX_HAL_LINUX_TESTS_BOX_H
#define CBX_HAL_LINUX_TESTS_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arch/arch.h>
#include <hal/hal.h>

#define CODE_VA	    0x10000000ull
#define DATA_VA	    0x20000000ull /* one page, zero at the start */
#define STACK_VA    0x28000000ull
#define STACK_PAGES 4u

struct box {
	struct cbx_arch_space *space; /* in a META page */
	struct cbx_pfn code;
	struct cbx_pfn data;
	uint64_t code_pages;
};

/** A thread of a box, in a META page. */
struct box_thread {
	struct cbx_arch_vcpu *vcpu;
	struct cbx_stop stop;
};

/** Start the machine; once a program. */
void machine_start(void);

/** Pages from nowhere, private and zero. */
struct cbx_pfn take_pages(uint64_t count);

/** A box with the tests' code, a data page and a stack. */
struct box box_create(uint32_t flags);
void box_destroy(struct box *box);

/** Map pages with the tables that needs. */
void box_map(struct box *box, uint64_t va, struct cbx_pfn pfn, uint64_t count,
	uint8_t rights);

/** A thread that begins at one of box.S's labels. */
struct box_thread thread_create(
	struct box *box, const uint8_t *label, uint64_t arg);
void thread_destroy(struct box_thread *thread);

/** Run it; the stop is in thread->stop. @return its kind */
enum cbx_stop_kind thread_run(
	struct box_thread *thread, const struct cbx_reply *reply);

/** Where a label lies in a box. */
uint64_t label_va(const uint8_t *label);

/** Fail unless the thread stopped at gate @p id. */
void assert_gate(const struct box_thread *thread, uint64_t id);

/** The children of a process, @p most at most. @return how many */
int list_children(int parent, int *children, int most);

/** The process of a box: the only child of ours. @return its pid */
int only_child(void);

/** How many children we have. */
int child_count(void);

/** Whether a process runs: exists and is no zombie. */
bool process_alive(int pid);

#define LABEL(name) extern const uint8_t name[]
LABEL(box_begin);
LABEL(box_end);

#endif
