/* SPDX-License-Identifier: Apache-2.0 */
/* A hypervisor that means ill, told when and how by this program (lab.host=ask):
 * what the parts make of it. */
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>

#include "snp.h"

#define ASK	 0x6c6162686f737400ull
#define ALWAYS	 (~0ull)
#define SECOND	 2u /* a level */
#define TURNS	 30000000ull
#define LISTED	 5ull
#define COUNTED	 (SNP_FREE + 0x100)
#define TAMPERED (SNP_FREE + 0x200)
#define UNUSED	 0x100 /* a word of the GHCB */

/* lab/x86/host.def's, in its order. */
enum act {
	REFUSE_RUN,
	FALSE_RUN,
	OTHER_RUN,
	TAMPER = 6,
	INJECT = 7,
	SWAP = 8,
	TAKE = 9,
	TWICE = 10,
	LOSE = 12,
	RING = 13,
};

#define VECTOR_HV  28
#define ENTER_HEAD 15 /* bytes before the comparison */

extern const uint8_t cbx_x86_host_enter_from[], cbx_x86_host_enter_to[],
	cbx_x86_host_enter_out[], hv_entry[];
extern const uint8_t host_code[], host_data[], host_data_end[];
static struct cbx_vmsa second __attribute__((aligned(4096)));
static uint64_t target[512] __attribute__((aligned(4096)));
static uint8_t bell[CBX_PAGE_SIZE] __attribute__((aligned(4096)));

/* @return how often it was done so far */
static uint64_t ask(enum act act, uint64_t times, uint64_t argument)
{
	uint64_t rax = ASK | act;

	__asm__ volatile(".byte 0x0f, 0x01, 0xd9"
			 : "+a"(rax)
			 : "c"(times), "d"(argument)
			 : "memory");
	return rax;
}

bool it_refuses_to_run_the_host(void)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };
	enum cbx_status status;

	ask(REFUSE_RUN, 1, 0);
	status = snp_order(SNP_NOTHING, 0, &left);
	return status == CBX_E_HARDWARE && left.why == CBX_SNP_FAULT &&
	       ask(REFUSE_RUN, 0, 0) == 1 &&
	       (snp_host.vmsa->efer & CBX_VMSA_SVME) == 0;
}

/* Though a call is pending and the last exit was one. */
bool it_runs_nobody(void)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };
	enum cbx_status status;

	*snp_host.area = 1;
	ask(FALSE_RUN, 1, 0);
	status = snp_order(SNP_NOTHING, 0, &left);
	return status == CBX_OK && left.why == CBX_SNP_NOTHING &&
	       ask(FALSE_RUN, 0, 0) == 1 && (*snp_host.area)-- == 1;
}

static bool give_to(uint8_t vmpl, const uint8_t *from, const uint8_t *to)
{
	const struct cbx_view all = { CBX_VIEW_R | CBX_VIEW_W | CBX_VIEW_SX };
	uint32_t refused = 0;

	for (; from < to; from += CBX_PAGE_SIZE) {
		refused +=
			cbx_snp_rmpadjust(from, cbx_rmp_rights(vmpl, all)).code;
	}
	return refused == 0;
}

/* Registers of VMPL2, where the host's code does nothing but leave. */
static bool make_second(void)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_AP,
		.info1 = cbx_ghcb_ap(0, SECOND),
		.info2 = (uint64_t)&second,
		.field = { snp_host.vmsa->features },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	second = *(const struct cbx_vmsa *)(uintptr_t)snp_host.vmsa;
	second.vmpl = SECOND;
	second.efer |= CBX_VMSA_SVME;
	second.rip = (uint64_t)host_code;
	second.rdi = SNP_NOTHING;
	second.virtual_interrupt = 0;
	second.exit_code = CBX_VMSA_NONE;
	return give_to(SECOND, host_code, host_code + CBX_PAGE_SIZE) &&
	       give_to(SECOND, host_data, host_data_end) &&
	       cbx_snp_rmpadjust(&second, CBX_RMP_VMSA | SECOND).code == 0 &&
	       cbx_snp_ask(&call, 0, &answer) == CBX_OK;
}

/* And says that it was the host's. */
bool it_runs_another_level(void)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };
	enum cbx_status status;

	if (!make_second()) {
		return false;
	}
	*snp_host.area = 1;
	ask(OTHER_RUN, 1, SECOND);
	status = snp_order(SNP_NOTHING, 0, &left);
	return status == CBX_OK && left.why == CBX_SNP_NOTHING &&
	       (*snp_host.area)-- == 1 &&
	       snp_host.vmsa->exit_code == CBX_VMSA_NONE &&
	       *(volatile uint64_t *)&second.exit_code == CBX_VMSA_VMGEXIT;
}

/* Accesses to the GHCB since tampering with a word nobody uses began. */
static uint64_t accesses;

static void begin(void)
{
	accesses = ask(TAMPER, ALWAYS, UNUSED);
}

static uint64_t touched(void)
{
	return ask(TAMPER, 0, 0) - accesses;
}

/* Event, INFO1 and 2, RAX, version, usage, two of the bitmap; of these are read
 * the bitmap, INFO1 and 2, and RAX.  Then nothing is asked any more. */
bool each_word_is_written_once_and_read_once(void)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(0x3fd, 1, true),
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;
	enum cbx_status status;

	begin();
	status = cbx_snp_ask(&call, CBX_GHCB_RAX, &answer);
	return touched() == 8 + 5 + 1 && status == CBX_OK;
}

/* Scratch for RAX, which is not read; entries and a header, which is read. */
bool a_list_is_written_once_and_read_once(void)
{
	struct cbx_psc psc = { { COUNTED }, LISTED };
	enum cbx_status status;

	begin();
	status = cbx_snp_change(&psc);
	return touched() == 8 + LISTED + 1 + 4 + 1 + 1 && status == CBX_OK &&
	       psc.count == 0;
}

/* Pages that are told to be accepted are. */
static bool is_true(enum cbx_status status, struct cbx_pfn first, uint64_t done)
{
	if (done > LISTED || (status == CBX_OK) != (done == LISTED)) {
		return false;
	}
	for (uint64_t i = 0; i < done; i++) {
		void *page = cbx_hal_page_map(cbx_pfn_add(first, i));
		int rights = snp_rights(page, CBX_SNP_HOST);

		cbx_hal_page_unmap(page);
		if (rights != CBX_VIEW_NONE) {
			return false;
		}
	}
	return true;
}

/* Each word that counts, inverted after every access to the page. */
bool whatever_it_writes_no_page_is_told_wrongly(void)
{
	static const uint16_t words[] = { 0x1f8, 0x390, 0x398, 0x3a0, 0x3a8,
		0x3f0, 0x3f8, 0x800, 0x808, 0x820, 0x828, 0xff8 };
	struct cbx_pfn first = { TAMPERED };
	uint32_t refused = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint64_t done = 77;
		enum cbx_status status;

		ask(TAMPER, ALWAYS, words[i]);
		status = cbx_hal_page_accept(first, LISTED, &done);
		ask(TAMPER, 0, 0);
		if (!is_true(status, first, done)) {
			return false;
		}
		refused += status != CBX_OK;
		first = cbx_pfn_add(first, LISTED);
	}
	return refused > 0;
}

/* While the host runs, the monitor goes on elsewhere: the registers say so, and
 * nobody is asked to run them again. */
bool it_runs_two_levels_at_once(void)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };
	uint64_t token;

	ask(TWICE, ALWAYS, 1);
	return snp_order(SNP_WAIT, TURNS, &left) == CBX_E_BUSY &&
	       (token = cbx_hal_view_flush()) != 0 &&
	       cbx_snp_host_run(&snp_host, &left) == CBX_E_BUSY &&
	       !cbx_hal_view_flushed(token) && left.why == CBX_SNP_FAULT;
}

/* Interrupts and exceptions, which nobody here takes: whoever lives got none. */
bool it_injects_nothing(void)
{
	static const uint64_t vectors[] = { 0x20, 0xff, 0x302, 0x30d, 0x306,
		0x31d };

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		if (ask(INJECT, 1, vectors[i]) == ALWAYS) {
			return false; /* it cannot even try */
		}
	}
	return true;
}

void snp_lose_kicks(uint64_t times)
{
	ask(LOSE, times, 0);
}

/* What the machine's firmware left on is of no interest here. */
static bool mask_timer(uint16_t port)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(port, 1, false),
		.field = { 0xff },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	return cbx_snp_ask(&call, 0, &answer) == CBX_OK;
}

bool it_can_ring(void)
{
	const struct cbx_snp_two_ways two = {
		.pfn = { (uint64_t)bell >> CBX_PAGE_SHIFT },
		.hidden = bell,
		.shared = (volatile void *)((uint64_t)bell + SNP_SHARED),
	};

	snp_gate(VECTOR_HV, (uint64_t)hv_entry, 2);
	return mask_timer(0x21) && mask_timer(0xa1) &&
	       cbx_snp_bell_start(&two, snp_cpu()->rung) == NULL;
}

/* Rung for at one byte of the way; most are no instruction's first.  The host ran
 * or did not, and the bell is heard before it runs next. */
static bool rings_at(uint64_t at, uint32_t *entered, uint32_t *refused)
{
	const volatile uint64_t *rung = snp_cpu()->rung;
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };
	uint64_t before = ask(RING, 1, at);
	enum cbx_status status = snp_order(SNP_NOTHING, 0, &left);
	bool came = ask(RING, 0, 0) != before;
	bool ran = snp_host.vmsa->exit_code == CBX_VMSA_VMGEXIT;
	bool late = at >= (uint64_t)cbx_x86_host_enter_to &&
		    at < (uint64_t)cbx_x86_host_enter_out;

	if (status != CBX_OK || left.why != CBX_SNP_NOTHING ||
		(snp_host.vmsa->efer & CBX_VMSA_SVME) != 0 ||
		(rung[0] != rung[1]) != came || ran != (!came || late)) {
		return false;
	}
	*entered += came && late;
	*refused += came && !late;
	return snp_order(SNP_NOTHING, 0, &left) == CBX_OK &&
	       rung[0] == rung[1] &&
	       snp_host.vmsa->exit_code == CBX_VMSA_VMGEXIT;
}

/* Eight instructions before the host runs, and four behind it. */
bool it_rings_everywhere_on_the_way_into_the_host(void)
{
	uint32_t entered = 0;
	uint32_t refused = 0;

	for (const uint8_t *at = cbx_x86_host_enter_from - ENTER_HEAD;
		at < cbx_x86_host_enter_out; at++) {
		if (!rings_at((uint64_t)at, &entered, &refused)) {
			return false;
		}
	}
	return entered == 4 && refused == 8;
}

void snp_touch_swapped(void)
{
	ask(SWAP, 1, (uint64_t)target);
	*(volatile uint64_t *)target = 1;
}

void snp_touch_taken(void)
{
	ask(TAKE, 1, (uint64_t)target);
	*(volatile uint64_t *)target = 1;
}

/* A host is let into a page that is not the one it was. */
void snp_view_of_swapped(void)
{
	const struct cbx_pfn pfn = { (uint64_t)target >> CBX_PAGE_SHIFT };
	uint64_t done;

	ask(SWAP, 1, (uint64_t)target);
	(void)!cbx_hal_view_set(pfn, 1, (struct cbx_view){ CBX_VIEW_R }, &done);
}
