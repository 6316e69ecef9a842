/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a program into the box's memory.
 */
#ifndef CBX_RUNTIME_LOAD_H
#define CBX_RUNTIME_LOAD_H

#include "elf.h"
#include "process.h"

/** A program ready to run. */
struct cbx_loaded {
	uint64_t base; /* added to the file's addresses */
	uint64_t entry;
	uint64_t headers; /* program headers in memory, or 0 */
	uint64_t header_count;
	uint64_t end; /* first page after it */
};

/** Check that a node is a program that can be loaded.
 * @param[out] elf  on CBX_ELF_OK */
enum cbx_elf_status cbx_load_check(
	const struct cbx_node *node, struct cbx_elf *elf);

/**
 * Map a program's or an interpreter's segments.
 *
 * @param base  where a position-independent file goes; others go where they
 *              say
 *
 * @pre the addresses are free; elf is of cbx_load_check
 * @retval -ENOMEM, -EIO
 */
CBX_MUST_CHECK int64_t cbx_load(struct cbx_node *node,
	const struct cbx_elf *elf, uint64_t base, struct cbx_loaded *loaded);

/**
 * Map a stack and write what a program finds on it: arguments, environment
 * and the auxiliary vector.
 *
 * @param loader_base  where its interpreter lies; 0: it has none
 * @param[out] stack  the program's first stack pointer
 *
 * @retval -ENOMEM, -E2BIG
 */
CBX_MUST_CHECK int64_t cbx_load_stack(const struct cbx_arguments *arguments,
	const struct cbx_loaded *loaded, uint64_t loader_base, uint64_t *stack);

#endif
