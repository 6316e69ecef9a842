/* SPDX-License-Identifier: Apache-2.0 */
/* What the two kinds of machine do differently: pks_side.c, snp_side.c. */
#ifndef CBX_TESTS_SUPPORT_BARE_SIDE_H
#define CBX_TESTS_SUPPORT_BARE_SIDE_H

#include <hal/hal.h>

/** The machine ends. */
_Noreturn void side_exit(bool good);

/** This CPU's host begins, if it is not there by itself. */
void side_host_begin(void);

/** A call of the puppet's that a backend beside the host has for it.
 * @return false when the host is not answered here */
bool side_call(const struct cbx_call *call, struct cbx_reply *reply);

/** What the hardware lets the host do with a page, compared with its view.
 * @param view       NULL: closed, or not yet
 * @param is_asked  it is memory of the machine's own, not shared with a
 *                  hypervisor, and the processor is to be asked if that is slow */
void side_assert_view(uint64_t pfn, const struct cbx_view *view, bool is_asked);

/** Whether the host can touch pages of a kind, if only to be refused. */
bool side_can_probe(enum cbx_hal_kind kind);

/** Whether the host has addresses of what it shares with a hypervisor. */
bool side_has_shared(void);

/** Whether there is memory at that number that is nobody's but this machine's, so
 * that the program can look at it. */
bool side_is_memory(uint64_t pfn);

/** Whether the hypervisor can touch a page of such memory, as the processor has
 * it; false where it can touch everything, and the backend says so. */
bool side_hypervisor_may(uint64_t pfn);

/** The exception a host gets for a touch its view forbids. */
uint64_t side_fault_vector(void);

/** Nothing of what was loaded lies where the host can look, but the host. */
void side_clean(void);

/** From now on this CPU's host cannot take a trap. */
void side_break_traps(void);

#endif
