/* SPDX-License-Identifier: Apache-2.0 */
/* Gates by which the monitor vouches for boxes: to clients elsewhere, and to
 * other boxes. */
#include <base/string.h>
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <core/measure.h>

/* The report the platform makes, one at a time. */
static struct {
	bool active;
	uint64_t since; /* ticks */
	uint8_t data[CBX_HAL_REPORT_DATA];
} report;

/* How long whoever asked may take to come back for it, ticks. */
#define REPORT_KEPT 1000000000ull

/* Ask for a report on the data in desk->key, unless that is being made; one
 * that others wait for is left alone for a while. */
static enum cbx_status start_report(const struct cbx_desk *desk)
{
	uint64_t now = cbx_hal_ticks();
	enum cbx_status status;

	if (report.active &&
		memcmp(report.data, desk->key, sizeof(report.data)) == 0) {
		return CBX_OK;
	}
	if (report.active && now - report.since < REPORT_KEPT) {
		return CBX_E_BUSY;
	}
	status = cbx_hal_report_start(desk->key);
	report.active = status == CBX_OK;
	report.since = now;
	memcpy(report.data, desk->key, sizeof(report.data));
	return status;
}

/* Put the report into the desk's data, if it is made. */
static enum cbx_status fetch_report(struct cbx_desk *desk)
{
	struct cbx_hal_report made = { .size = 1 };
	enum cbx_status status = CBX_OK;

	for (uint32_t i = 0; status == CBX_OK && i < cbx_pages_of(made.size);
		i++) {
		uint8_t *data = cbx_keeper_data(i);

		status = cbx_hal_report_next(i, data, &made);
		cbx_hal_page_unmap(data);
	}
	report.active = status == CBX_OK || status == CBX_E_BUSY;
	if (status == CBX_OK) {
		CBX_ASSERT(made.size <= CBX_HAL_REPORT_PAGES * CBX_PAGE_SIZE &&
			   made.endorsements <= made.size);
		desk->monitor.platform = (uint32_t)made.platform;
		desk->size = made.size;
		desk->endorsements = made.endorsements;
	}
	return status;
}

/* What the platform says about the keeper's key and the nonce. */
static enum cbx_status ask_platform(struct cbx_desk *desk)
{
	enum cbx_status status;

	if ((desk->monitor.caps & CBX_CAP_HARDWARE_ROOT) == 0) {
		return CBX_OK;
	}
	desk->op = CBX_DESK_REPORT_DATA;
	status = cbx_keeper_work(desk);
	desk->op = CBX_DESK_EVIDENCE;
	if (status == CBX_OK) {
		status = start_report(desk);
	}
	return status == CBX_OK ? fetch_report(desk) : status;
}

/* What evidence is asked for, where it goes. */
struct question {
	uint64_t nonce; /* a HOST page */
	uint64_t nonce_bytes;
	struct cbx_io out;
};

static enum cbx_status check_question(const struct question *question)
{
	if (question->nonce_bytes > sizeof(((struct cbx_desk *)0)->nonce) ||
		question->out.pages > CBX_EVIDENCE_PAGES_MAX) {
		return CBX_E_INVALID;
	}
	return cbx_copy_host_range(
		       question->out.pfn, question->out.pages, CBX_VIEW_W)
		       ? CBX_OK
		       : CBX_E_DENIED;
}

static enum cbx_status make_evidence(struct cbx_desk *desk,
	const struct question *question, const struct cbx_domain *d)
{
	enum cbx_status status = cbx_copy_from_host(
		question->nonce, desk->nonce, (size_t)question->nonce_bytes);

	desk->nonce_bytes = question->nonce_bytes;
	if (status == CBX_OK) {
		status = cbx_keeper_tell_monitor(&desk->monitor);
	}
	if (status == CBX_OK) {
		status = ask_platform(desk);
	}
	if (d != NULL) {
		cbx_keeper_tell_box(d, &desk->box);
	}
	return status == CBX_OK ? cbx_keeper_work(desk) : status;
}

/* Nonce, its bytes, room and its pages are four arguments. */
static enum cbx_status evidence(struct cbx_gate *g, const uint64_t *arg)
{
	const struct question question = { arg[0], arg[1], { arg[2], arg[3] } };
	enum cbx_status status = check_question(&question);
	struct cbx_desk *desk;

	if (status != CBX_OK) {
		return status;
	}
	desk = cbx_keeper_desk(CBX_DESK_EVIDENCE);
	status = make_evidence(desk, &question, g->d);
	g->ret[0] = desk->size;
	cbx_hal_page_unmap(desk);
	if (status == CBX_OK) {
		report.active = false;
		status = cbx_measure_give(question.out, g->ret[0]);
	}
	g->ret[0] = status == CBX_OK ? g->ret[0] : 0;
	return status;
}

enum cbx_status cbx_gate_monitor_evidence(struct cbx_gate *g)
{
	return evidence(g, g->arg);
}

enum cbx_status cbx_gate_box_evidence(struct cbx_gate *g)
{
	return evidence(g, g->arg + 1);
}

enum cbx_status cbx_gate_box_sign(struct cbx_gate *g)
{
	struct cbx_desk *desk;
	enum cbx_status status;

	if (g->d->has_signer) {
		return CBX_E_STATE;
	}
	status = cbx_measure_fetch(g->arg[1], sizeof(struct cbx_signature));
	if (status != CBX_OK) {
		return status;
	}
	desk = cbx_keeper_desk(CBX_DESK_SIGNER);
	desk->size = sizeof(struct cbx_signature);
	cbx_keeper_tell_box(g->d, &desk->box);
	status = cbx_keeper_work(desk);
	if (status == CBX_OK) {
		g->d->signer = desk->box.signer;
		g->d->has_signer = true;
	}
	cbx_hal_page_unmap(desk);
	return status;
}

enum cbx_status cbx_gate_root_release(struct cbx_gate *g)
{
	struct cbx_desk *desk;
	enum cbx_status status;

	if (g->arg[1] > CBX_PAGE_SIZE) {
		return CBX_E_INVALID;
	}
	status = cbx_measure_fetch(g->arg[0], g->arg[1]);
	if (status != CBX_OK) {
		return status;
	}
	desk = cbx_keeper_desk(CBX_DESK_ROOT);
	desk->size = g->arg[1];
	status = cbx_keeper_tell_monitor(&desk->monitor);
	if (status == CBX_OK) {
		status = cbx_keeper_work(desk);
	}
	cbx_hal_page_unmap(desk);
	return status;
}

/* A box's report, on the keeper's desk and back. */
static enum cbx_status report_by(struct cbx_gate *g, enum cbx_desk_op op)
{
	const struct cbx_va va = { g->arg[0] };
	const size_t size = sizeof(struct cbx_report);
	struct cbx_desk *desk = cbx_keeper_desk(op);
	uint8_t *data = cbx_keeper_data(0);
	enum cbx_status status =
		cbx_copy_from_box(cbx_run_space(g->run), va, data, size);

	cbx_keeper_tell_box(g->d, &desk->box);
	if (status == CBX_OK) {
		status = cbx_keeper_work(desk);
	}
	if (status == CBX_OK && op == CBX_DESK_REPORT) {
		status = cbx_copy_to_box(cbx_run_space(g->run), va, data, size);
	}
	cbx_hal_page_unmap(data);
	cbx_hal_page_unmap(desk);
	return status;
}

enum cbx_status cbx_gate_report(struct cbx_gate *g)
{
	return report_by(g, CBX_DESK_REPORT);
}

enum cbx_status cbx_gate_report_check(struct cbx_gate *g)
{
	return report_by(g, CBX_DESK_REPORT_CHECK);
}

/* Whether the box may have such a key. */
static enum cbx_status check_seal(
	const struct cbx_domain *d, uint64_t selector, uint64_t version)
{
	bool any = selector == CBX_SEAL_EXACT || selector == CBX_SEAL_ROOT;

	if (selector < CBX_SEAL_EXACT || selector > CBX_SEAL_ROOT ||
		(any && version != 0)) {
		return CBX_E_INVALID;
	}
	return any || (d->has_signer && version <= d->signer.version)
		       ? CBX_OK
		       : CBX_E_DENIED;
}

enum cbx_status cbx_gate_seal_key(struct cbx_gate *g)
{
	enum cbx_status status = check_seal(g->d, g->arg[0], g->arg[1]);
	struct cbx_desk *desk;

	if (status != CBX_OK) {
		return status;
	}
	desk = cbx_keeper_desk(CBX_DESK_SEAL_KEY);
	desk->count = g->arg[0];
	desk->version = g->arg[1];
	memcpy(desk->nonce, &g->arg[2], CBX_SEAL_ID_BYTES);
	cbx_keeper_tell_box(g->d, &desk->box);
	status = cbx_keeper_tell_monitor(&desk->monitor);
	if (status == CBX_OK) {
		status = cbx_keeper_work(desk);
	}
	if (status == CBX_OK) {
		memcpy(g->ret, desk->key, CBX_SEAL_KEY_BYTES);
		g->ret[4] = desk->monitor.root;
		g->ret[5] = g->d->signer.version;
	}
	memset(desk, 0, sizeof(*desk));
	cbx_hal_page_unmap(desk);
	return status;
}
