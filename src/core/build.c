/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/assert.h>
#include <core/build.h>
#include <core/copy.h>
#include <core/keeper.h>
#include <core/measure.h>
#include <core/space.h>
#include <core/template.h>
#include <core/thread.h>

enum cbx_status cbx_build_create(
	uint64_t pfn, uint64_t space, const struct cbx_policy *policy)
{
	const struct cbx_record record = {
		.kind = CBX_RECORD_POLICY,
		.length = sizeof(*policy),
	};
	bool keeper = !cbx_keeper_ready();
	struct cbx_digest digest = { { 0 } };
	enum cbx_status status = CBX_OK;
	struct cbx_domain *d;

	if (!keeper) {
		uint8_t *data = cbx_keeper_data(0);

		memcpy(data, policy, sizeof(*policy));
		cbx_hal_page_unmap(data);
		status =
			cbx_keeper_extend(&record, 1, sizeof(*policy), &digest);
	}
	if (status == CBX_OK) {
		status = cbx_domain_create(pfn, space, policy);
	}
	if (status == CBX_OK) {
		d = cbx_domain_hold(pfn);
		d->keeper = keeper;
		d->number = cbx_keeper_number();
		d->measurement = digest;
		d->policy_digest = digest;
		cbx_domain_drop(d);
	}
	return status;
}

static enum cbx_status check_add(
	const struct cbx_domain *d, const struct cbx_addition *add)
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

static struct cbx_record record_of(const struct cbx_addition *add)
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
static void fill(const struct cbx_domain *d, const struct cbx_addition *add)
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

static void give(struct cbx_domain *d, const struct cbx_addition *add)
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
	const struct cbx_stretch *to, const struct cbx_addition *add,
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
	const struct cbx_stretch *to, const struct cbx_addition *add,
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

enum cbx_status cbx_build_add(
	struct cbx_domain *d, const struct cbx_addition *add, uint64_t *done)
{
	enum cbx_status status = check_add(d, add);
	struct cbx_stretch to = {
		.va = add->va,
		.count = add->count,
		.rights = add->rights,
	};

	if (status != CBX_OK) {
		return status;
	}
	to.space = cbx_space_hold(d, d->spaces.head);
	status = cbx_space_finish(d, to.space, add_pages(d, &to, add, done));
	cbx_space_drop(to.space);
	return status;
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

enum cbx_status cbx_build_borrow(struct cbx_domain *d, uint64_t handle)
{
	struct cbx_domain *lender = cbx_domain_hold(handle);
	enum cbx_status status;

	if (lender == NULL) {
		return CBX_E_INVALID;
	}
	status = borrow(d, lender);
	cbx_domain_drop(lender);
	return status;
}

enum cbx_status cbx_build_thread(struct cbx_domain *d,
	const struct cbx_vcpu_start *start, uint64_t *handle)
{
	const struct cbx_record record = {
		.kind = CBX_RECORD_THREAD,
		.address = start->entry,
		.info = start->stack,
		.info2 = start->arg,
	};
	struct cbx_digest digest = d->measurement;
	enum cbx_status status = cbx_measure(d, &record, 1, &digest);
	struct cbx_space *space;

	if (status != CBX_OK) {
		return status;
	}
	space = cbx_space_hold(d, d->spaces.head);
	status = cbx_thread_create(d, space, start, handle);
	cbx_space_drop(space);
	if (status == CBX_OK) {
		d->measurement = digest;
	}
	return status;
}

enum cbx_status cbx_build_finalize(struct cbx_domain *d)
{
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
