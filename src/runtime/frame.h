/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extended state (vector and x87 registers) in an up-call's frame.  The
 * layout of the frame is the backend's; that of the state is XSAVE's, with the
 * kernel's words in its reserved bytes, as a program finds it on Linux.
 */
#ifndef CBX_RUNTIME_FRAME_H
#define CBX_RUNTIME_FRAME_H

#include <base/types.h>
#include <base/upcall.h>

/** The state of an up-call; *bytes of it. */
void *cbx_frame_state(void *frame, uint64_t *bytes);

/** The registers of an up-call's frame. */
struct cbx_regs *cbx_frame_regs(void *frame);

/** Bytes a copy of it needs. */
uint64_t cbx_frame_bytes(void *frame);

/** Copy it to the end of the memory below @p top.
 * @return the copy, which cbx_upcall_return can take */
void *cbx_frame_copy(void *frame, uint64_t top);

/** Make it what a new program begins with. */
void cbx_frame_reset(void *frame);

/** What the CPU said of a fault, as in Linux's struct sigcontext. */
struct cbx_frame_trap {
	uint64_t error, vector, old_mask, address;
};

/** That of the up-call of a fault. */
struct cbx_frame_trap cbx_frame_trap(const void *frame);

/**
 * Make the state what a program keeps in its memory, as cbx_frame_state() was
 * copied there.  What cannot be loaded is left out.
 *
 * @return false when it is not mapped; the state is that of a new program
 */
CBX_MUST_CHECK bool cbx_frame_load(void *frame, uint64_t va);

/** Exceptions of the vector unit (or else of x87) that wait and are not masked:
 * bits 0 to 5, as in MXCSR; 0: none. */
uint32_t cbx_frame_exceptions(void *frame);

#endif
