/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program needs beside itself, found without running it: interpreters,
 * libraries, a language's own library, the locale C.UTF-8.
 */
#ifndef CBX_CLIENT_COLLECT_H
#define CBX_CLIENT_COLLECT_H

#include <stdbool.h>

#include <client/tree.h>

/** Whether bytes are a script: they begin with "#!" and a path. */
bool cbx_script_is(const uint8_t *bytes, size_t size);

/** The value a program's environment gives a variable; NULL: none. */
const char *cbx_program_variable(
	const struct cbx_program *program, const char *name);

/**
 * Add what a program, and every program and library that is in the tree
 * already, needs.
 *
 * @param program  checked
 * @param bytes    bytes[size] of the program
 *
 * @retval CBX_OK         everything the program needs is in the tree
 * @retval CBX_E_INVALID  something is missing; the text names it
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_collect(struct cbx_tree *tree,
	const struct cbx_program *program, const uint8_t *bytes, size_t size);

#endif
