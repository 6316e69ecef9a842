/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <core/run.h>
#include <core/space.h>

static struct {
	uint32_t box;  /* its handle; 0 = none yet */
	uint64_t desk; /* first page of its desk */
	bool dead;
	uint64_t numbers; /* of boxes so far */
	bool booted;	  /* the next holds */
	struct cbx_digest boot_digest;
} keeper;

void cbx_keeper_init(void)
{
	memset(&keeper, 0, sizeof(keeper));
}

uint64_t cbx_keeper_number(void)
{
	return ++keeper.numbers;
}

bool cbx_keeper_ready(void)
{
	return keeper.box != 0;
}

/* The page at which the desk begins, if it is whole and in one piece. */
static bool find_desk(const struct cbx_domain *d, uint64_t *pfn)
{
	struct cbx_space *space = cbx_space_hold(d, d->spaces.head);
	struct cbx_mapping first;
	uint64_t n;

	CBX_ASSERT(space != NULL);
	n = cbx_space_run(
		space, (struct cbx_va){ CBX_DESK_VA }, CBX_DESK_PAGES, &first);
	cbx_space_drop(space);
	if (n != CBX_DESK_PAGES) {
		return false;
	}
	*pfn = first.pfn.n;
	return true;
}

enum cbx_status cbx_keeper_adopt(uint64_t handle)
{
	struct cbx_domain *d = cbx_domain_hold(handle);
	enum cbx_status status = CBX_E_STATE;

	if (d == NULL) {
		return CBX_E_STATE;
	}
	if (keeper.box == 0 && d->keeper && d->state == CBX_DOMAIN_READY &&
		find_desk(d, &keeper.desk)) {
		status = cbx_run_keeper(d);
	}
	if (status == CBX_OK) {
		keeper.box = (uint32_t)handle;
	}
	cbx_domain_drop(d);
	return status;
}

uint8_t *cbx_keeper_data(uint64_t i)
{
	CBX_ASSERT(keeper.box != 0 && i < CBX_DESK_DATA_PAGES);
	return cbx_hal_page_map((struct cbx_pfn){ keeper.desk + 1 + i });
}

void cbx_keeper_copy(struct cbx_pfn to, uint64_t count)
{
	CBX_ASSERT(keeper.box != 0 && count <= CBX_DESK_DATA_PAGES);
	cbx_hal_page_copy(to, (struct cbx_pfn){ keeper.desk + 1 }, count);
}

struct cbx_desk *cbx_keeper_desk(enum cbx_desk_op op)
{
	struct cbx_desk *desk =
		cbx_hal_page_map((struct cbx_pfn){ keeper.desk });

	memset(desk, 0,
		op == CBX_DESK_EXTEND ? offsetof(struct cbx_desk, size)
				      : sizeof(*desk));
	desk->op = (uint64_t)op;
	return desk;
}

/* What the keeper may say of a request; anything else is its failure. */
static enum cbx_status understand(enum cbx_status said)
{
	return said == CBX_OK || said == CBX_E_INVALID ||
			       said == CBX_E_DENIED || said == CBX_E_STATE ||
			       said == CBX_E_UNSUPPORTED
		       ? said
		       : CBX_E_HARDWARE;
}

enum cbx_status cbx_keeper_work(const struct cbx_desk *desk)
{
	struct cbx_domain *d = keeper.dead ? NULL : cbx_domain_hold(keeper.box);
	enum cbx_status status;

	if (d == NULL) {
		return CBX_E_HARDWARE;
	}
	CBX_ASSERT(desk->op != CBX_DESK_NONE);
	status = cbx_run_keeper(d);
	if (d->state == CBX_DOMAIN_DYING) {
		keeper.dead = true;
		cbx_hal_log("the keeper died; nothing can be measured");
	}
	cbx_domain_drop(d);
	return understand(status);
}

enum cbx_status cbx_keeper_extend(const struct cbx_record *record,
	uint64_t count, uint64_t last_length, struct cbx_digest *digest)
{
	struct cbx_desk *desk = cbx_keeper_desk(CBX_DESK_EXTEND);
	enum cbx_status status;

	desk->count = count;
	desk->record = *record;
	desk->last_length = last_length;
	memcpy(desk->digest, digest, sizeof(*digest));
	status = cbx_keeper_work(desk);
	if (status == CBX_OK) {
		memcpy(digest, desk->digest, sizeof(*digest));
	}
	cbx_hal_page_unmap(desk);
	return status == CBX_OK ? CBX_OK : CBX_E_HARDWARE;
}

void cbx_keeper_letter(struct cbx_pfn letter)
{
	struct cbx_desk *desk = cbx_keeper_desk(CBX_DESK_LETTER);

	cbx_hal_page_copy((struct cbx_pfn){ keeper.desk + 1 }, letter, 1);
	if (cbx_keeper_work(desk) == CBX_OK) {
		cbx_keeper_copy(letter, 1);
	}
	cbx_hal_page_unmap(desk);
}

/* The templates it borrows of. */
static void tell_lenders(const struct cbx_domain *d, struct cbx_facts *facts)
{
	facts->lender_count = d->lender_count;
	for (uint32_t i = 0; i < d->lender_count; i++) {
		const struct cbx_domain *lender = cbx_domain_hold(d->lender[i]);

		memcpy(facts->lender[i][0], &lender->measurement,
			CBX_DIGEST_BYTES);
		memcpy(facts->lender[i][1], &lender->input_digest,
			CBX_DIGEST_BYTES);
		memcpy(facts->lender[i][2], &lender->runtime, CBX_DIGEST_BYTES);
		cbx_domain_drop(lender);
	}
}

void cbx_keeper_tell_box(const struct cbx_domain *d, struct cbx_facts *facts)
{
	facts->number = d->number;
	facts->state = d->state;
	facts->flags = cbx_domain_flags(d);
	facts->input_bytes = d->input_bytes;
	memcpy(facts->measurement, &d->measurement, CBX_DIGEST_BYTES);
	memcpy(facts->runtime, &d->runtime, CBX_DIGEST_BYTES);
	memcpy(facts->input_digest, &d->input_digest, CBX_DIGEST_BYTES);
	memcpy(facts->policy_digest, &d->policy_digest, CBX_DIGEST_BYTES);
	facts->policy[CBX_WORD_FLAGS] = d->policy.flags;
	facts->policy[CBX_WORD_OUTPUT_PAGES] = d->policy.output_pages;
	facts->policy[CBX_WORD_WAKE_STEP] = d->policy.wake_step;
	facts->policy[CBX_WORD_FEATURES] = d->policy.features;
	facts->policy[CBX_WORD_RULES] = d->policy.rule_count;
	facts->has_signer = d->has_signer;
	facts->signer = d->signer;
	facts->borrowers = d->borrowers;
	tell_lenders(d, facts);
}

enum cbx_status cbx_keeper_tell_monitor(struct cbx_facts_monitor *facts)
{
	const struct cbx_hal_caps caps = cbx_hal_caps();
	enum cbx_status status = cbx_hal_root_key(facts->root_key);

	facts->backend = (uint64_t)caps.backend;
	facts->caps = caps.bits;
	facts->booted = keeper.booted;
	memcpy(facts->boot_digest, &keeper.boot_digest, CBX_DIGEST_BYTES);
	facts->root = status == CBX_OK ? CBX_ROOT_PLATFORM : CBX_ROOT_NONE;
	return status == CBX_E_UNSUPPORTED ? CBX_OK : status;
}

enum cbx_status cbx_keeper_boot(const void *log, size_t size)
{
	static const struct cbx_record record = { .kind = CBX_RECORD_BOOT };
	uint8_t *data = cbx_keeper_data(0);
	enum cbx_status status;

	CBX_ASSERT(size <= CBX_PAGE_SIZE && !keeper.booted);
	memcpy(data, log, size);
	cbx_hal_page_unmap(data);
	status = cbx_keeper_extend(&record, 1, size, &keeper.boot_digest);
	keeper.booted = status == CBX_OK;
	return status;
}

enum cbx_status cbx_gate_boot_digest(struct cbx_gate *g)
{
	if (!keeper.booted) {
		return CBX_E_UNSUPPORTED;
	}
	memcpy(g->ret, &keeper.boot_digest, CBX_DIGEST_BYTES);
	return CBX_OK;
}
