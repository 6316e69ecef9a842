/* SPDX-License-Identifier: Apache-2.0 */
/* What the host has in its registers when a gate lets it go on: the puppet looks
 * behind every one (support/bare/puppet_host.S), here the exits are made that a
 * client's data and the keeper's keys come near. */
#include <string.h>

#include <confbox/seal.h>

#include "attack/machine_code.h"
#include "support/bare/puppet.h"

#define NONCE_BYTES 32u

/* That it was looked, and nothing found, since there were so many. @return now */
static uint64_t looked(uint64_t before)
{
	const struct puppet_mail *mail = puppet_mail();

	assert_true(mail->gates > before);
	assert_int_equal(mail->bared, 0);
	return mail->gates;
}

/* ---- X01: turns of the keeper ---- */

/* A report of the hardware's may have to be waited for. */
static uint64_t evidence_of(uint64_t box)
{
	uint64_t pages = machine_pages(1 + CBX_EVIDENCE_PAGES_MAX);
	static const uint8_t nonce[NONCE_BYTES] = { 1 };
	struct cbx_reply reply;

	machine_put(pages, nonce, sizeof(nonce));
	do {
		reply = box == 0 ? gate(MONITOR_EVIDENCE, pages, sizeof(nonce),
					   pages + 1, CBX_EVIDENCE_PAGES_MAX)
				 : gate(BOX_EVIDENCE, box, pages, sizeof(nonce),
					   pages + 1, CBX_EVIDENCE_PAGES_MAX);
	} while (reply.status == CBX_E_BUSY);
	assert_int_equal(reply.status, CBX_OK);
	return reply.ret[0];
}

void attack_x01_keepers_turns_leave_the_host_its_registers(void **state)
{
	uint64_t gates = puppet_mail()->gates;
	static struct machine_box victim;
	uint64_t page = machine_pages(1);

	(void)state;
	attack_victim(&victim);
	assert_int_not_equal(evidence_of(0), 0);
	gates = looked(gates);
	assert_int_not_equal(evidence_of(victim.handle), 0);
	gates = looked(gates);
	/* What it refuses it has looked at, too. */
	machine_put(page, "nonsense", 8);
	assert_int_not_equal(
		gate(BOX_SIGN, victim.handle, page).status, CBX_OK);
	gates = looked(gates);
	assert_int_not_equal(gate(ROOT_RELEASE, page, 144).status, CBX_OK);
	gates = looked(gates);
	/* A box's. */
	assert_int_equal(in_box(&victim, REPORT, MACHINE_DATA).status, CBX_OK);
	gates = looked(gates);
	(void)in_box(&victim, REPORT_CHECK, MACHINE_DATA);
	gates = looked(gates);
	assert_int_not_equal(
		in_box(&victim, SEAL_KEY, CBX_SEAL_EXACT, 0).status,
		MACHINE_NO_ANSWER);
	(void)looked(gates);
	attack_unharmed(&victim);
}

/* ---- X02: exits of a confined box ---- */

static void enter_until(struct machine_box *box, uint32_t wanted)
{
	uint32_t reason;

	do {
		reason = machine_enter(box);
		assert_true(reason == CBX_EXIT_IDLE ||
			    reason == CBX_EXIT_INTERRUPTED || reason == wanted);
		if (reason == CBX_EXIT_IDLE) {
			machine_wait(box->exit.ret[1]);
		}
	} while (reason != wanted);
}

/* Thread 0 makes a call with the secret in its vector registers. */
static void hold_and_call(struct machine_box *box, const struct cbx_call *call)
{
	uint64_t secret[CBX_CALL_ARGS] = { attack_secret[0], attack_secret[1] };

	assert_true(attack_instruction(box, boxcode_fill_vectors, secret));
	box->script[0].access = 0;
	box->script[0].call = *call;
	machine_begin(box, 0);
}

void attack_x02_confined_exits_leave_no_vector_registers(void **state)
{
	static const struct cbx_call output = { .id = CBX_CALL_CHANNEL_WRITE,
		.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, 8 } };
	static const struct cbx_call end = { .id = CBX_CALL_END, .arg = { 3 } };
	uint64_t gates = puppet_mail()->gates;
	static struct machine_box box;

	(void)state;
	machine_box(&box);
	attack_hide(&box, ATTACK_SECRET_VA);
	machine_confine(&box);
	for (uint32_t i = 0; i < 3; i++) {
		hold_and_call(&box, &output);
		enter_until(&box, CBX_EXIT_OUTPUT);
		gates = looked(gates);
	}
	hold_and_call(&box, &end);
	enter_until(&box, CBX_EXIT_ENDED);
	(void)looked(gates);
	attack_unseen();
}

/* ---- X02: a box that is left while it holds a secret ---- */

static struct dump {
	struct machine_box *box;
	uint64_t word[64];
} dump;

static void enter_and_dump(void *arg)
{
	struct dump *d = arg;

	do {
		d->box->exit = gate(BOX_ENTER, d->box->handle, d->box->io,
			d->box->io_count);
	} while (d->box->exit.status == CBX_OK &&
		 d->box->exit.ret[0] == CBX_EXIT_IDLE && !cpus_ending());
	(void)puppet_do(PUPPET_DUMP);
	memcpy(d->word, puppet_bytes(), sizeof(d->word));
}

void attack_x02_vector_registers_do_not_reach_the_host(void **state)
{
	static struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	for (uint32_t n = 0; n < 4; n++) {
		memcpy(victim.script[0].call.arg, attack_secret,
			sizeof(attack_secret));
		victim.script[0].access = MACHINE_SPIN;
		machine_begin(&victim, 0);
		dump.box = &victim;
		cpus_run(1, enter_and_dump, &dump);
		while (!machine_finished(&victim, 0)) {
			cbx_hal_cpu_relax();
		}
		must(BOX_KICK, victim.handle);
		cpus_join(1);
		for (uint32_t i = 0; i < 64; i++) {
			for (uint32_t j = 0; j < ATTACK_SECRET_WORDS; j++) {
				assert_int_not_equal(
					dump.word[i], attack_secret[j]);
			}
		}
	}
	attack_unharmed(&victim);
}
