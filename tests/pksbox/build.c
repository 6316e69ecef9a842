/* SPDX-License-Identifier: Apache-2.0 */
/* From pages of the host's to a box, and back. */
#include <base/string.h>
#include <host/host.h>
#include <pksbox/box.h>

enum cbx_status range_call(
	uint64_t id, uint64_t box, uint64_t pfn, uint64_t count)
{
	uint64_t done = 0;

	while (done < count) {
		uint64_t n = count - done;
		struct cbx_reply reply;

		n = n < CBX_RANGE_PAGES_MAX ? n : CBX_RANGE_PAGES_MAX;
		reply = box == 0 ? CALL(id, pfn + done, n)
				 : CALL(id, box, pfn + done, n);
		if (reply.status != CBX_OK && reply.status != CBX_E_BUSY) {
			return (enum cbx_status)reply.status;
		}
		done += reply.status == CBX_OK ? n : reply.ret[0];
	}
	return CBX_OK;
}

/* The next pages of the pool, donated; 0 when there are not so many. */
static uint64_t take(struct box *box, uint64_t count)
{
	uint64_t first = POOL_PFN + box->taken;

	if (count > POOL_PAGES - box->taken ||
		range_call(CBX_CALL_PAGE_DONATE, 0, first, count) != CBX_OK) {
		return 0;
	}
	box->taken += count;
	return first;
}

static const char *create(struct box *box)
{
	uint64_t root = take(box, 2);

	WANT(root != 0);
	memcpy((void *)DIRECT(STAGE_PFN), &box->set->policy,
		sizeof(box->set->policy));
	WANT(STATUS(CBX_CALL_BOX_CREATE, root, root + 1, STAGE_PFN) == CBX_OK);
	box->root = root;
	return NULL;
}

static const char *grant(struct box *box)
{
	uint64_t count = box->set->reserve_pages;
	uint64_t first = take(box, count);

	WANT(first != 0);
	WANT(range_call(CBX_CALL_BOX_GRANT, box->root, first, count) == CBX_OK);
	return NULL;
}

/* Pages [index, index + most) of the part, or fewer. @return how many */
static uint64_t add_some(const struct box *box, const struct set_part *part,
	uint64_t first, uint64_t index)
{
	uint64_t data = (part->byte_count + CBX_PAGE_SIZE - 1) / CBX_PAGE_SIZE;
	uint64_t end = index < data ? data : part->page_count;
	uint64_t most = index < data ? CBX_IO_PAGES_MAX : CBX_RANGE_PAGES_MAX;
	uint64_t n = end - index < most ? end - index : most;
	uint64_t source = (SET_PA + part->offset) / CBX_PAGE_SIZE + index;
	enum cbx_status status = STATUS(CBX_CALL_BOX_ADD, box->root,
		part->va + index * CBX_PAGE_SIZE, first + index, n,
		part->rights, index < data ? source : CBX_NO_PAGE);

	return status == CBX_OK ? n : 0;
}

static const char *add(struct box *box, const struct set_part *part)
{
	uint64_t first = take(box, part->page_count);
	uint64_t done = 0;

	WANT(first != 0);
	while (done < part->page_count) {
		uint64_t n = add_some(box, part, first, done);

		WANT(n != 0);
		done += n;
	}
	return NULL;
}

static const char *finish(struct box *box)
{
	const struct set_box *set = box->set;
	struct cbx_reply digest;

	WANT(STATUS(CBX_CALL_BOX_THREAD, box->root, set->entry, set->stack,
		     set->arg) == CBX_OK);
	WANT(STATUS(CBX_CALL_BOX_FINALIZE, box->root) == CBX_OK);
	digest = CALL(CBX_CALL_BOX_DIGEST, box->root, CBX_DIGEST_MEASUREMENT);
	WANT(digest.status == CBX_OK);
	say_bytes("measured", digest.ret, CBX_DIGEST_BYTES);
	return NULL;
}

const char *box_build(struct box *box, const struct set_part *parts)
{
	const char *wrong = create(box);

	if (wrong == NULL) {
		wrong = grant(box);
	}
	for (uint64_t i = 0; i < box->set->part_count && wrong == NULL; i++) {
		wrong = add(box, &parts[box->set->part_first + i]);
	}
	return wrong == NULL ? finish(box) : wrong;
}

/* Nothing of a box that is gone may be left. */
static bool is_zero(uint64_t pfn)
{
	const uint64_t *word = (const uint64_t *)DIRECT(pfn);

	for (uint32_t i = 0; i < CBX_PAGE_SIZE / sizeof(*word); i++) {
		if (word[i] != 0) {
			return false;
		}
	}
	return true;
}

const char *box_destroy(struct box *box)
{
	enum cbx_status status;

	do {
		status = STATUS(CBX_CALL_BOX_KILL, box->root);
	} while (status == CBX_E_BUSY);
	WANT(status == CBX_OK);
	WANT(range_call(CBX_CALL_BOX_RECLAIM, box->root, POOL_PFN + 1,
		     box->taken - 1) == CBX_OK);
	WANT(STATUS(CBX_CALL_BOX_DESTROY, box->root) == CBX_OK);
	WANT(range_call(CBX_CALL_PAGE_RETURN, 0, POOL_PFN, box->taken) ==
		CBX_OK);
	for (uint64_t i = 0; i < box->taken; i++) {
		WANT(is_zero(POOL_PFN + i));
	}
	return NULL;
}
