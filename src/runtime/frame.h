/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extended state (vector and x87 registers) in an up-call's frame.  The
 * layout of the frame is the backend's; that of the state is XSAVE's, with the
 * kernel's words in its reserved bytes, as a program finds it on Linux.
 */
#ifndef CBX_RUNTIME_FRAME_H
#define CBX_RUNTIME_FRAME_H

#include <base/types.h>

/** The state of an up-call; *bytes of it. */
void *cbx_frame_state(void *frame, uint64_t *bytes);

/** Make it what a new program begins with. */
void cbx_frame_reset(void *frame);

#endif
