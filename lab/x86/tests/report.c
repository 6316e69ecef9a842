/* SPDX-License-Identifier: Apache-2.0 */
/* Reports and keys, as a guest asks its chip for them. */
#include "../host.h"
#include "../library.h"
#include "../say.h"
#include "../snp/bytes.h"
#include "../snp/crypto.h"
#include "ghcb.h"
#include "guest.h"

#define KEYS_AT	       0x20
#define KEY_BYTES      32
#define HEADER	       0x60
#define HEADER_AAD     0x30
#define KEY_TYPE       3
#define REPORT_TYPE    5
#define KEY_SIZE       0x20
#define REPORT_SIZE    0x60
#define REPORT_AT      (HEADER + 0x20)
#define REPORT_BYTES   0x4a0
#define REPORT_VMPL    0x30
#define REPORT_DATA    0x50
#define TABLE_PAGES    4
#define NO_ROOM	       (1ull << 32)
#define OF_MEASUREMENT 8

/* What the firmware says, to the host or inside. */
enum {
	SUCCESS = 0,
	NOT_AUTHENTIC = 0x0b,
	INVALID = 0x16,
};

extern const uint8_t guest_secrets[4096];

/* At their addresses private until they are shared, then at GUEST_SHARED. */
static uint8_t request[4096] __attribute__((aligned(4096)));
static uint8_t response[4096] __attribute__((aligned(4096)));
static uint8_t table[TABLE_PAGES][4096] __attribute__((aligned(4096)));
static struct lab_ghcb lower_ghcb __attribute__((aligned(4096)));

/* Private: the request, then the answer. */
static uint8_t message[4096] __attribute__((aligned(4096)));
static uint64_t sent[4]; /* messages that went either way, by key */

static void *shared(void *page)
{
	uint64_t at = (uint64_t)page;

	__asm__("" : "+r"(at)); /* beyond what the compiler knows of it */
	return (void *)(at + GUEST_SHARED);
}

/* A message before it is sealed: what each kind has beside zeros. */
struct ask {
	uint8_t key, type;
	uint32_t vmpl;
	uint64_t fields; /* of a derived key */
};

static uint16_t size_of(const struct ask *ask)
{
	return ask->type == KEY_TYPE ? KEY_SIZE : REPORT_SIZE;
}

static void fill(const struct ask *ask)
{
	uint8_t *payload = message + HEADER;

	snp_clear(message, sizeof(message));
	snp_store(message + 0x20, sent[ask->key] + 1, 8);
	message[0x30] = 1;
	message[0x31] = 1;
	message[0x32] = HEADER;
	message[0x34] = ask->type;
	message[0x35] = 1;
	snp_store(message + 0x36, size_of(ask), 2);
	message[0x3c] = ask->key;
	if (ask->type == KEY_TYPE) {
		snp_store(payload + 0x08, ask->fields, 8);
		snp_store(payload + 0x10, ask->vmpl, 4);
	} else {
		for (uint8_t i = 0; i < 64; i++) {
			payload[i] = (uint8_t)(0x80 + i);
		}
		snp_store(payload + 0x40, ask->vmpl, 4);
	}
}

struct work {
	uint8_t key;
	uint64_t number;
	size_t size;
	bool good;
};

static struct snp_aead aead_of(const struct work *work)
{
	return (struct snp_aead){ guest_secrets + KEYS_AT +
					  (size_t)work->key * KEY_BYTES,
		work->number, message + HEADER_AAD, HEADER - HEADER_AAD,
		message + HEADER, work->size };
}

static void seal(void *with)
{
	struct work *work = with;
	struct snp_aead aead = aead_of(work);

	work->good = snp_aead_seal(&aead, message);
}

static void open(void *with)
{
	struct work *work = with;
	struct snp_aead aead = aead_of(work);

	work->good = snp_aead_open(&aead, message);
}

/* To the page the host sees. */
static bool put(const struct ask *ask, uint8_t sealed_with)
{
	struct work work = { sealed_with, sent[ask->key] + 1, size_of(ask),
		false };

	fill(ask);
	lab_library(seal, &work);
	memcpy(shared(request), message, sizeof(message));
	return work.good;
}

/* From there: the answer that belongs to it, and to nothing else. */
static bool take(const struct ask *ask)
{
	struct work work = { ask->key, sent[ask->key] + 2, 0, false };

	memcpy(message, shared(response), sizeof(message));
	work.size = snp_load(message + 0x36, 2);
	if (snp_load(message + 0x20, 8) != work.number ||
		message[0x34] != ask->type + 1 || message[0x3c] != ask->key ||
		work.size > sizeof(message) - HEADER) {
		return false;
	}
	lab_library(open, &work);
	sent[ask->key] += work.good ? 2 : 0;
	return work.good;
}

static uint64_t inside(void)
{
	return snp_load(message + HEADER, 4);
}

/* By VMPL0; the firmware's word to the host, or the host's refusal and 1 << 63. */
static uint64_t send(void)
{
	volatile struct lab_ghcb *page = guest_page();
	uint64_t why = guest_event(
		LAB_NAE_REQUEST, (uint64_t)request, (uint64_t)response);

	return why == 0 ? page->exit_info2 : 1ull << 63 | why;
}

static bool ask_and_take(const struct ask *ask)
{
	return put(ask, ask->key) && send() == SUCCESS && take(ask);
}

static bool share_all(void)
{
	bool good = guest_share((uint64_t)request) &&
		    guest_share((uint64_t)response);

	for (int i = 0; i < TABLE_PAGES; i++) {
		good = good && guest_share((uint64_t)table[i]);
	}
	return good;
}

static void print(const char *what, const uint8_t *bytes, size_t count)
{
	lab_say("guest: %s ", what);
	for (size_t i = 0; i < count; i++) {
		lab_say("%x%x", (uint64_t)bytes[i] >> 4,
			(uint64_t)bytes[i] & 15);
	}
	lab_say("\n");
}

static bool is_report_of(uint64_t vmpl)
{
	const uint8_t *report = message + REPORT_AT;

	return inside() == SUCCESS &&
	       snp_load(message + HEADER + 4, 4) == REPORT_BYTES &&
	       snp_load(report + REPORT_VMPL, 4) == vmpl &&
	       report[REPORT_DATA] == 0x80 && report[REPORT_DATA + 63] == 0xbf;
}

static uint64_t send_extended(uint64_t pages)
{
	volatile struct lab_ghcb *page = guest_page();
	uint64_t why;

	page->rax = (uint64_t)table;
	page->rbx = pages;
	page->valid[1] = 1ull << LAB_GHCB_BIT(rbx) % 64;
	why = guest_event(LAB_NAE_EXTENDED_REQUEST, (uint64_t)request,
		(uint64_t)response);
	return why == 0 ? page->exit_info2 : 1ull << 63 | why;
}

bool guest_report_has_certificates(void)
{
	volatile struct lab_ghcb *page = guest_page();
	const struct ask ask = { 0, REPORT_TYPE, 0, 0 };
	uint64_t pages;

	guest_make_tables();
	if (!share_all() || !put(&ask, 0) || send_extended(0) != NO_ROOM) {
		return false;
	}
	pages = page->rbx; /* nothing was sent yet: the same message again */
	if (pages == 0 || pages > TABLE_PAGES ||
		send_extended(pages) != SUCCESS || !take(&ask) ||
		!is_report_of(0)) {
		return false;
	}
	print("report0", message + REPORT_AT, REPORT_BYTES);
	print("table", shared(table), pages * LAB_PAGE);
	return true;
}

bool guest_report_is_of_any_level_below(void)
{
	for (uint32_t vmpl = 1; vmpl < 5; vmpl++) {
		const struct ask ask = { 0, REPORT_TYPE, vmpl, 0 };

		if (!ask_and_take(&ask) || (vmpl < 4 ? !is_report_of(vmpl)
						     : inside() != INVALID)) {
			return false;
		}
	}
	return true;
}

/* VMPL1 exits with a page of its own. */
static uint64_t lower_exit(uint64_t value)
{
	return guest_order(GUEST_EXIT, value) ? guest_vmsa.save.r8_15[0] : 0;
}

static uint64_t send_lower(void)
{
	volatile struct lab_ghcb *page = shared(&lower_ghcb);

	page->version = LAB_GHCB_VERSION;
	page->usage = 0;
	page->exit_code = LAB_NAE_REQUEST;
	page->exit_info1 = (uint64_t)request;
	page->exit_info2 = (uint64_t)response;
	page->valid[0] = 0;
	page->valid[1] = 7ull << LAB_GHCB_BIT(exit_code) % 64;
	lower_exit((uint64_t)&lower_ghcb);
	return page->exit_info1 == 0 ? page->exit_info2
				     : 1ull << 63 | page->exit_info2;
}

bool guest_report_of_vmpl1_is_by_its_own_key(void)
{
	const struct ask ask = { 1, REPORT_TYPE, 1, 0 };
	uint64_t gpa = (uint64_t)&lower_ghcb;

	if (!guest_share(gpa) ||
		lower_exit(gpa | LAB_GHCB_REGISTER) !=
			(gpa | (LAB_GHCB_REGISTER + 1)) ||
		!put(&ask, 1) || send_lower() != SUCCESS || !take(&ask) ||
		!is_report_of(1)) {
		return false;
	}
	print("report1", message + REPORT_AT, REPORT_BYTES);
	return true;
}

bool guest_report_of_vmpl0_is_not_vmpl1s(void)
{
	const struct ask ask = { 1, REPORT_TYPE, 0, 0 };

	return put(&ask, 1) && send_lower() == SUCCESS && take(&ask) &&
	       inside() == INVALID &&
	       snp_is_zero(message + REPORT_AT, REPORT_BYTES);
}

/* VMPL1's key under VMPL0's name: who sends it does not matter. */
bool guest_message_needs_its_key(void)
{
	const struct ask ask = { 0, REPORT_TYPE, 0, 0 };

	return put(&ask, 1) && send_lower() == NOT_AUTHENTIC &&
	       send() == NOT_AUTHENTIC && ask_and_take(&ask) && is_report_of(0);
}

bool guest_message_is_not_sent_twice(void)
{
	const struct ask ask = { 0, REPORT_TYPE, 0, 0 };

	return put(&ask, 0) && send() == SUCCESS && send() == INVALID &&
	       take(&ask) && is_report_of(0) && ask_and_take(&ask);
}

bool guest_message_lies_in_shared_memory(void)
{
	const struct ask ask = { 0, REPORT_TYPE, 0, 0 };
	const uint64_t places[][2] = { { (uint64_t)message,
					       (uint64_t)response },
		{ (uint64_t)request, (uint64_t)message },
		{ GUEST_LAB, (uint64_t)response },
		{ (uint64_t)request, GUEST_LAB },
		{ (uint64_t)request, (uint64_t)request } };

	if (!put(&ask, 0)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (guest_event(LAB_NAE_REQUEST, places[i][0], places[i][1]) !=
			LAB_NAE_INVALID) {
			return false;
		}
	}
	return send() == SUCCESS && take(&ask);
}

bool guest_keys_are_by_level_and_measurement(void)
{
	const struct ask asks[] = { { 0, KEY_TYPE, 0, 0 },
		{ 0, KEY_TYPE, 0, 0 }, { 0, KEY_TYPE, 1, 0 },
		{ 0, KEY_TYPE, 0, OF_MEASUREMENT }, { 1, KEY_TYPE, 1, 0 },
		{ 1, KEY_TYPE, 0, 0 } };
	uint8_t keys[6][KEY_BYTES];

	for (size_t i = 0; i < 6; i++) {
		if (!ask_and_take(&asks[i]) ||
			inside() != (i == 5 ? INVALID : SUCCESS)) {
			return false;
		}
		memcpy(keys[i], message + REPORT_AT, KEY_BYTES);
	}
	print("key", keys[3], KEY_BYTES);
	return memcmp(keys[0], keys[1], KEY_BYTES) == 0 &&
	       memcmp(keys[0], keys[2], KEY_BYTES) != 0 &&
	       memcmp(keys[0], keys[3], KEY_BYTES) != 0 &&
	       memcmp(keys[2], keys[4], KEY_BYTES) == 0 &&
	       snp_is_zero(keys[5], KEY_BYTES);
}

/* The old answer is not this message's; sent again, it has one. */
bool guest_host_plays_an_answer_again(void)
{
	const struct ask ask = { 0, REPORT_TYPE, 0, 0 };

	guest_make_tables();
	return share_all() && ask_and_take(&ask) && is_report_of(0) &&
	       guest_ask_host(LAB_ACT_REPLAY, 1, 0) == 0 && put(&ask, 0) &&
	       send() == SUCCESS && !take(&ask) && send() == SUCCESS &&
	       take(&ask) && is_report_of(0);
}

/* It is lost then: the chip has counted. */
bool guest_host_alters_an_answer(void)
{
	const struct ask ask = { 0, REPORT_TYPE, 0, 0 };

	return guest_ask_host(LAB_ACT_ALTER, 1, 0) == 0 && put(&ask, 0) &&
	       send() == SUCCESS && !take(&ask) && send() == INVALID;
}
