/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

#define CODE_VA	 BOX_CODE_VA
#define STACK_VA 0x500000ull

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.flags = CBX_POLICY_DEBUG,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

const uint8_t box_end[] = { 0xbf, BOX_END_STATUS, 0, 0, 0, 0x31, 0xf6, 0x31,
	0xd2, 0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x45, 0x31, 0xc9, 0xb8, 0x00,
	0x01, 0xbf, 0x0c, 0x0f, 0x05 };
const uint64_t box_end_size = sizeof(box_end);

static void fill(uint64_t page, const void *from, uint64_t size)
{
	const uint8_t *bytes = from;
	volatile uint8_t *to = (volatile uint8_t *)DIRECT(page);

	for (uint64_t i = 0; i < CBX_PAGE_SIZE; i++) {
		to[i] = i < size ? bytes[i] : 0;
	}
}

struct cbx_reply box_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply;

	do {
		reply = host_call(id, arg);
	} while (reply.status == CBX_E_BUSY);
	return reply;
}

const char *box_make(
	uint64_t box, uint64_t page, const uint8_t *code, uint64_t size)
{
	fill(page, &policy, sizeof(policy));
	WANT(GATE(PAGE_DONATE, box, BOX_PAGES).status == CBX_OK);
	WANT(GATE(BOX_CREATE, box, box + 1, page).status == CBX_OK);
	WANT(GATE(BOX_GRANT, box, box + 2, 64).status == CBX_OK);
	fill(page, code, size);
	WANT(GATE(BOX_ADD, box, CODE_VA, box + BOX_CODE, 1,
		     CBX_RIGHT_R | CBX_RIGHT_X, page)
			.status == CBX_OK);
	WANT(GATE(BOX_ADD, box, STACK_VA, box + BOX_STACK, 1,
		     CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE)
			.status == CBX_OK);
	WANT(GATE(BOX_THREAD, box, CODE_VA, STACK_VA + CBX_PAGE_SIZE, 0)
			.status == CBX_OK);
	WANT(GATE(BOX_FINALIZE, box).status == CBX_OK);
	return NULL;
}

/* And every one comes back empty. */
const char *box_unmake(uint64_t box)
{
	WANT(GATE(BOX_KILL, box).status == CBX_OK);
	WANT(GATE(BOX_RECLAIM, box, box + 1, 65).status == CBX_OK);
	WANT(GATE(BOX_RECLAIM, box, box + BOX_CODE, 2).status == CBX_OK);
	WANT(GATE(BOX_DESTROY, box).status == CBX_OK);
	WANT(GATE(PAGE_RETURN, box, BOX_PAGES).status == CBX_OK);
	for (uint64_t at = 0; at < BOX_PAGES * CBX_PAGE_SIZE; at += 8) {
		WANT(*(volatile uint64_t *)(DIRECT(box) + at) == 0);
	}
	return NULL;
}

uint64_t box_pages(void)
{
	uint64_t first = host_page();

	for (uint32_t i = 1; i < BOX_PAGES; i++) {
		(void)host_page();
	}
	return first;
}
