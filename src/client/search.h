/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the dynamic linker would look for a library.
 */
#ifndef CBX_CLIENT_SEARCH_H
#define CBX_CLIENT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include <confbox/confbox.h>

/** The folders this machine is configured with: those of /etc/ld.so.conf, then
 * the C library's own. */
struct cbx_search {
	char **folder; /* owned */
	size_t count;
};

/** Read the configuration.  @retval CBX_E_NOMEM  out of memory */
CBX_CHECKED enum cbx_status cbx_search_init(struct cbx_search *search);

/** Free what reading took. */
void cbx_search_fini(struct cbx_search *search);

/**
 * Look for a library in a list of folders, as of RUNPATH.
 *
 * @param list    parts are separated by colons; NULL: none.  $ORIGIN, $LIB and
 *                $PLATFORM are replaced
 * @param origin  the folder of the file the list is from
 *
 * @return the first x86-64 library of the name; the caller frees it; NULL: none
 */
char *cbx_search_list(const char *list, const char *origin, const char *name);

/** Look for a library in the configured folders; as cbx_search_list.
 * @param[out] built_in  whether the linker finds it there without being
 *                       configured */
char *cbx_search_system(
	const struct cbx_search *search, const char *name, bool *built_in);

#endif
