/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and beginning a program, at the start of the box and at execve.
 */
#ifndef CBX_RUNTIME_PROGRAM_H
#define CBX_RUNTIME_PROGRAM_H

#include "load.h"

/** A program found. */
struct cbx_program {
	const char *path; /* of node: the program's, or its interpreter's */
	struct cbx_node *node;
	struct cbx_elf elf;
	struct cbx_node *loader; /* its interpreter; NULL: it is static */
	struct cbx_elf loader_elf;
	enum cbx_elf_status status; /* on -ENOEXEC, -ELIBBAD: what is wrong */
	struct cbx_arguments arguments;
	char *storage; /* the interpreter's arguments, or NULL */
	uint64_t storage_bytes;
};

/**
 * Find the program a path names; a script's interpreter in its stead.
 *
 * @param[in,out] program  arguments: as they were given; then as the program
 *                         gets them, path still the one given
 *
 * @retval -ENOENT, -EACCES and other errors of the path
 * @retval -ENOEXEC  program->status says why
 * @retval -ELIBBAD  program->status says why its interpreter is none
 */
CBX_MUST_CHECK int64_t cbx_program_find(struct cbx_program *program);

/**
 * Put a program into the box's memory, in the place of the one before.
 *
 * @param[out] entry, stack  where it begins
 *
 * @return 0; an error after which there is no program any more
 */
CBX_MUST_CHECK int64_t cbx_program_load(
	const struct cbx_program *program, uint64_t *entry, uint64_t *stack);

#endif
