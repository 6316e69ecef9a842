/* SPDX-License-Identifier: Apache-2.0 */
/* A stock kernel on the model's machine, that asks by its registers. */
#ifndef ASKER_H
#define ASKER_H

#include "machine.h"

#include <arch/x86_64/flush.h>
#include <hal/snp/serve.h>
#include <hal/snp/use.h>

#define FEATURES 1ull

/* Pages: the host's from HOSTS on, and one that it shares with somebody. */
#define HOSTS  6u
#define LIST   6u
#define VMSA   7u
#define AREA   8u
#define OTHER  9u
#define THIRD  10u
#define SHARED 14u
#define CLOSED 15u
#define ALL    ((struct cbx_view){ CBX_VIEW_ALL })
#define NONE   ((struct cbx_view){ CBX_VIEW_NONE })
#define DATA   ((struct cbx_view){ CBX_VIEW_R | CBX_VIEW_W })
#define PFN(n_)            \
	((struct cbx_pfn){ \
		.n = (n_), \
	})

extern struct cbx_vmsa *const own;  /* the first CPU's registers */
extern struct cbx_vmsa *const vmsa; /* of page VMSA */
extern struct cbx_snp_host host;
extern struct cbx_snp_left left;
extern struct cbx_event event;

/** The machine, and one CPU of the kernel's, whose calling area is the monitor's.
 * For cmocka. */
int asker_boot(void **state);

/** cbx_hal_view_set of a page. */
enum cbx_status view(uint64_t pfn, struct cbx_view view);

/** Registers that a page may hold. */
struct cbx_vmsa sound(void);

/** Ask, on CPU machine.cpu. @return whether the core is asked */
bool begin(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8);

/** What it is told. */
uint32_t result(void);

/** Both, where the core has no say. */
uint32_t ask(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8);

static inline uint64_t page(uint64_t pfn)
{
	return pfn << CBX_PAGE_SHIFT;
}

#define TEST(name) cmocka_unit_test_setup(name, asker_boot)

#endif
