/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the host that the policy names.
 *
 * Opening one copies it: what is read is what the host said then, once.  What
 * is written goes to the host and to the copy.  A directory's names are those
 * of the moment it was opened.
 */
#ifndef CBX_RUNTIME_HOST_FILE_H
#define CBX_RUNTIME_HOST_FILE_H

#include <confbox/abi.h>

#include "file.h"

/** A path that is the host's. */
struct cbx_host_name {
	uint64_t bytes; /* 0: it is the box's own */
	char name[CBX_NAME_MAX];
};

/**
 * Write a path out, without "." and "..", and look whose it is.
 *
 * @param base  where it begins if it is relative; a directory
 * @param path  any string
 */
void cbx_host_name(const struct cbx_node *base, const char *path,
	struct cbx_host_name *name);

/** Make directories where the policy's names are, so that the box's own have
 * them, too. */
void cbx_host_mount(const struct cbx_policy *policy);

/** Open a file of the host's.
 * @param[out] node  with one reference
 * @retval the host's errors, -EIO, -ENOSPC, -ENXIO */
CBX_MUST_CHECK int64_t cbx_host_open(const struct cbx_host_name *name,
	uint32_t flags, uint32_t mode, struct cbx_node **node);

/** What there is at a name: a node without content, until the next call. */
CBX_MUST_CHECK int64_t cbx_host_look(
	const struct cbx_host_name *name, bool follow, struct cbx_node **node);

/** Whether a node is the host's. */
static inline bool cbx_host_has(const struct cbx_node *node)
{
	return node->device == CBX_DEVICE_HOST;
}

/** Resize the host's file. */
CBX_MUST_CHECK int64_t cbx_host_resize(
	const struct cbx_node *node, uint64_t bytes);

/** Regular files that are written to the host, too. */
extern const struct cbx_file_ops cbx_host_ops;

#endif
