/* SPDX-License-Identifier: Apache-2.0 */
/* A C bit, as processors have it. */
uint64_t cbx_x86_private = 1ull << 51;
