/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/domain.h>
#include <core/thread.h>
#include <core/reserve.h>

#define PAIR(event, state) (((uint32_t)(event) << 8) | (uint32_t)(state))

enum cbx_domain_state cbx_domain_next(
	enum cbx_domain_state state, enum cbx_domain_event event)
{
	switch (PAIR(event, state)) {
#define MOVE(EVENT, FROM, TO)                                \
	case PAIR(CBX_DOMAIN_DO_##EVENT, CBX_DOMAIN_##FROM): \
		return CBX_DOMAIN_##TO;
#include <core/domain.def>
#undef MOVE
	default:
		return CBX_DOMAIN_EMPTY;
	}
}

void *cbx_meta_hold(uint64_t handle, uint32_t owner, enum cbx_page_detail kind)
{
	const struct cbx_page *page = cbx_page_at(handle);

	if (page == NULL || page->state != CBX_PAGE_META ||
		page->owner != owner || page->detail != (uint16_t)kind) {
		return NULL;
	}
	return cbx_hal_page_map((struct cbx_pfn){ handle });
}

struct cbx_domain *cbx_domain_hold(uint64_t handle)
{
	/* The host is no box; a root page owns itself. */
	if (handle == 0 || handle >= CBX_NO_LINK) {
		return NULL;
	}
	return cbx_meta_hold(handle, (uint32_t)handle, CBX_META_DOMAIN);
}

struct cbx_space *cbx_space_hold(const struct cbx_domain *d, uint64_t handle)
{
	return cbx_meta_hold(handle, d->self, CBX_META_SPACE);
}

static bool features_valid(uint64_t features)
{
	return features == 0 || ((features & CBX_FEATURE_BASIC) != 0 &&
					features <= CBX_FEATURES);
}

static bool policy_valid(const struct cbx_policy *policy)
{
	return policy->version == CBX_POLICY_VERSION &&
	       (policy->flags & ~CBX_POLICY_FLAGS) == 0 &&
	       policy->output_pages >= 1 &&
	       policy->output_pages <= CBX_IO_PAGES_MAX &&
	       policy->threads_max >= 1 &&
	       policy->threads_max <= CBX_THREADS_MAX &&
	       policy->wake_step >= 1 && policy->reserved == 0 &&
	       policy->rule_count <= CBX_POLICY_RULES &&
	       features_valid(policy->features);
}

/* Whether this machine has what the policy asks of it. */
static bool policy_supported(const struct cbx_policy *policy)
{
	uint64_t caps = cbx_hal_caps().bits;

	return ((policy->flags & CBX_POLICY_EXECUTE_ONLY) == 0 ||
		       (caps & CBX_CAP_BOX_EXECUTE_ONLY) != 0) &&
	       ((policy->flags & CBX_POLICY_CPUID) == 0 ||
		       (caps & CBX_CAP_CPUID) != 0) &&
	       (policy->features == 0 || (caps & CBX_CAP_FEATURES) != 0);
}

const struct cbx_page_list cbx_list_empty = {
	.head = CBX_NO_LINK,
	.tail = CBX_NO_LINK,
};

void cbx_meta_make(uint64_t pfn, uint32_t owner, enum cbx_page_detail kind)
{
	struct cbx_page *page = cbx_page_at(pfn);

	cbx_page_move(page, CBX_PAGE_DO_TABLE, (struct cbx_dom){ owner });
	page->detail = (uint16_t)kind;
}

void cbx_space_start(uint32_t pfn, uint32_t owner)
{
	struct cbx_space *space = cbx_hal_page_map((struct cbx_pfn){ pfn });

	*space = (struct cbx_space){
		.self = pfn,
		.owner = owner,
		.leaving = cbx_list_empty,
	};
	cbx_hal_page_unmap(space);
}

enum cbx_status cbx_domain_create(
	uint64_t pfn, uint64_t space, const struct cbx_policy *policy)
{
	const struct cbx_page *root = cbx_page_at(pfn);
	const struct cbx_page *other = cbx_page_at(space);

	if (pfn == 0 || root == NULL || other == NULL || root == other ||
		!policy_valid(policy)) {
		return CBX_E_INVALID;
	}
	if (!policy_supported(policy)) {
		return CBX_E_UNSUPPORTED;
	}
	if (root->state != CBX_PAGE_POOL || other->state != CBX_PAGE_POOL) {
		return CBX_E_STATE;
	}

	uint32_t self = (uint32_t)pfn;
	struct cbx_domain *d = cbx_hal_page_map((struct cbx_pfn){ pfn });

	cbx_meta_make(pfn, self, CBX_META_DOMAIN);
	cbx_meta_make(space, self, CBX_META_SPACE);
	d->self = self; /* the rest of the page is zero */
	d->policy = *policy;
	d->page_count = 2;
	d->reserve = cbx_list_empty;
	d->spaces = cbx_list_empty;
	d->threads = cbx_list_empty;
	d->last_space = (uint32_t)space;
	d->next_thread = CBX_NO_LINK;
	cbx_domain_move(d, CBX_DOMAIN_DO_CREATE);
	cbx_space_start((uint32_t)space, self);
	cbx_list_put(&d->spaces, (uint32_t)space);
	cbx_hal_page_unmap(d);
	return CBX_OK;
}

void cbx_domain_move(struct cbx_domain *d, enum cbx_domain_event event)
{
	enum cbx_domain_state to =
		cbx_domain_next((enum cbx_domain_state)d->state, event);

	CBX_ASSERT(to != CBX_DOMAIN_EMPTY);
	d->state = (uint32_t)to;
}

void cbx_domain_end(
	struct cbx_domain *d, enum cbx_end_reason reason, uint64_t status)
{
	if (d->state == CBX_DOMAIN_DYING) {
		return;
	}
	if (!d->ended) {
		d->end_reason = (uint32_t)reason;
		d->end_status = status;
	}
	d->ended = true;
	if (d->state != CBX_DOMAIN_CONFINED || reason == CBX_END_KILLED) {
		cbx_domain_move(d, CBX_DOMAIN_DO_END);
	} else if (d->end_wake == 0) {
		d->end_wake = cbx_thread_frame_wake(d);
	}
	cbx_domain_kick(d);
}

uint32_t cbx_domain_flags(const struct cbx_domain *d)
{
	return (d->tainted ? CBX_BOX_TAINTED : 0) |
	       ((d->policy.flags & CBX_POLICY_DEBUG) != 0 ? CBX_BOX_DEBUG : 0) |
	       (d->was_confined ? CBX_BOX_CONFINED : 0) |
	       (d->keeper ? CBX_BOX_KEEPER : 0) |
	       (d->state == CBX_DOMAIN_TEMPLATE ? CBX_BOX_TEMPLATE : 0) |
	       (d->lender_count != 0 ? CBX_BOX_CLONE : 0);
}

void cbx_thread_kick(const struct cbx_thread *thread)
{
	if (thread->state == CBX_THREAD_RUNNING &&
		thread->cpu != cbx_hal_cpu()) {
		cbx_hal_cpu_kick(thread->cpu);
	}
}

void cbx_domain_kick(const struct cbx_domain *d)
{
	for (uint32_t handle = d->threads.head; handle != CBX_NO_LINK;
		handle = cbx_list_next(handle)) {
		const struct cbx_thread *thread = cbx_thread_hold(d, handle);

		cbx_thread_kick(thread);
		cbx_thread_drop(thread);
	}
}

uint32_t cbx_space_flags(const struct cbx_domain *d)
{
	return (d->policy.flags & (CBX_SPACE_TRACE | CBX_SPACE_CPUID)) |
	       (uint32_t)d->policy.features << CBX_SPACE_FEATURES_SHIFT;
}

/* Give the first space the root table it was created without. */
static enum cbx_status make_first_space(struct cbx_domain *d, uint64_t pfn)
{
	struct cbx_space *space = cbx_space_hold(d, d->spaces.head);
	enum cbx_status status;

	CBX_ASSERT(space != NULL);
	cbx_meta_make(pfn, d->self, CBX_META_TABLE);
	status = cbx_arch_space_create(
		&space->arch, (struct cbx_pfn){ pfn }, cbx_space_flags(d));
	if (status != CBX_OK) {
		space->arch = (struct cbx_arch_space){ { 0 } };
		cbx_hal_page_scrub((struct cbx_pfn){ pfn }, 1);
		cbx_page_move(cbx_page_at(pfn), CBX_PAGE_DO_RECLAIM, CBX_HOST);
	} else {
		d->page_count++;
	}
	cbx_space_drop(space);
	return status;
}

bool cbx_domain_granted(const struct cbx_domain *d)
{
	return d->page_count > 2; /* more than its root and its first space */
}

enum cbx_status cbx_domain_grant(
	struct cbx_domain *d, uint64_t pfn, uint64_t count, uint64_t *done)
{
	*done = 0;
	if (!cbx_page_range_valid(pfn, count)) {
		return CBX_E_INVALID;
	}

	uint64_t n = cbx_page_run(
		pfn, count, CBX_PAGE_POOL, CBX_HOST, CBX_DETAIL_NONE);

	if (n != 0 && !cbx_domain_granted(d)) {
		enum cbx_status status = make_first_space(d, pfn);

		if (status != CBX_OK) {
			return status;
		}
		*done = 1;
	}
	for (; *done < n; (*done)++) {
		cbx_page_move(cbx_page_at(pfn + *done), CBX_PAGE_DO_ASSIGN,
			(struct cbx_dom){ d->self });
		cbx_reserve_put(d, (uint32_t)(pfn + *done));
		d->page_count++;
	}
	return n == count ? CBX_OK : CBX_E_STATE;
}
