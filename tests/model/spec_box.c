/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a box, and taking it apart.
 */
#include <model/judge.h>

#include <string.h>

enum {
	MEASUREMENT,
	INPUT
};

static bool policy_named(const struct cbx_policy *policy)
{
	return policy->version == 2 && policy->flags <= 255 &&
	       (policy->features == 0 ||
		       (policy->features <= 15 && policy->features % 2 == 1)) &&
	       policy->output_pages >= 1 && policy->output_pages <= 64 &&
	       policy->threads_max >= 1 && policy->threads_max <= 1024 &&
	       policy->wake_step >= 1 && policy->reserved == 0 &&
	       policy->rule_count <= 32;
}

/* 0x80: text nobody reads; 0x100: features are withheld; 0x200: CPUID is. */
static bool policy_possible(const struct cbx_policy *policy)
{
	return ((policy->flags & 4) == 0 || (spec.caps[0] & 0x80) != 0) &&
	       ((policy->flags & 128) == 0 || (spec.caps[0] & 0x200) != 0) &&
	       (policy->features == 0 || (spec.caps[0] & 0x100) != 0);
}

void spec_create(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	struct cbx_policy policy = { 0 };

	(void)box;
	refuse_if(answer, !host_lends(arg[2]), CBX_E_DENIED);
	refuse_if(answer,
		arg[0] == 0 || arg[0] >= spec.pages || arg[1] >= spec.pages ||
			arg[0] == arg[1],
		CBX_E_INVALID);
	if (host_lends(arg[2])) {
		memcpy(&policy, spec.bytes[arg[2]], sizeof(policy));
		refuse_if(answer, !policy_named(&policy), CBX_E_INVALID);
		refuse_if(answer, !policy_possible(&policy), CBX_E_UNSUPPORTED);
	}
	for (unsigned int i = 0; i < 2; i++) {
		refuse_if(answer,
			arg[i] < spec.pages && spec.page[arg[i]].is != IS_FREE,
			CBX_E_STATE);
	}
	if (!allowed(answer)) {
		return;
	}

	const struct spec_entry entry = { .kind = "policy",
		.data = (const uint8_t *)&policy,
		.bytes = sizeof(policy) };

	returns(answer, 0, arg[0]);
	box = box_new((uint32_t)arg[0]);
	box->policy = policy;
	box->number = ++spec.boxes;
	become(box->root, IS_TABLE, box->root);
	become((uint32_t)arg[1], IS_TABLE, box->root);
	space_new(box, (uint32_t)arg[1]);
	box->last_space = (uint32_t)arg[1];
	digest_extend(box, MEASUREMENT, &entry);
}

void spec_grant(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	enum cbx_status status = CBX_OK;
	uint64_t done = 0;

	if (!range_named(arg[1], arg[2])) {
		status = CBX_E_INVALID;
	}
	while (status == CBX_OK && done < arg[2]) {
		uint32_t page = (uint32_t)(arg[1] + done);

		if (spec.page[page].is != IS_FREE) {
			status = CBX_E_STATE;
			break;
		}
		become(page, box->granted ? IS_OWN : IS_TABLE, box->root);
		box->space[0].trees += !box->granted;
		box->granted = true;
		done++;
	}
	must_be(answer, status);
	returns(answer, 0, done);
}

/* One page's line in the log. */
static void log_page(struct spec_box *box, const char *kind, uint64_t va,
	uint64_t rights, const uint8_t *bytes)
{
	const struct spec_entry entry = { .kind = kind,
		.address = va,
		.info = rights,
		.data = bytes,
		.bytes = bytes != NULL ? CBX_PAGE_SIZE : 0 };

	digest_extend(box, MEASUREMENT, &entry);
}

static bool adding_named(const uint64_t *arg)
{
	uint64_t most =
		arg[5] == CBX_NO_PAGE ? CBX_RANGE_PAGES_MAX : CBX_IO_PAGES_MAX;

	return arg[4] >= 1 && arg[4] <= CBX_RIGHTS &&
	       range_named(arg[2], arg[3]) && arg[3] <= most;
}

static void add_page(struct spec_box *box, uint32_t page, uint64_t va,
	uint64_t rights, uint64_t source)
{
	become(page, IS_OWN, box->root);
	if (source != CBX_NO_PAGE) {
		memcpy(spec.bytes[page], spec.bytes[source], CBX_PAGE_SIZE);
	}
	slot_put(&box->space[0], va, page, rights);
	log_page(box, source == CBX_NO_PAGE ? "zero" : "page", va, rights,
		source == CBX_NO_PAGE ? NULL : spec.bytes[page]);
}

static bool all_free(uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (spec.page[first + i].is != IS_FREE) {
			return false;
		}
	}
	return true;
}

void spec_add(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[1], arg[3], arg[4] };
	bool named = adding_named(arg);

	refuse_if(answer, !named, CBX_E_INVALID);
	if (named) {
		refuse_if(answer, !all_free(arg[2], arg[3]), CBX_E_STATE);
		refuse_if(answer,
			arg[5] != CBX_NO_PAGE &&
				!host_lends_range(arg[5], arg[3]),
			CBX_E_DENIED);
		refuse_if(answer, hides_text(box, span.rights), CBX_E_DENIED);
		room_for(box, &box->space[0], &span, 0, answer);
	}
	returns(answer, 0, answer->status == CBX_OK ? arg[3] : 0);
	if (!allowed(answer)) {
		return;
	}
	trees_take(box, &box->space[0], span.va, span.count);
	for (uint64_t i = 0; i < span.count; i++) {
		add_page(box, (uint32_t)(arg[2] + i),
			span.va + i * CBX_PAGE_SIZE, arg[4],
			arg[5] == CBX_NO_PAGE ? CBX_NO_PAGE : arg[5] + i);
	}
}

void spec_thread_add(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_entry entry = { .kind = "thread",
		.address = arg[1],
		.info = arg[2],
		.info2 = arg[3] };

	refuse_if(answer, !box->granted || reserve_of(box) == 0, CBX_E_NOMEM);
	refuse_if(answer, threads_of(box) >= box->policy.threads_max,
		CBX_E_NOMEM);
	if (!allowed(answer)) {
		return;
	}
	returns(answer, 0,
		take_table(box, answer->got[0]) ? answer->got[0] : 0);

	struct spec_thread *thread = thread_new(box, (uint32_t)answer->got[0]);

	thread->space = box->space[0].handle;
	thread->entry = arg[1];
	digest_extend(box, MEASUREMENT, &entry);
}

void spec_finalize(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_entry entry = { .kind = "finalize" };

	(void)arg;
	refuse_if(answer, threads_of(box) == 0 || box->borrowing, CBX_E_STATE);
	if (allowed(answer)) {
		digest_extend(box, MEASUREMENT, &entry);
		box->life = LIFE_READY;
	}
}

/* ---- the end ---- */

void spec_end(struct spec_box *box, uint64_t reason, uint64_t status)
{
	if (box->life == LIFE_ENDING) {
		return;
	}
	if (box->end_wake == 0) {
		box->end_reason = reason;
		box->end_status = status;
	}
	if (box->life != LIFE_SEALED || reason == CBX_END_KILLED) {
		box->life = LIFE_ENDING;
	} else if (box->end_wake == 0) {
		box->end_wake = step_of_frame(box);
	}
}

bool spec_ended(const struct spec_box *box)
{
	return box->life == LIFE_ENDING || box->end_wake != 0;
}

void spec_kick(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	refuse_if(answer, arg[1] > 1, CBX_E_INVALID);
	(void)allowed(answer);
}

void spec_kill(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)arg;
	spec_end(box, CBX_END_KILLED, 0);
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		box->thread[i] = (struct spec_thread){ 0 };
	}
	/* Spaces end one after the other, in an order that is the monitor's;
	 * while some CPU holds, each of them may have to wait. */
	refuse_if(answer, spec.holding != 0, CBX_E_BUSY);
	refuse_if(answer, true, CBX_OK);
	for (unsigned int i = 0; i < SPEC_SPACES && allowed(answer); i++) {
		if (box->space[i].handle != 0) {
			space_drop(box, &box->space[i]);
		}
	}
	if (allowed(answer)) {
		box->lenders = 0;
	}
}

static enum cbx_status reclaim_one(struct spec_box *box, uint32_t page)
{
	struct spec_page *it = &spec.page[page];

	if (it->box != box->root) {
		return CBX_E_OWNER;
	}
	if (page == box->root) {
		return CBX_E_STATE;
	}
	if (it->is == IS_PUBLIC && borrowers_of(box) != 0) {
		return CBX_E_BUSY;
	}
	if (it->is == IS_WINDOW || it->lent) {
		it->is = IS_GOING;
		it->lent = false;
		it->stale.host = rememberers();
		flush_host();
	}
	if (!forgotten(page)) {
		return CBX_E_BUSY;
	}
	become(page, IS_FREE, 0);
	wipe(page);
	return CBX_OK;
}

void spec_reclaim(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	enum cbx_status status = CBX_OK;
	uint64_t done = 0;

	refuse_if(answer, !range_named(arg[1], arg[2]), CBX_E_INVALID);
	refuse_if(answer, threads_of(box) + spaces_of(box) != 0, CBX_E_STATE);
	while (answer->right == 0 && status == CBX_OK && done < arg[2]) {
		status = reclaim_one(box, (uint32_t)(arg[1] + done));
		done += status == CBX_OK;
	}
	if (answer->right == 0) {
		must_be(answer, status);
	}
	returns(answer, 0, done);
}

void spec_destroy(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)arg;
	refuse_if(answer, pages_of(box) != 1 || borrowers_of(box) != 0,
		CBX_E_STATE);
	if (allowed(answer)) {
		become(box->root, IS_FREE, 0);
		wipe(box->root);
		*box = (struct spec_box){ 0 };
	}
}

/* ---- looking ---- */

static uint64_t life_number(enum spec_life life)
{
	switch (life) {
	case LIFE_MAKING:
		return 1;
	case LIFE_READY:
		return 2;
	case LIFE_SEALED:
		return 3;
	case LIFE_ENDING:
		return 4;
	case LIFE_LENDING:
		return 5;
	case LIFE_NONE:
	default:
		return 0;
	}
}

void spec_box_query(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	bool open = !box->sealed_once;
	/* In a dying box nobody counts the reserve. */
	bool counted = box->life != LIFE_ENDING || !open;

	(void)arg;
	if (!allowed(answer)) {
		return;
	}
	returns(answer, 0, life_number(box->life));
	returns(answer, 1,
		(box->tainted ? CBX_BOX_TAINTED : 0u) |
			((box->policy.flags & CBX_POLICY_DEBUG) != 0
					? CBX_BOX_DEBUG
					: 0u) |
			(open ? 0u : CBX_BOX_CONFINED) |
			(box->life == LIFE_LENDING ? CBX_BOX_TEMPLATE : 0u) |
			(box->lenders != 0 ? CBX_BOX_CLONE : 0u));
	returns(answer, 2, open ? pages_of(box) : 0);
	if (counted) {
		returns(answer, 3, open ? reserve_of(box) : 0);
	}
	returns(answer, 4, open ? threads_of(box) : 0);
	if (counted) {
		returns(answer, 5, open ? spaces_of(box) : 0);
	}
	returns(answer, 6, open ? box->input_bytes : 0);
}

void spec_digest(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	uint64_t word[CBX_DIGEST_BYTES / 8];
	const struct spec_box *whose = box;

	refuse_if(answer, arg[1] >= 2 * (uint64_t)(box->lenders + 1),
		CBX_E_INVALID);
	if (!allowed(answer)) {
		return;
	}
	if (arg[1] >= 2) {
		whose = box_of(box->lender[arg[1] / 2 - 1]);
		SPEC_CHECK(whose != NULL);
	}
	memcpy(word, whose->digest[arg[1] % 2], sizeof(word));
	for (unsigned int i = 0; i < CBX_DIGEST_BYTES / 8; i++) {
		returns(answer, i, word[i]);
	}
}

void spec_peek(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_space *space = space_of(box, box->last_space);

	refuse_if(answer, (box->policy.flags & CBX_POLICY_DEBUG) == 0,
		CBX_E_DENIED);
	refuse_if(answer, arg[2] > CBX_PAGE_SIZE, CBX_E_INVALID);
	refuse_if(answer, space == NULL, CBX_E_STATE);
	refuse_if(answer, arg[2] != 0 && !host_lends(arg[3]), CBX_E_DENIED);
	if (space != NULL) {
		refuse_if(answer, !may_use(space, arg[1], arg[2], CBX_RIGHT_R),
			CBX_E_FAULT);
	}
	if (allowed(answer)) {
		box_load(space, arg[1], spec.bytes[arg[3]], arg[2]);
	}
}
