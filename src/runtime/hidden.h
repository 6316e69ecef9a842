/* SPDX-License-Identifier: Apache-2.0 */
/* Included before everything: every symbol is the runtime's own, so that both
 * compilers address it relative to the instruction, not through a table. */
#pragma GCC visibility push(hidden)
