/* SPDX-License-Identifier: Apache-2.0 */
#include "post.h"

#include <keeper/secret.h>
#include <keeper/serve.h>
#include <keeper/work.h>

/* With it, as a machine that starts anew begins with nothing of it. */
#include "../../../src/hal/snp/mail.c"

struct snp_firmware firmware;
struct post post;

static void lay_table(void)
{
	uint8_t *table = machine_memory[(size_t)POST_SHARED + 2];

	if (post.table == NULL) {
		memset(table, 0xce, CBX_SNP_TABLE_BYTES);
	} else {
		memcpy(table, post.table, post.table_bytes);
	}
}

static struct snp_nae_answer hand_on(const struct snp_nae *nae)
{
	uint8_t *response = machine_memory[POST_SHARED + 1];
	enum snp_status status = snp_message_serve(
		&firmware, machine_memory[POST_SHARED], response);

	if (status == SNP_STATUS_SUCCESS) {
		if (nae->event == SNP_EVENT_EXTENDED_REQUEST) {
			lay_table();
		}
		if (post.tamper != NULL) {
			post.tamper(response);
		}
	}
	return snp_nae_done(SNP_REQUEST_INFO2(status, 0));
}

static struct snp_nae_answer serve(const struct snp_nae *nae)
{
	bool extended = nae->event == SNP_EVENT_EXTENDED_REQUEST;

	assert_int_equal(nae->info1, POST_SHARED << 12);
	assert_int_equal(nae->info2, (POST_SHARED + 1) << 12);
	if (post.sent++ == 0) {
		memcpy(post.first, machine_memory[POST_SHARED], CBX_PAGE_SIZE);
	}
	post.changed =
		post.changed || memcmp(post.first, machine_memory[POST_SHARED],
					CBX_PAGE_SIZE) != 0;
	if (post.malformed) {
		return (struct snp_nae_answer){ .info1 = 9 };
	}
	if (post.refuses || (extended && post.no_table)) {
		return snp_nae_refused(SNP_GHCB_INVALID_EVENT);
	}
	if (extended && post.no_room) {
		return snp_nae_done(SNP_REQUEST_INFO2(0, SNP_REQUEST_NO_ROOM));
	}
	if (post.later != 0) {
		post.later--;
		return snp_nae_done(SNP_REQUEST_INFO2(0, SNP_REQUEST_BUSY));
	}
	return post.answer != 0 ? snp_nae_done(post.answer) : hand_on(nae);
}

void post_keep(struct cbx_pfn pfn)
{
	struct cbx_desk desk = { .op = CBX_DESK_LETTER };
	uint8_t data[CBX_PAGE_SIZE];

	assert_int_equal(pfn.n, POST_LETTER);
	memcpy(data, machine_memory[POST_LETTER], sizeof(data));
	if (cbx_keeper_serve(&desk, data, sizeof(data)) == CBX_OK) {
		memcpy(machine_memory[POST_LETTER], data, sizeof(data));
	}
}

uint32_t post_step(void)
{
	struct cbx_pfn letter;
	uint32_t letters = 0;

	while (cbx_snp_mail_step(machine.cpu, true, &letter)) {
		post_keep(letter);
		letters++;
	}
	return letters;
}

uint8_t *post_key(void)
{
	static uint8_t secrets[CBX_LETTER_KEY_BYTES];

	memcpy(secrets, firmware.vmpck[0], sizeof(secrets));
	return secrets;
}

void post_start(void)
{
	static const struct cbx_snp_two_ways two = {
		.pfn = { MACHINE_GHCB },
		.hidden = machine_memory[MACHINE_GHCB],
		.shared = machine_memory[MACHINE_GHCB],
	};

	static const struct cbx_snp_two_ways pages = {
		.pfn = { POST_LETTER },
		.hidden = machine_memory[POST_LETTER],
		.shared = machine_memory[POST_LETTER],
	};

	assert_null(cbx_snp_ghcb_start(&two, MACHINE_C));
	machine.message = serve;
	cbx_snp_mail_start(&pages, post_key());
}

void post_look_anew(void)
{
	post.sent = 0;
	post.changed = false;
}

int post_boot(void **state)
{
	machine_boot(state);
	memset(&mail, 0, sizeof(mail));
	memset(orders, 0, sizeof(orders));
	cbx_secret_forget();
	cbx_letter_forget();
	firmware = psp_make();
	memset(&post, 0, sizeof(post));
	return 0;
}

int post_boot_started(void **state)
{
	post_boot(state);
	post_start();
	assert_int_equal(post_step(), 2); /* the key; the root */
	post_look_anew();
	return 0;
}
