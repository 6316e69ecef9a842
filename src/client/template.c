/* SPDX-License-Identifier: Apache-2.0 */
/* Warm starts: a box that stopped at its point, and boxes that go on there. */
#include <stdlib.h>

#include <client/box.h>
#include <client/error.h>
#include <client/image.h>
#include <client/share.h>
#include <client/sized.h>
#include <client/template.h>

#define TABLES 512u /* pages, more than a space of a program has */

/* A call on the template or of a clone to be, neither of which runs: until it
 * has done all its parts. */
static enum cbx_status repeat(
	struct cbx_box *box, const struct cbx_call *call, const char *what)
{
	struct cbx_reply reply;
	enum cbx_status status;
	uint32_t tries = 0;

	do {
		status = cbx_context_call(box->context, call, &reply);
	} while (reply.status == CBX_E_BUSY && cbx_busy_part(++tries));
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply.status, what);
}

static enum cbx_status run_to_point(
	struct cbx_box *box, const struct cbx_run *run)
{
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_run alone;
	enum cbx_status status;

	if (!cbx_sized_read(&alone, sizeof(alone), run, sizeof(alone))) {
		return cbx_fail(CBX_E_INVALID,
			"run: options of an unknown size or version");
	}
	alone.cpus = 1; /* nothing will wake it is then what its exit says */
	box->to_point = true;
	status = cbx_box_run(box, &alone, &result);
	if (status == CBX_OK && !box->at_point) {
		status = cbx_fail(CBX_E_STATE,
			"the program ended before its point; it has to open "
			"/dev/template");
	}
	return status;
}

enum cbx_status cbx_box_template(struct cbx_box *box)
{
	const struct cbx_call call = { .id = CBX_CALL_BOX_TEMPLATE,
		.arg = { box->root } };

	return repeat(
		box, &call, "the monitor does not make the box a template");
}

enum cbx_status cbx_template_create(struct cbx_context *context,
	const struct cbx_image *image, const struct cbx_run *run,
	struct cbx_template **template_)
{
	struct cbx_template *fresh;
	enum cbx_status status;

	if ((image->policy.flags & CBX_POLICY_TEMPLATE) == 0) {
		return cbx_fail(CBX_E_DENIED,
			"the image's policy does not let its box become a "
			"template; build it with --template");
	}
	fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return cbx_fail_memory("cannot make a template");
	}
	status = cbx_image_clone(image, &fresh->clone);
	if (status == CBX_OK) {
		status = cbx_box_load(context, image, &fresh->box);
	}
	if (status == CBX_OK) {
		status = run_to_point(fresh->box, run);
	}
	if (status == CBX_OK) {
		status = cbx_box_template(fresh->box);
	}
	if (status != CBX_OK) {
		cbx_template_destroy(fresh);
		return status;
	}
	*template_ = fresh;
	return CBX_OK;
}

enum cbx_status cbx_box_borrow(
	struct cbx_box *box, const struct cbx_box *lender)
{
	const struct cbx_call call = { .id = CBX_CALL_BOX_BORROW,
		.arg = { box->root, lender->root } };

	return repeat(box, &call,
		"the monitor does not lend the box the template's pages");
}

/* Memory, and tables for all of the template's addresses. */
static uint64_t reserve_of(
	const struct cbx_template *template_, uint64_t memory_bytes)
{
	uint64_t pages = memory_bytes / CBX_PAGE_SIZE;

	return memory_bytes == 0 || pages > template_->clone->reserve_pages
		       ? template_->clone->reserve_pages
		       : pages + TABLES;
}

enum cbx_status cbx_template_make(struct cbx_template *template_,
	uint64_t memory_bytes, struct cbx_box **box)
{
	struct cbx_box *fresh = NULL;
	enum cbx_status status = cbx_box_create(template_->box->context,
		&template_->clone->policy, reserve_of(template_, memory_bytes),
		&fresh);

	if (status != CBX_OK) {
		return status;
	}
	status = cbx_box_borrow(fresh, template_->box);
	if (status == CBX_OK) {
		status = cbx_box_fill(fresh, template_->clone);
	}
	if (status != CBX_OK) {
		cbx_box_destroy(fresh);
		return status;
	}
	*box = fresh;
	return CBX_OK;
}

enum cbx_status cbx_template_clone(struct cbx_template *template_,
	uint64_t memory_bytes, struct cbx_box **box)
{
	struct cbx_box *ready = cbx_stock_take(template_->stock, memory_bytes);

	if (ready == NULL) {
		return cbx_template_make(template_, memory_bytes, box);
	}
	*box = ready;
	return CBX_OK;
}

void cbx_template_destroy(struct cbx_template *template_)
{
	if (template_ != NULL) {
		cbx_stock_end(template_->stock);
		cbx_box_destroy(template_->box);
		cbx_image_destroy(template_->clone);
		free(template_);
	}
}
