/* SPDX-License-Identifier: Apache-2.0 */
/* Reports and keys of the lab's firmware.  The messages are the backend's; they
 * are sealed and opened here, by the lab's cryptography, as no keeper runs yet. */
#include <base/string.h>
#include <hal/snp/pure/message.h>
#include <hal/snp/talk.h>

#include "snp.h"

#include "../../lab/x86/library.h"
#include "../../lab/x86/snp/crypto.h"

#define ASK	0x6c6162686f737400ull
#define REPLAY	4
#define ALTER	5
#define KEYS_AT 0x20
#define VMPL_AT 0x30
#define DATA_AT 0x50

static uint8_t request[CBX_PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t response[CBX_PAGE_SIZE] __attribute__((aligned(4096)));

/* Private: the request, then the answer. */
static uint8_t message[CBX_PAGE_SIZE] __attribute__((aligned(4096)));
static struct cbx_psp_header *const header = (void *)message;
static uint8_t *const text = message + sizeof(struct cbx_psp_header);
static struct cbx_psp psp = { .number = 1 };

static struct cbx_pfn pfn_of(const uint8_t *page)
{
	return (struct cbx_pfn){ (uint64_t)page >> CBX_PAGE_SHIFT };
}

static void *shared(uint8_t *page)
{
	return (void *)((uint64_t)page + SNP_SHARED);
}

static bool share(void)
{
	static bool is_shared;
	uint64_t done;

	if (!is_shared) {
		is_shared = cbx_hal_page_release(pfn_of(request), 1, &done) ==
				    CBX_OK &&
			    cbx_hal_page_release(pfn_of(response), 1, &done) ==
				    CBX_OK;
	}
	return is_shared;
}

static struct snp_aead aead(void)
{
	return (struct snp_aead){ snp_secrets + KEYS_AT +
					  (size_t)psp.key * SNP_AEAD_KEY,
		header->number, message + CBX_PSP_AAD,
		sizeof(*header) - CBX_PSP_AAD, text, header->bytes };
}

static void seal(void *good)
{
	const struct snp_aead sealed = aead();

	*(bool *)good = snp_aead_seal(&sealed, message);
}

static void open(void *good)
{
	const struct snp_aead sealed = aead();

	*(bool *)good = snp_aead_open(&sealed, message);
}

/* A header, and a text that is sealed, or is not. */
static bool begin(enum cbx_psp_type type, const uint8_t *asked, uint16_t bytes)
{
	bool good = false;

	memset(message, 0, sizeof(message));
	if (!share() || cbx_psp_begin(&psp, type, bytes, header) != CBX_OK) {
		return false;
	}
	memcpy(text, asked, bytes);
	lab_library(seal, &good);
	return good;
}

static enum cbx_status send(void)
{
	uint64_t info2;

	memcpy(shared(request), message, sizeof(message));
	if (cbx_snp_send(pfn_of(request), pfn_of(response), &info2) != CBX_OK) {
		return CBX_E_INVALID;
	}
	return cbx_psp_sent(&psp, info2);
}

/* The answer, copied once; its header, and what was sealed. */
static enum cbx_status take(void)
{
	bool good = false;
	enum cbx_status status;

	memcpy(message, shared(response), sizeof(message));
	status = cbx_psp_answer(&psp, header);
	if (status != CBX_OK) {
		return status;
	}
	lab_library(open, &good);
	cbx_psp_end(&psp, good);
	return good ? CBX_OK : CBX_E_DENIED;
}

static bool exchange(
	enum cbx_psp_type type, const uint8_t *asked, uint16_t bytes)
{
	return begin(type, asked, bytes) && send() == CBX_OK &&
	       take() == CBX_OK && cbx_psp_granted(type, text, header->bytes);
}

static bool ask_report(uint8_t first)
{
	uint8_t asked[CBX_PSP_REPORT_TEXT];
	uint8_t data[64];

	for (uint8_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(first + i);
	}
	cbx_psp_report_text(asked, data);
	return begin(CBX_PSP_REPORT, asked, sizeof(asked));
}

/* VMPL0's, with the data that was asked for; twice, as numbers go on. */
bool a_report_is_of_the_monitor(void)
{
	const uint8_t *report = text + CBX_PSP_GRANTED;

	for (uint8_t first = 1; first < 3; first++) {
		if (!ask_report(first) || send() != CBX_OK ||
			take() != CBX_OK ||
			!cbx_psp_granted(CBX_PSP_REPORT, text, header->bytes) ||
			report[VMPL_AT] != 0 || report[DATA_AT] != first ||
			report[DATA_AT + 63] != first + 63) {
			return false;
		}
	}
	return psp.number == 5 && !psp.dead;
}

bool a_key_is_the_same_again(void)
{
	uint8_t asked[CBX_PSP_KEY_TEXT];
	uint8_t first[CBX_PSP_KEY_BYTES];
	const uint8_t *key = text + CBX_PSP_GRANTED;
	const uint8_t none[CBX_PSP_KEY_BYTES] = { 0 };

	cbx_psp_key_text(asked);
	if (!exchange(CBX_PSP_KEY, asked, sizeof(asked))) {
		return false;
	}
	memcpy(first, key, sizeof(first));
	return memcmp(first, none, sizeof(first)) != 0 &&
	       exchange(CBX_PSP_KEY, asked, sizeof(asked)) &&
	       memcmp(first, key, sizeof(first)) == 0;
}

static bool is_dead(void)
{
	struct cbx_psp_header other;

	return psp.dead && cbx_psp_begin(&psp, CBX_PSP_REPORT,
				   CBX_PSP_REPORT_TEXT, &other) == CBX_E_STATE;
}

bool what_nobody_sealed_is_the_keys_end(void)
{
	if (!ask_report(7)) {
		return false;
	}
	message[0] ^= 1;
	return send() == CBX_E_HARDWARE && is_dead();
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
	if (!ask_report(7)) {
		return false;
	}
	ask_hypervisor(ALTER);
	return send() == CBX_OK && take() == CBX_E_DENIED && is_dead();
}

/* By VMPL1's key, which may not ask for VMPL0: it is told so, in an answer. */
bool what_it_says_again_is_the_keys_end(void)
{
	psp = (struct cbx_psp){ .number = 1, .key = 1 };
	if (!ask_report(7) || send() != CBX_OK || take() != CBX_OK ||
		cbx_psp_granted(CBX_PSP_REPORT, text, header->bytes) ||
		!ask_report(8)) {
		return false;
	}
	ask_hypervisor(REPLAY);
	return send() == CBX_OK && take() == CBX_E_HARDWARE && is_dead();
}
