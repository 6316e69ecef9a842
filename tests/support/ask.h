/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the machine, on every backend: what the host really gets when it
 * touches a page, and what a page really holds.
 *
 * On mock a forbidden access is refused.  On linux it reads zeros and its
 * writes are lost; the answers here come from the host's own mapping of the
 * host file, never from what the backend believes.
 */
#ifndef CBX_TESTS_SUPPORT_ASK_H
#define CBX_TESTS_SUPPORT_ASK_H

#include <base/types.h>

/** Read a page as the host.  @return whether the machine let it; buf[bytes]
 * holds what the host has now, zeros if nothing */
bool ask_host_read(uint64_t pfn, size_t offset, void *buf, size_t bytes);

/** Write a page as the host. @return whether the machine let it; where it
 * does not fault it does, and the bytes may be lost */
bool ask_host_write(uint64_t pfn, size_t offset, const void *buf, size_t bytes);

/** Whether what the host does to the page arrives (CBX_VIEW_W), or what is in
 * the page arrives at the host (CBX_VIEW_R).  The page is as it was. */
bool ask_host_may(uint64_t pfn, uint8_t bit);

/** Whether the bytes lie anywhere the host can read. */
bool ask_host_finds(const void *bytes, size_t size);

/** Whether the page is the test's own: where it is in the machine's memory, its
 * constants are, too. */
bool ask_program(uint64_t pfn);

/** Whether there is memory of the machine's own at that number, which it shares
 * with no hypervisor; on mock and linux all there is. */
bool ask_is_memory(uint64_t pfn);

/** Whether one of the words, none of them 0, does. */
bool ask_host_finds_any(const uint64_t *words, uint32_t count);

/** Whether the hypervisor can touch the page. */
bool ask_hypervisor_may(uint64_t pfn);

/** What a page holds, seen by nobody in particular. */
void ask_page(uint64_t pfn, size_t offset, void *buf, size_t bytes);
bool ask_zero(uint64_t pfn);

/** The page's bytes where they are now (linux, pks-vm): good until its view
 * changes. */
void *ask_place(uint64_t pfn);

/** Change a page as nobody in particular. */
void ask_put(uint64_t pfn, size_t offset, const void *buf, size_t bytes);

#endif
