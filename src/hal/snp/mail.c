/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <base/string.h>
#include <hal/snp/mail.h>

/* What the hypervisor says of a message, beside 0: an answer lies there, and
 * what is the firmware's refusal. */
#define NO_ROOM (1ull << 32) /* for certificates */
#define LATER	(2ull << 32)

/* What is asked for, the last of each: the core's reports, the host's. */
static struct order {
	enum {
		NOTHING,
		WANTED,
		MADE,
		REFUSED
	} state;
	uint32_t size; /* made */
	uint8_t asked[CBX_HAL_REPORT_DATA];
	uint8_t made[CBX_SNP_REPORT_BYTES + CBX_SNP_TABLE_BYTES];
} orders[2];

static struct {
	atomic_uint taken; /* by this CPU, plus 1; 0: by nobody */
	struct cbx_pfn pfn;
	struct cbx_letter *letter; /* of page pfn */
	uint8_t *shared;	   /* of those behind it */
	struct order *current;	   /* its message is under way */
	uint32_t table; /* bytes the hypervisor is offered for certificates */
	enum {
		DEAD,
		IDLE,
		SEALED,
		ANSWERED
	} phase; /* of the letter */
} mail;

/* Nobody waits: who comes second comes again.  Whose loop has the letter has all
 * of this until its next step. */
static bool take(void)
{
	uint32_t nobody = 0;

	return atomic_compare_exchange_strong(
		&mail.taken, &nobody, cbx_hal_cpu() + 1);
}

static enum cbx_status drop(enum cbx_status status)
{
	atomic_store(&mail.taken, 0);
	return status;
}

static void write_letter(uint32_t op, const uint8_t *body, uint32_t bytes)
{
	memset(mail.letter, 0, sizeof(*mail.letter));
	mail.letter->op = op;
	mail.letter->bytes = bytes;
	memcpy(mail.letter->body, body, bytes);
}

void cbx_snp_mail_start(
	const struct cbx_snp_two_ways *pages, uint8_t key[CBX_LETTER_KEY_BYTES])
{
	uint64_t done;
	enum cbx_status status = cbx_hal_page_release(
		cbx_pfn_add(pages->pfn, 1), CBX_SNP_MAIL_SHARED, &done);

	CBX_ASSERT(status == CBX_OK);
	mail.pfn = pages->pfn;
	mail.letter = pages->hidden;
	mail.shared = (uint8_t *)(uintptr_t)pages->shared + CBX_PAGE_SIZE;
	mail.table = CBX_SNP_TABLE_BYTES;
	mail.phase = IDLE;
	write_letter(CBX_LETTER_KEY, key, CBX_LETTER_KEY_BYTES);
	memset(key, 0, CBX_LETTER_KEY_BYTES);
}

/* There will be no message any more; the keeper is told, or told it. */
static void end(uint32_t op)
{
	mail.phase = DEAD;
	mail.current = NULL;
	write_letter(op, mail.shared, 0);
}

/* What comes back is the hypervisor's, and copied once: the answer here.
 * Refused for its certificates, or for now, the same bytes are sent at the next
 * step. */
static void send(void)
{
	const uint64_t at = (mail.pfn.n + 1) << CBX_PAGE_SHIFT;
	uint32_t table = mail.current == NULL ? 0 : mail.table;
	const struct cbx_ghcb_call call = {
		.event = table != 0 ? CBX_GHCB_EXTENDED : CBX_GHCB_REQUEST,
		.info1 = at,
		.info2 = at + CBX_PAGE_SIZE,
		.field = { at + 2 * CBX_PAGE_SIZE, table >> CBX_PAGE_SHIFT },
		.fields = table != 0 ? CBX_GHCB_RAX | CBX_GHCB_RBX : 0,
	};
	struct cbx_ghcb_answer answer;
	enum cbx_status status;

	memset(mail.shared, 0, CBX_SNP_MAIL_SHARED * CBX_PAGE_SIZE);
	memcpy(mail.shared, mail.letter->body, mail.letter->bytes);
	status = cbx_snp_ask(&call, 0, &answer);
	if (status == CBX_OK && answer.info2 == 0) {
		mail.phase = ANSWERED;
		write_letter(CBX_LETTER_ANSWER, mail.shared + CBX_PAGE_SIZE,
			sizeof(mail.letter->body));
	} else if (table != 0 &&
		   (status == CBX_E_HARDWARE || answer.info2 == NO_ROOM)) {
		mail.table = 0;
	} else if (status != CBX_OK || answer.info2 != LATER) {
		end(CBX_LETTER_LOST);
	}
}

/* The letter is back: a message to send, or what was asked for.  What it says of
 * itself is the keeper's word. */
static void came_back(void)
{
	struct order *o = mail.current;

	if (mail.letter->op != CBX_LETTER_DONE ||
		mail.letter->bytes > sizeof(mail.letter->body)) {
		end(CBX_LETTER_DONE);
	} else if (mail.phase == IDLE) {
		mail.phase = SEALED;
	} else if (mail.phase == ANSWERED) {
		mail.phase = IDLE;
		mail.current = NULL;
		if (o != NULL) {
			o->state = mail.letter->bytes != 0 ? MADE : REFUSED;
			o->size = CBX_SNP_REPORT_BYTES + mail.table;
			memcpy(o->made, mail.letter->body,
				CBX_SNP_REPORT_BYTES);
			memcpy(o->made + CBX_SNP_REPORT_BYTES,
				mail.shared + 2 * CBX_PAGE_SIZE, mail.table);
		}
	}
}

/* Ask for what is wanted next. */
static void begin(void)
{
	uint32_t i = orders[0].state == WANTED ? 0 : 1;

	if (orders[i].state == WANTED) {
		mail.current = &orders[i];
		write_letter(CBX_LETTER_REPORT + i, orders[i].asked,
			CBX_HAL_REPORT_DATA);
	}
}

bool cbx_snp_mail_step(uint32_t cpu, bool has_host, struct cbx_pfn *letter)
{
	if (atomic_load(&mail.taken) == cpu + 1) {
		came_back();
	} else if (!has_host || mail.letter == NULL || !take()) {
		return false;
	}
	if (mail.phase == SEALED) {
		send();
	} else if (mail.phase == IDLE && mail.letter->op == CBX_LETTER_DONE) {
		begin();
	}
	*letter = mail.pfn;
	return mail.letter->op != CBX_LETTER_DONE || drop(CBX_OK) != CBX_OK;
}

static enum cbx_status want(
	struct order *o, const uint8_t asked[CBX_HAL_REPORT_DATA])
{
	if (o == mail.current) {
		return CBX_E_BUSY;
	}
	o->state = WANTED;
	memcpy(o->asked, asked, CBX_HAL_REPORT_DATA);
	return mail.phase != DEAD ? CBX_OK : CBX_E_HARDWARE;
}

static enum cbx_status status_of(const struct order *o)
{
	return o->state == MADE				  ? CBX_OK
	       : o->state == WANTED && mail.phase != DEAD ? CBX_E_BUSY
							  : CBX_E_HARDWARE;
}

static enum cbx_status read_page(const struct order *o, uint32_t index,
	uint8_t *page, struct cbx_hal_report *report)
{
	uint32_t at = index * (uint32_t)CBX_PAGE_SIZE;
	uint32_t left = o->size - at;
	enum cbx_status status = status_of(o);

	if (status == CBX_OK) {
		CBX_ASSERT(at < o->size);
		memset(page, 0, CBX_PAGE_SIZE);
		memcpy(page, o->made + at,
			left < CBX_PAGE_SIZE ? left : CBX_PAGE_SIZE);
		*report = (struct cbx_hal_report){ CBX_PLATFORM_SNP, o->size,
			o->size - CBX_SNP_REPORT_BYTES };
	}
	return status;
}

enum cbx_status cbx_hal_report_start(const uint8_t data[CBX_HAL_REPORT_DATA])
{
	return take() ? drop(want(&orders[0], data)) : CBX_E_BUSY;
}

enum cbx_status cbx_hal_report_next(
	uint32_t index, uint8_t *page, struct cbx_hal_report *report)
{
	return take() ? drop(read_page(&orders[0], index, page, report))
		      : CBX_E_BUSY;
}

enum cbx_status cbx_snp_attest(const uint8_t nonce[CBX_HAL_REPORT_DATA],
	const uint8_t **made, uint32_t *size)
{
	struct order *o = &orders[1];

	if (!take()) {
		return CBX_E_BUSY;
	}
	if (o->state == NOTHING ||
		memcmp(o->asked, nonce, sizeof(o->asked)) != 0) {
		(void)want(o, nonce); /* or the other one's is under way */
	}
	*made = o->made;
	*size = o->size;
	return drop(status_of(o));
}

/* There is one, which nobody but the keeper sees (base/letter.h). */
enum cbx_status cbx_hal_root_key(uint8_t key[CBX_SEAL_KEY_BYTES])
{
	(void)key;
	return CBX_E_UNSUPPORTED;
}
