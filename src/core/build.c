/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a box: every step is measured.
 *
 * The measurement is taken first, into a copy, because the keeper can refuse;
 * it is committed with what it describes.
 */
#include <base/string.h>
#include <core/assert.h>
#include <core/copy.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <core/measure.h>
#include <core/space.h>
#include <core/template.h>
#include <core/thread.h>

/* What the keeper measures it is built before. */
static enum cbx_status measure_policy(
	const struct cbx_policy *policy, struct cbx_digest *digest)
{
	const struct cbx_record record = {
		.kind = CBX_RECORD_POLICY,
		.length = sizeof(*policy),
	};
	uint8_t *data;

	if (!cbx_keeper_ready()) {
		return CBX_OK;
	}
	data = cbx_keeper_data(0);
	memcpy(data, policy, sizeof(*policy));
	cbx_hal_page_unmap(data);
	return cbx_keeper_extend(&record, 1, sizeof(*policy), digest);
}

/* As cbx_domain_create, measured; the policy is read once.
 * @retval CBX_E_HARDWARE  the keeper did not measure; nothing happened
 * @retval ...             as cbx_domain_create */
enum cbx_status cbx_gate_box_create(struct cbx_gate *g)
{
	static struct cbx_policy
		policy; /* too big for the stack; under the gate lock */
	struct cbx_digest digest = { { 0 } };
	enum cbx_status status =
		cbx_copy_from_host(g->arg[2], &policy, sizeof(policy));

	if (status == CBX_OK) {
		status = measure_policy(&policy, &digest);
	}
	if (status == CBX_OK) {
		status = cbx_domain_create(g->arg[0], g->arg[1], &policy);
	}
	if (status == CBX_OK) {
		struct cbx_domain *d = cbx_domain_hold(g->arg[0]);

		d->keeper = !cbx_keeper_ready();
		d->number = cbx_keeper_number();
		d->measurement = digest;
		d->policy_digest = digest;
		cbx_domain_drop(d);
		g->ret[0] = g->arg[0];
	}
	return status;
}

/* Pages to add. */
struct addition {
	struct cbx_va va;
	uint64_t pfn;
	uint64_t count;
	uint64_t rights; /* CBX_RIGHT_* */
	uint64_t source; /* HOST pages, or CBX_NO_PAGE */
};

static enum cbx_status check_add(
	const struct cbx_domain *d, const struct addition *add)
{
	uint64_t most = add->source == CBX_NO_PAGE ? CBX_RANGE_PAGES_MAX
						   : CBX_IO_PAGES_MAX;

	if (add->rights == 0 || (add->rights & ~(uint64_t)CBX_RIGHTS) != 0 ||
		add->count == 0 || add->count > most ||
		!cbx_range_fits(add->pfn, add->count, cbx_hal_page_count())) {
		return CBX_E_INVALID;
	}
	if (cbx_page_run(add->pfn, add->count, CBX_PAGE_POOL, CBX_HOST,
		    CBX_DETAIL_NONE) != add->count) {
		return CBX_E_STATE;
	}
	if (!cbx_space_may_map(d, add->rights) ||
		(add->source != CBX_NO_PAGE &&
			!cbx_copy_host_range(
				add->source, add->count, CBX_VIEW_R))) {
		return CBX_E_DENIED;
	}
	return CBX_OK;
}

static struct cbx_record record_of(const struct addition *add)
{
	struct cbx_record record = { .kind = CBX_RECORD_PAGE };

	if (add->source == CBX_NO_PAGE) {
		memcpy(record.kind, CBX_RECORD_ZERO, sizeof(CBX_RECORD_ZERO));
	} else {
		record.length = CBX_PAGE_SIZE;
	}
	record.address = add->va.a;
	record.info = add->rights;
	return record;
}

/* Give the pages their bytes: those on the desk, which are the ones measured.
 * The keeper in the making has no desk yet, and no host to race with. */
static void fill(const struct cbx_domain *d, const struct addition *add)
{
	if (!d->keeper) {
		cbx_keeper_copy((struct cbx_pfn){ add->pfn }, add->count);
		return;
	}
	for (uint64_t i = 0; i < add->count; i++) {
		uint8_t *page =
			cbx_hal_page_map((struct cbx_pfn){ add->pfn + i });
		enum cbx_status status = cbx_copy_from_host(
			add->source + i, page, CBX_PAGE_SIZE);

		CBX_ASSERT(status == CBX_OK);
		cbx_hal_page_unmap(page);
	}
}

static void give(struct cbx_domain *d, const struct addition *add)
{
	for (uint64_t i = 0; i < add->count; i++) {
		cbx_page_move(cbx_page_at(add->pfn + i), CBX_PAGE_DO_ASSIGN,
			(struct cbx_dom){ d->self });
	}
	if (add->source != CBX_NO_PAGE) {
		fill(d, add);
	}
}

/* Map what was given; what is refused goes back to the pool. */
static enum cbx_status map_added(struct cbx_domain *d,
	const struct cbx_stretch *to, const struct addition *add,
	uint64_t *done)
{
	enum cbx_status status = cbx_space_map_run(
		to, 0, (struct cbx_pfn){ add->pfn }, add->count, done);

	for (uint64_t i = *done; i < add->count; i++) {
		cbx_hal_page_scrub((struct cbx_pfn){ add->pfn + i }, 1);
		cbx_page_move(cbx_page_at(add->pfn + i), CBX_PAGE_DO_RECLAIM,
			CBX_HOST);
	}
	d->page_count += *done;
	return status;
}

/* Extend the measurement by added pages, and by those where a runtime lies its
 * own, too; when that fails, the first may be extended. */
static enum cbx_status measure_pages(const struct cbx_domain *d,
	const struct cbx_record *record, uint64_t count,
	struct cbx_digest *measurement, struct cbx_digest *runtime)
{
	uint64_t end = record->address + count * CBX_PAGE_SIZE;
	enum cbx_status status = cbx_measure(d, record, count, measurement);

	return status == CBX_OK && record->address < CBX_RUNTIME_END &&
			       end > CBX_RUNTIME_VA
		       ? cbx_measure(d, record, count, runtime)
		       : status;
}

/* The hardware stopped short: measure what is there.  If that is refused, too,
 * the measurement is lost, and the box can only be killed. */
static void measure_part(
	struct cbx_domain *d, const struct cbx_record *record, uint64_t done)
{
	if (done != 0 && measure_pages(d, record, done, &d->measurement,
				 &d->runtime) != CBX_OK) {
		d->spoiled = true;
	}
}

static enum cbx_status add_pages(struct cbx_domain *d,
	const struct cbx_stretch *to, const struct addition *add,
	uint64_t *done)
{
	const struct cbx_record record = record_of(add);
	struct cbx_digest measurement = d->measurement, runtime = d->runtime;
	enum cbx_status status = cbx_space_prepare(d, to, 0);

	if (status == CBX_OK && add->source != CBX_NO_PAGE && !d->keeper) {
		status = cbx_measure_fetch(
			add->source, add->count * CBX_PAGE_SIZE);
	}
	if (status == CBX_OK) {
		status = measure_pages(
			d, &record, add->count, &measurement, &runtime);
	}
	if (status != CBX_OK) {
		return status;
	}
	give(d, add);
	status = map_added(d, to, add, done);
	if (*done == add->count) {
		d->measurement = measurement;
		d->runtime = runtime;
	} else {
		measure_part(d, &record, *done);
	}
	return status;
}

/*
 * Make POOL pages the box's, with the source's bytes or zeros, mapped.
 *
 * ret[0] is how many were added and measured.
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID   a range or the rights are malformed
 * @retval CBX_E_STATE     a page is not POOL, or something is mapped there
 * @retval CBX_E_DENIED    a source page is not HOST
 * @retval CBX_E_NOMEM     the reserve has no page for a table
 * @retval CBX_E_HARDWARE  the keeper, or page *done, was refused
 */
enum cbx_status cbx_gate_box_add(struct cbx_gate *g)
{
	const struct addition add = {
		.va = { g->arg[1] },
		.pfn = g->arg[2],
		.count = g->arg[3],
		.rights = g->arg[4],
		.source = g->arg[5],
	};
	struct cbx_stretch to = {
		.va = add.va,
		.count = add.count,
		.rights = add.rights,
	};
	enum cbx_status status = check_add(g->d, &add);

	if (status != CBX_OK) {
		return status;
	}
	g->space = cbx_space_hold(g->d, g->d->spaces.head);
	to.space = g->space;
	status = add_pages(g->d, &to, &add, &g->ret[0]);
	return cbx_space_finish(g->d, to.space, status);
}

/* Measure whose pages these will be: what the lender was and was told. */
static enum cbx_status measure_lender(
	struct cbx_domain *d, const struct cbx_domain *lender)
{
	const struct cbx_record record = { .kind = CBX_RECORD_TEMPLATE };
	uint8_t *data = cbx_keeper_data(0);

	memcpy(data, &lender->measurement, CBX_DIGEST_BYTES);
	memcpy(data + CBX_DIGEST_BYTES, &lender->input_digest,
		CBX_DIGEST_BYTES);
	cbx_hal_page_unmap(data);
	return cbx_measure_bytes(
		d, &record, 2 * CBX_DIGEST_BYTES, &d->measurement);
}

static enum cbx_status borrow(struct cbx_domain *d, struct cbx_domain *lender)
{
	enum cbx_status status = cbx_template_check(d, lender);

	if (status == CBX_OK && !d->borrowing) {
		status = measure_lender(d, lender);
		if (status == CBX_OK) {
			cbx_template_begin(d, lender);
		}
	}
	return status == CBX_OK ? cbx_template_map(d, lender) : status;
}

/* Measure a template and map its pages, without the right to write.
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID   the other is no box
 * @retval CBX_E_STATE     it is no template, or its pages are borrowed already;
 *                         another one's are not all in; or something is mapped
 *                         where it has a page
 * @retval CBX_E_DENIED    the box may not map pages with such rights
 * @retval CBX_E_NOMEM     the box borrows of too many, or its reserve has no
 *                         page for a table
 * @retval CBX_E_BUSY      not finished; repeat
 * @retval CBX_E_HARDWARE  the keeper did not measure, or a page was refused */
enum cbx_status cbx_gate_box_borrow(struct cbx_gate *g)
{
	struct cbx_domain *lender = cbx_domain_hold(g->arg[1]);
	enum cbx_status status;

	if (lender == NULL) {
		return CBX_E_INVALID;
	}
	status = borrow(g->d, lender);
	cbx_domain_drop(lender);
	return status;
}

/* Add a thread; ret[0] is its handle.
 * @retval ...             as cbx_thread_create
 * @retval CBX_E_HARDWARE  also: the keeper did not measure */
enum cbx_status cbx_gate_box_thread(struct cbx_gate *g)
{
	const struct cbx_vcpu_start start = {
		.entry = g->arg[1],
		.stack = g->arg[2],
		.arg = g->arg[3],
	};
	const struct cbx_record record = {
		.kind = CBX_RECORD_THREAD,
		.address = start.entry,
		.info = start.stack,
		.info2 = start.arg,
	};
	struct cbx_domain *d = g->d;
	struct cbx_digest digest = d->measurement;
	enum cbx_status status = cbx_measure(d, &record, 1, &digest);

	if (status != CBX_OK) {
		return status;
	}
	g->space = cbx_space_hold(d, d->spaces.head);
	status = cbx_thread_create(d, g->space, &start, &g->ret[0]);
	if (status == CBX_OK) {
		d->measurement = digest;
	}
	return status;
}

/* Fix the measurement: the box is READY.
 * @retval CBX_OK          READY
 * @retval CBX_E_STATE     it has no thread, or lost track of its measurement
 * @retval CBX_E_HARDWARE  the keeper did not measure */
enum cbx_status cbx_gate_box_finalize(struct cbx_gate *g)
{
	struct cbx_domain *d = g->d;
	const struct cbx_record record = { .kind = CBX_RECORD_FINALIZE };
	enum cbx_status status;

	if (d->threads.count == 0 || d->spoiled || d->borrowing) {
		return CBX_E_STATE;
	}
	status = cbx_measure(d, &record, 1, &d->measurement);
	if (status == CBX_OK) {
		cbx_domain_move(d, CBX_DOMAIN_DO_FINALIZE);
	}
	return status;
}
