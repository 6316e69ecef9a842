/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template, and the stock of clones that are made before somebody wants one.
 */
#ifndef CBX_CLIENT_TEMPLATE_H
#define CBX_CLIENT_TEMPLATE_H

#include <confbox/confbox.h>

struct cbx_stock;

struct cbx_template {
	struct cbx_box *box;
	struct cbx_image *clone; /* what its clones are beside its pages */
	struct cbx_stock *stock; /* NULL: there is none */
};

/** As cbx_template_clone, of a box that is in no stock. */
CBX_CHECKED enum cbx_status cbx_template_make(struct cbx_template *template_,
	uint64_t memory_bytes, struct cbx_box **box);

/** A clone out of the stock; NULL when it has none with so much memory. */
struct cbx_box *cbx_stock_take(struct cbx_stock *stock, uint64_t memory_bytes);

/** End a stock and its clones; NULL does nothing. */
void cbx_stock_end(struct cbx_stock *stock);

#endif
