/* SPDX-License-Identifier: Apache-2.0 */
/* Where a box is from, in its evidence: its runtime, its template, what was
 * booted, whose key signs. */
#include <string.h>

#include <keeper/secret.h>
#include <trust/cose.h>

#include "support/chain.h"
#include "support/client.h"

static const uint64_t rx = CBX_RIGHT_R | CBX_RIGHT_X;

static struct client client;
static struct cbx_cbor items[192];

/* A value in the evidence asked for last. */
static const struct cbx_cbor *told(const char *module, int64_t label)
{
	const struct cbx_cbor *value;
	struct cbx_cose_sign1 sign1;

	assert_int_equal(
		cbx_cose_sign1_read((struct cbx_span){ client.evidence,
					    client.evidence_bytes },
			CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN, &sign1),
		CBX_COSE_FINE);
	assert_int_equal(cbx_cbor_decode(sign1.payload, CBX_CBOR_DETERMINISTIC,
				 items, 192),
		CBX_CBOR_FINE);
	value = cbx_cbor_find(
		cbx_cbor_find_text(
			cbx_cbor_find(items, CBX_EAT_SUBMODS), module),
		label);
	assert_non_null(value);
	return value;
}

static const struct cbx_cbor *told_of(
	const struct machine_box *box, int64_t label)
{
	assert_int_equal(client_ask(&client, box, 1, 16), CBX_OK);
	return told(CBX_SUBMOD_BOX, label);
}

static void assert_digest(const struct cbx_cbor *item, const void *digest)
{
	assert_int_equal(item->kind, CBX_CBOR_BYTES);
	assert_int_equal(item->bytes.size, CBX_DIGEST_BYTES);
	assert_memory_equal(item->bytes.bytes, digest, CBX_DIGEST_BYTES);
}

static void assert_null_item(const struct cbx_cbor *item)
{
	assert_int_equal(item->kind, CBX_CBOR_NULL);
}

static void chain_pages(
	struct chain *chain, const struct machine_box *box, uint64_t va, int n)
{
	for (int i = 0; i < n; i++) {
		const struct chain_entry entry = {
			.address = va + (uint64_t)i * CBX_PAGE_SIZE, .info = rx
		};

		chain_add(chain, "page", entry,
			mock_page((struct cbx_pfn){ box->io + (uint64_t)i }),
			CBX_PAGE_SIZE);
	}
}

/* ---- the runtime ---- */

static void a_runtime_is_measured_apart_too(void **state)
{
	const struct chain_entry zero = {
		.address = CBX_RUNTIME_VA + 2 * CBX_PAGE_SIZE, .info = rx
	};
	struct chain chain = { { 0 } };
	struct machine_box box;
	struct cbx_reply whole;

	(void)state;
	machine_building(&box, NULL);
	must(BOX_ADD, box.handle, CBX_RUNTIME_VA, machine_pool(2), 2, rx,
		box.io);
	chain_pages(&chain, &box, CBX_RUNTIME_VA, 2);
	must(BOX_ADD, box.handle, zero.address, machine_pool(1), 1, rx,
		CBX_NO_PAGE);
	chain_add(&chain, "zero", zero, NULL, 0);
	/* One page further there is no runtime, nor one page before. */
	must(BOX_ADD, box.handle, CBX_RUNTIME_END, machine_pool(1), 1, rx,
		box.io);
	must(BOX_ADD, box.handle, CBX_RUNTIME_VA - CBX_PAGE_SIZE,
		machine_pool(1), 1, rx, box.io);
	must(BOX_FINALIZE, box.handle);
	assert_digest(told_of(&box, CBX_LABEL_RUNTIME), chain.value);
	whole = gate(BOX_DIGEST, box.handle, CBX_DIGEST_MEASUREMENT);
	assert_memory_not_equal(whole.ret, chain.value, CBX_DIGEST_BYTES);
	machine_assert_sound();
}

/* What reaches into the runtime's place from outside of it is part of it. */
static void nothing_reaches_in_unmeasured(void **state)
{
	static const uint64_t across[] = { CBX_RUNTIME_VA - CBX_PAGE_SIZE,
		CBX_RUNTIME_END - CBX_PAGE_SIZE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct chain chain = { { 0 } };
		struct machine_box box;

		machine_building(&box, NULL);
		must(BOX_ADD, box.handle, across[i], machine_pool(2), 2, rx,
			box.io);
		chain_pages(&chain, &box, across[i], 2);
		must(BOX_FINALIZE, box.handle);
		assert_digest(told_of(&box, CBX_LABEL_RUNTIME), chain.value);
		machine_erase(&box);
	}
}

static void a_box_without_a_runtime_has_none(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_null_item(told_of(&box, CBX_LABEL_RUNTIME));
	assert_null_item(told(CBX_SUBMOD_BOX, CBX_LABEL_PARENT));
	assert_int_equal(told(CBX_SUBMOD_BOX, CBX_LABEL_CHILDREN)->number, 0);
}

/* The nth step is refused: the runtime is what was added, or the box is lost. */
static bool runtime_is_what_was_added(uint64_t nth)
{
	struct chain chain = { { 0 } };
	struct machine_box box;
	struct cbx_reply reply;
	uint64_t pool;

	machine_building(&box, NULL);
	pool = machine_pool(3);
	mock_refuse_nth(nth);
	reply = gate(BOX_ADD, box.handle, CBX_RUNTIME_VA, pool, 3, rx, box.io);
	mock_refuse_nth(0);
	chain_pages(&chain, &box, CBX_RUNTIME_VA, (int)reply.ret[0]);
	assert_true(reply.status != CBX_OK || reply.ret[0] == 3);
	must(BOX_FINALIZE, box.handle);
	if (reply.ret[0] == 0) {
		assert_null_item(told_of(&box, CBX_LABEL_RUNTIME));
	} else {
		assert_digest(told_of(&box, CBX_LABEL_RUNTIME), chain.value);
	}
	machine_assert_sound();
	return reply.status == CBX_OK;
}

static void a_part_of_a_runtime_is_measured_as_that(void **state)
{
	uint64_t nth = 1;

	(void)state;
	while (!runtime_is_what_was_added(nth)) {
		machine_again(NULL, true);
		nth++;
	}
	assert_true(nth > 1);
}

/* ---- templates and who borrows of them ---- */

static void make_template(struct machine_box *box, bool runtime)
{
	struct cbx_policy policy = machine_policy();

	policy.flags |= CBX_POLICY_TEMPLATE;
	machine_building(box, &policy);
	if (runtime) {
		must(BOX_ADD, box->handle, CBX_RUNTIME_VA, machine_pool(1), 1,
			rx, box->io);
	}
	must(BOX_FINALIZE, box->handle);
	repeat(BOX_TEMPLATE, box->handle, 0);
}

/* A BUILDING box that brings nothing but a thread. */
static void make_borrower(struct machine_box *box)
{
	static uint64_t far = 0x2000000000;
	const struct cbx_policy policy = machine_policy();
	uint64_t root = machine_pool(2);

	*box = (struct machine_box){
		.handle = root, .io = machine_pages(4), .io_count = 4
	};
	machine_put(box->io, &policy, sizeof(policy));
	must(BOX_CREATE, root, root + 1, box->io);
	must(BOX_GRANT, root, machine_pool(24), 24);
	must(BOX_ADD, root, far, machine_pool(1), 1, rx, box->io);
	must(BOX_THREAD, root, far, 0, 0);
	far += 0x100000;
}

static void a_clone_is_its_template_s_child(void **state)
{
	struct machine_box template, clone[2];
	const struct cbx_cbor *lender;
	struct cbx_reply digest;
	struct chain chain = { { 0 } };

	(void)state;
	make_template(&template, true);
	chain_pages(&chain, &template, CBX_RUNTIME_VA, 1);
	digest = gate(BOX_DIGEST, template.handle, CBX_DIGEST_MEASUREMENT);
	for (uint64_t i = 0; i < 2; i++) {
		assert_int_equal(
			told_of(&template, CBX_LABEL_CHILDREN)->number, i);
		make_borrower(&clone[i]);
		repeat(BOX_BORROW, clone[i].handle, template.handle);
		must(BOX_FINALIZE, clone[i].handle);
		assert_digest(told_of(&clone[i], CBX_LABEL_PARENT), digest.ret);
		assert_null_item(told(CBX_SUBMOD_BOX, CBX_LABEL_RUNTIME));
		assert_int_equal(
			told(CBX_SUBMOD_BOX, CBX_LABEL_CHILDREN)->number, 0);
		lender =
			cbx_cbor_at(told(CBX_SUBMOD_BOX, CBX_LABEL_LENDERS), 0);
		assert_int_equal(lender->number, 3);
		assert_digest(cbx_cbor_at(lender, 0), digest.ret);
		assert_digest(cbx_cbor_at(lender, 2), chain.value);
	}
	assert_int_equal(told_of(&template, CBX_LABEL_CHILDREN)->number, 2);
	machine_erase(&clone[0]);
	assert_int_equal(told_of(&template, CBX_LABEL_CHILDREN)->number, 1);
	machine_assert_sound();
}

static void who_borrows_data_alone_is_nobody_s_child(void **state)
{
	struct machine_box share, box;
	const struct cbx_cbor *lender;
	struct cbx_reply digest;

	(void)state;
	make_template(&share, false);
	make_borrower(&box);
	repeat(BOX_BORROW, box.handle, share.handle);
	must(BOX_FINALIZE, box.handle);
	assert_null_item(told_of(&box, CBX_LABEL_PARENT));
	lender = cbx_cbor_at(told(CBX_SUBMOD_BOX, CBX_LABEL_LENDERS), 0);
	digest = gate(BOX_DIGEST, share.handle, CBX_DIGEST_MEASUREMENT);
	assert_digest(cbx_cbor_at(lender, 0), digest.ret);
	assert_null_item(cbx_cbor_at(lender, 2));
}

static void the_parent_is_the_lender_that_runs(void **state)
{
	struct machine_box share, template, box;
	struct cbx_reply digest;

	(void)state;
	make_template(&template, true);
	machine_lender(&share);
	repeat(BOX_TEMPLATE, share.handle, 0);
	make_borrower(&box);
	repeat(BOX_BORROW, box.handle, share.handle);
	repeat(BOX_BORROW, box.handle, template.handle);
	must(BOX_FINALIZE, box.handle);
	digest = gate(BOX_DIGEST, template.handle, CBX_DIGEST_MEASUREMENT);
	assert_digest(told_of(&box, CBX_LABEL_PARENT), digest.ret);
	assert_int_equal(told(CBX_SUBMOD_BOX, CBX_LABEL_LENDERS)->number, 2);
}

/* ---- the monitor ---- */

static void the_boot_log_stands_in_the_evidence(void **state)
{
	static const char log[] = "what was loaded";
	struct chain chain = { { 0 } };
	const struct cbx_cbor *item;
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(client_ask(&client, &box, 1, 16), CBX_OK);
	assert_null_item(told(CBX_SUBMOD_MONITOR, CBX_LABEL_BOOT_LOG));
	assert_null_item(told(CBX_SUBMOD_MONITOR, CBX_LABEL_BOOT_DIGEST));
	cbx_gate_lock_take();
	assert_int_equal(cbx_keeper_boot(log, sizeof(log)), CBX_OK);
	cbx_gate_lock_drop();
	chain_add(&chain, "boot", (struct chain_entry){ 0 }, log, sizeof(log));
	assert_int_equal(client_ask(&client, &box, 1, 16), CBX_OK);
	item = told(CBX_SUBMOD_MONITOR, CBX_LABEL_BOOT_LOG);
	assert_int_equal(item->bytes.size, sizeof(log));
	assert_memory_equal(item->bytes.bytes, log, sizeof(log));
	assert_digest(
		told(CBX_SUBMOD_MONITOR, CBX_LABEL_BOOT_DIGEST), chain.value);
}

static void signing_key(uint8_t point[CBX_P384_POINT_BYTES])
{
	psa_key_id_t key;

	assert_true(cbx_secret_start());
	assert_true(cbx_secret_signer(&key, point));
}

static void one_start_makes_one_signing_key(void **state)
{
	uint8_t point[3][CBX_P384_POINT_BYTES];

	(void)state;
	signing_key(point[0]);
	signing_key(point[1]);
	assert_memory_equal(point[0], point[1], sizeof(point[0]));
	cbx_secret_forget();
	signing_key(point[2]);
	assert_memory_not_equal(point[0], point[2], sizeof(point[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_runtime_is_measured_apart_too),
		MACHINE(nothing_reaches_in_unmeasured),
		MACHINE(a_box_without_a_runtime_has_none),
		MACHINE(a_part_of_a_runtime_is_measured_as_that),
		MACHINE(a_clone_is_its_template_s_child),
		MACHINE(who_borrows_data_alone_is_nobody_s_child),
		MACHINE(the_parent_is_the_lender_that_runs),
		MACHINE(the_boot_log_stands_in_the_evidence),
		MACHINE(one_start_makes_one_signing_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
