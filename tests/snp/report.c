/* SPDX-License-Identifier: Apache-2.0 */
/* Reports and the root key of the lab's firmware, by the backend's own way.  No
 * keeper runs here: what it would do with a letter is done by its rules
 * (keeper/psp.h) and the lab's cryptography. */
#include <base/string.h>
#include <hal/snp/mail.h>
#include <keeper/psp.h>

#include "snp.h"

#include "../../lab/x86/library.h"
#include "../../lab/x86/snp/crypto.h"

#define ASK	 0x6c6162686f737400ull
#define REPLAY	 4
#define ALTER	 5
#define KEYS_AT	 0x20
#define VMPL_AT	 0x30
#define DATA_AT	 0x50
#define GUID_END 16

/* ---- in place of the keeper ---- */

static struct {
	uint8_t key[CBX_LETTER_KEY_BYTES];
	struct cbx_psp psp;
	uint8_t root[CBX_PSP_KEY_BYTES];
	bool wiped;
	bool root_again; /* is asked for in place of a report */
	bool seals_badly;
} keeper;
/* The letter, and behind it what is shared: for each of two keys. */
static uint8_t memory[2][(1 + CBX_SNP_MAIL_SHARED) * CBX_PAGE_SIZE]
	__attribute__((aligned(4096)));
static struct cbx_letter letter; /* on the desk */
static uint8_t *const text = letter.body + sizeof(struct cbx_psp_header);
static struct cbx_psp_header header;

static struct snp_aead aead(void)
{
	return (struct snp_aead){ keeper.key, header.number,
		letter.body + CBX_PSP_AAD, sizeof(header) - CBX_PSP_AAD, text,
		header.bytes };
}

static void seal(void *good)
{
	const struct snp_aead sealed = aead();

	*(bool *)good = snp_aead_seal(&sealed, letter.body);
}

static void open(void *good)
{
	const struct snp_aead sealed = aead();

	*(bool *)good = snp_aead_open(&sealed, letter.body);
}

static void hash(void *data)
{
	(void)snp_digest(letter.body, letter.bytes, data);
}

static bool ask_for(enum cbx_psp_type type, const uint8_t *asked, uint16_t size)
{
	bool good = false;

	if (cbx_psp_begin(&keeper.psp, type, size, &header) != CBX_OK) {
		return false;
	}
	memset(&letter, 0, sizeof(letter));
	memcpy(letter.body, &header, sizeof(header));
	memcpy(text, asked, size);
	letter.bytes = (uint32_t)sizeof(header) + size;
	lab_library(seal, &good);
	letter.body[0] ^= keeper.seals_badly ? 1 : 0;
	return good;
}

static bool ask_root(void)
{
	uint8_t asked[CBX_PSP_KEY_TEXT];

	cbx_psp_key_text(asked);
	return ask_for(CBX_PSP_KEY, asked, sizeof(asked));
}

/* The lab has no SHA-512: the digest is a shorter one, of the nonce alone. */
static bool ask_report(void)
{
	uint8_t asked[CBX_PSP_REPORT_TEXT];
	uint8_t data[64] = { 0 };

	if (letter.op == CBX_LETTER_ATTEST) {
		lab_library(hash, data);
	} else {
		memcpy(data, letter.body, sizeof(data));
	}
	cbx_psp_report_text(asked, data);
	return ask_for(CBX_PSP_REPORT, asked, sizeof(asked));
}

static bool take_answer(void)
{
	enum cbx_psp_type type = keeper.psp.under_way;
	bool good = false;

	memcpy(&header, letter.body, sizeof(header));
	if (cbx_psp_answer(&keeper.psp, &header) != CBX_OK) {
		return false;
	}
	lab_library(open, &good);
	cbx_psp_end(&keeper.psp, good);
	letter.bytes = 0;
	if (good && cbx_psp_granted(type, text, header.bytes)) {
		if (type == CBX_PSP_KEY) {
			memcpy(keeper.root, text + CBX_PSP_GRANTED,
				sizeof(keeper.root));
		} else {
			letter.bytes = CBX_PSP_REPORT_BYTES;
			memmove(letter.body, text + CBX_PSP_GRANTED,
				CBX_PSP_REPORT_BYTES);
		}
	}
	letter.op = CBX_LETTER_DONE;
	return good;
}

static bool keep(void)
{
	switch (letter.op) {
	case CBX_LETTER_KEY:
		memcpy(keeper.key, letter.body, sizeof(keeper.key));
		return ask_root();
	case CBX_LETTER_REPORT:
	case CBX_LETTER_ATTEST:
		return keeper.root_again ? ask_root() : ask_report();
	case CBX_LETTER_ANSWER:
		return take_answer();
	case CBX_LETTER_LOST:
		keeper.wiped = true;
		letter.op = CBX_LETTER_DONE;
		return true;
	default:
		return false;
	}
}

/* ---- the backend ---- */

static uint8_t page[CBX_PAGE_SIZE];
static struct cbx_hal_report report;

/* As the monitor's loop does, up to where the host would run. */
static void step(void)
{
	struct cbx_pfn pfn;

	while (cbx_snp_mail_step(0, true, &pfn)) {
		void *at = (void *)(pfn.n << CBX_PAGE_SHIFT);

		memcpy(&letter, at, sizeof(letter));
		if (keep()) {
			memcpy(at, &letter, sizeof(letter));
		} else {
			keeper.wiped = true;
		}
	}
}

/* With a level's key, which lies in the secrets page once. */
static bool start(uint8_t level)
{
	uint8_t *key =
		snp_secrets + KEYS_AT + (size_t)level * CBX_LETTER_KEY_BYTES;
	const struct cbx_snp_two_ways pages = {
		.pfn = { (uint64_t)memory[level] >> CBX_PAGE_SHIFT },
		.hidden = memory[level],
		.shared = (void *)((uint64_t)memory[level] + SNP_SHARED),
	};
	uint8_t any = 0;

	memset(&keeper, 0, sizeof(keeper));
	keeper.psp = (struct cbx_psp){ .number = 1, .key = level };
	cbx_snp_mail_start(&pages, key);
	for (size_t i = 0; i < CBX_LETTER_KEY_BYTES; i++) {
		any |= key[i];
	}
	step();
	return any == 0 && !keeper.wiped;
}

static bool ask(uint8_t first)
{
	uint8_t data[64];

	for (uint8_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(first + i);
	}
	return cbx_hal_report_start(data) == CBX_OK &&
	       cbx_hal_report_next(0, page, &report) == CBX_E_BUSY;
}

static enum cbx_status get(void)
{
	step();
	return cbx_hal_report_next(0, page, &report);
}

/* A table of certificates begins with a GUID. */
static bool has_certificates(void)
{
	uint8_t any = 0;

	for (size_t i = 0; i < GUID_END; i++) {
		any |= page[CBX_PSP_REPORT_BYTES + i];
	}
	return any != 0 && report.endorsements == CBX_SNP_TABLE_BYTES &&
	       report.size == CBX_PSP_REPORT_BYTES + report.endorsements;
}

/* VMPL0's, with the data that was asked for; twice, as numbers go on. */
bool a_report_is_of_the_monitor(void)
{
	if (!start(0)) {
		return false;
	}
	for (uint8_t first = 1; first < 3; first++) {
		if (!ask(first) || get() != CBX_OK || page[VMPL_AT] != 0 ||
			page[DATA_AT] != first ||
			page[DATA_AT + 63] != first + 63 ||
			!has_certificates()) {
			return false;
		}
	}
	return keeper.psp.number == 7 && !keeper.wiped;
}

/* The root, which came at the start. */
bool a_key_is_the_same_again(void)
{
	const uint8_t none[CBX_PSP_KEY_BYTES] = { 0 };
	uint8_t first[CBX_PSP_KEY_BYTES];
	bool good;

	memcpy(first, keeper.root, sizeof(first));
	memset(keeper.root, 0, sizeof(keeper.root));
	keeper.root_again = true;
	good = ask(3) && get() == CBX_E_HARDWARE; /* it is no report */
	keeper.root_again = false;
	return good && memcmp(first, none, sizeof(first)) != 0 &&
	       memcmp(first, keeper.root, sizeof(first)) == 0;
}

bool a_host_is_attested_to(void)
{
	uint8_t nonce[64] = { 5, 6, 7 };
	uint8_t data[64] = { 0 };
	const uint8_t *made;

	if (cbx_snp_attest(nonce, &made, &report.size) != CBX_E_BUSY) {
		return false;
	}
	step();
	if (cbx_snp_attest(nonce, &made, &report.size) != CBX_OK) {
		return false;
	}
	report.endorsements = report.size - CBX_SNP_REPORT_BYTES;
	memcpy(page, made, sizeof(page));
	memcpy(letter.body, nonce, sizeof(nonce));
	letter.bytes = sizeof(nonce);
	lab_library(hash, data);
	return page[VMPL_AT] == 0 && has_certificates() &&
	       memcmp(page + DATA_AT, data, sizeof(data)) == 0;
}

/* No report, now and later; and the keeper knows. */
static bool is_dead(void)
{
	return get() == CBX_E_HARDWARE && keeper.wiped && !ask(9) &&
	       cbx_hal_report_next(0, page, &report) == CBX_E_HARDWARE;
}

bool what_nobody_sealed_is_the_keys_end(void)
{
	keeper.seals_badly = true;
	return ask(7) && is_dead();
}

static void ask_hypervisor(uint64_t act)
{
	uint64_t rax = ASK | act;

	__asm__ volatile(".byte 0x0f, 0x01, 0xd9"
			 : "+a"(rax)
			 : "c"(1ull), "d"(0ull)
			 : "memory");
}

bool what_the_hypervisor_alters_is_the_keys_end(void)
{
	ask_hypervisor(ALTER);
	return ask(7) && is_dead();
}

/* By VMPL1's key, which may not ask for VMPL0: it is told so, in an answer. */
bool what_it_says_again_is_the_keys_end(void)
{
	if (!start(1) || !ask(7) || get() != CBX_E_HARDWARE || keeper.wiped ||
		!ask(8)) {
		return false;
	}
	ask_hypervisor(REPLAY);
	return is_dead();
}
