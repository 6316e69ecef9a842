/* SPDX-License-Identifier: Apache-2.0 */
/* Included before everything of the bare-metal image: every symbol is its own,
 * and is addressed relative to the instruction, never through a table. */
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
