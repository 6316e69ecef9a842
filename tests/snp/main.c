/* SPDX-License-Identifier: Apache-2.0 */
/* The tests, in a table; each is a sentence. */
#include <hal/snp/insn.h>
#include <arch/x86_64/sev/features.h>
#include <hal/snp/talk.h>
#include <hal/snp/use.h>

#include "snp.h"

#define PAGES	   600ull /* more than two lists */
#define LEAF_SEV   0x8000001fu
#define RESTRICTED 8u
#define LEAF_MAX   0x80000000u
#define SNP_VMPL   0x30u /* EAX: SEV-SNP, VMPLs */

_Noreturn void snp_main(void);

uint32_t snp_maps;
struct snp_cpu snp_cpus[2] = { { .self = snp_cpus },
	{ .self = snp_cpus + 1, .number = 1 } };
volatile uint32_t snp_cpu_count = 1;
static uint8_t page[CBX_PAGE_SIZE] __attribute__((aligned(4096)));
static bool whole[SNP_PAGES];

struct snp_cpu *snp_cpu(void)
{
	struct snp_cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

struct cbx_snp_ghcb *cbx_snp_ghcb(void)
{
	return &snp_cpu()->ghcb;
}

uint32_t cbx_hal_cpu(void)
{
	return snp_cpu()->number;
}

uint32_t cbx_hal_cpu_count(void)
{
	return snp_cpu_count;
}

void *cbx_hal_page_map(struct cbx_pfn pfn)
{
	snp_maps++;
	return (void *)(pfn.n << CBX_PAGE_SHIFT);
}

void cbx_hal_page_unmap(const void *mapped)
{
	(void)mapped;
	snp_maps--;
}

uint64_t snp_status(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr"
			 : "=a"(low), "=d"(high)
			 : "c"(CBX_MSR_SEV_STATUS));
	return (uint64_t)high << 32 | low;
}

uint8_t snp_c_bit(void)
{
	const struct cbx_cpuid_question question = { .leaf = LEAF_SEV };
	struct cbx_cpuid_entry answer;

	return cbx_cpuid_sound(&snp_cpuid) &&
			       cbx_cpuid_answer(&snp_cpuid, question, &answer)
		       ? answer.ebx & 0x3f
		       : 0;
}

static volatile uint64_t *word(uint64_t pfn)
{
	return (volatile uint64_t *)(pfn << CBX_PAGE_SHIFT);
}

int snp_rights(const void *at, uint8_t vmpl)
{
	uint64_t told = vmpl;
	uint64_t size = 0;
	uint32_t code;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfd"
			 : "=a"(code), "+d"(told), "+c"(size)
			 : "a"(at)
			 : "memory", "cc");
	return code == 0 ? (uint8_t)(told >> 8) : -1;
}

static int rights(uint64_t pfn, uint8_t vmpl)
{
	return snp_rights((const void *)(pfn << CBX_PAGE_SHIFT), vmpl);
}

static bool is_closed(uint64_t pfn)
{
	return rights(pfn, 1) == 0 && rights(pfn, 2) == 0 &&
	       rights(pfn, 3) == 0;
}

/* By nothing but restricted injection, which the first registers have or not. */
static bool the_machine_is_refused_without_restricted_injection(void)
{
	bool restricted =
		(cbx_snp_own_features(snp_status()) & RESTRICTED) != 0;

	return (cbx_snp_refusal(snp_status()) == NULL) == restricted &&
	       cbx_snp_refusal(snp_status() | 0x20) == NULL &&
	       cbx_snp_host_features(snp_status()) == 1;
}

/* Without the instruction, which would raise #VC. */
static bool the_cpuid_page_says_what_there_is(void)
{
	struct cbx_cpuid_question question = { .leaf = LEAF_SEV };
	struct cbx_cpuid_entry sev;
	struct cbx_cpuid_entry most;
	struct cbx_cpuid_entry none;

	if (!cbx_cpuid_sound(&snp_cpuid) || snp_cpuid.count == 0 ||
		!cbx_cpuid_answer(&snp_cpuid, question, &sev)) {
		return false;
	}
	question.leaf = LEAF_MAX;
	if (!cbx_cpuid_answer(&snp_cpuid, question, &most)) {
		return false;
	}
	question.leaf = most.eax + 1;
	return (sev.eax & SNP_VMPL) == SNP_VMPL && snp_c_bit() == 47 &&
	       most.eax >= LEAF_SEV &&
	       cbx_cpuid_answer(&snp_cpuid, question, &none) && none.eax == 0;
}

static bool pages_are_scrubbed_and_copied(void)
{
	const struct cbx_pfn from = { SNP_FREE + 20 };
	const struct cbx_pfn to = { SNP_FREE + 30 };

	for (uint64_t i = 0; i < 4; i++) {
		*word(from.n + i) = i + 1;
		word(from.n + i)[511] = ~i;
		*word(to.n + i) = 99;
	}
	cbx_hal_page_copy(to, from, 3);
	cbx_hal_page_scrub(from, 2);
	return *word(to.n) == 1 && word(to.n + 2)[511] == ~2ull &&
	       *word(to.n + 3) == 99 && *word(from.n) == 0 &&
	       word(from.n + 1)[511] == 0 && *word(from.n + 2) == 3;
}

/* All of the bytes, and none behind them. */
static bool random_bytes_are_not_the_same_again(void)
{
	uint8_t a[48] = { 0 };
	uint8_t b[48] = { 0 };
	uint32_t same = 0;

	if (cbx_hal_random(a, 43) != CBX_OK ||
		cbx_hal_random(b, 43) != CBX_OK) {
		return false;
	}
	for (uint32_t i = 0; i < sizeof(a); i++) {
		same += a[i] == b[i];
	}
	return same >= 5 && same < 12 && (a[43] | b[43] | a[47] | b[47]) == 0 &&
	       (a[42] | b[42] | a[41] | b[41]) != 0;
}

static bool memory_is_accepted_for_nobody_else(void)
{
	const struct cbx_pfn first = { SNP_FREE };
	uint64_t done = 77;

	if (cbx_hal_page_accept(first, PAGES, &done) != CBX_OK ||
		done != PAGES) {
		return false;
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		*word(SNP_FREE + i) = i;
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		if (*word(SNP_FREE + i) != i || !is_closed(SNP_FREE + i)) {
			return false;
		}
	}
	return true;
}

static bool accepting_no_pages_does_nothing(void)
{
	uint64_t done = 77;

	return cbx_hal_page_accept((struct cbx_pfn){ SNP_FREE }, 0, &done) ==
		       CBX_OK &&
	       done == 0;
}

/* The lab itself: the hypervisor does not give it. */
static bool memory_that_is_not_given_is_not_accepted(void)
{
	uint64_t done = 77;

	return cbx_hal_page_accept((struct cbx_pfn){ 0x8000 }, 3, &done) ==
		       CBX_E_HARDWARE &&
	       done == 0;
}

static bool a_view_is_what_the_processor_tells(void)
{
	const struct cbx_pfn pfn = { SNP_FREE + 1 };
	uint64_t done;

	for (uint8_t bits = 0; bits <= CBX_VIEW_ALL; bits++) {
		uint8_t told = (bits & 3) == CBX_VIEW_W ? 0 : bits;

		done = 0;
		if (cbx_hal_view_set(pfn, 2, (struct cbx_view){ bits },
			    &done) != CBX_OK ||
			done != 2 || rights(pfn.n, 1) != told ||
			rights(pfn.n + 1, 1) != told || rights(pfn.n, 2) != 0 ||
			!is_closed(pfn.n - 1) || !is_closed(pfn.n + 2)) {
			return false;
		}
	}
	return cbx_hal_view_set(pfn, 2, (struct cbx_view){ CBX_VIEW_NONE },
		       &done) == CBX_OK &&
	       is_closed(pfn.n) && is_closed(pfn.n + 1);
}

static bool a_released_page_is_shared_until_accepted(void)
{
	const struct cbx_pfn pfn = { SNP_FREE + 8 };
	volatile uint64_t *shared =
		(volatile uint64_t *)((pfn.n << CBX_PAGE_SHIFT) + SNP_SHARED);
	uint64_t done = 77;

	if (cbx_hal_page_release(pfn, 2, &done) != CBX_OK || done != 2) {
		return false;
	}
	*shared = 0x5a5a;
	if (*shared != 0x5a5a || cbx_hal_page_accept(pfn, 2, &done) != CBX_OK ||
		done != 2) {
		return false;
	}
	*word(pfn.n) = 3;
	return is_closed(pfn.n) && is_closed(pfn.n + 1) && *word(pfn.n) == 3;
}

/* Rescinded, and still private: half released. */
static bool half_a_release_can_be_repeated(void)
{
	const struct cbx_pfn pfn = { SNP_FREE + 9 };
	uint64_t done;
	struct cbx_rmp_result result = cbx_snp_pvalidate(
		(const void *)(pfn.n << CBX_PAGE_SHIFT), false);

	return result.code == 0 && !result.carry &&
	       cbx_hal_page_release(pfn, 1, &done) == CBX_OK && done == 1 &&
	       cbx_hal_page_accept(pfn, 1, &done) == CBX_OK && done == 1;
}

/* Private, and not valid: half accepted. */
static bool half_an_accept_can_be_repeated(void)
{
	const struct cbx_pfn pfn = { SNP_FREE + 10 };
	uint64_t done;

	return cbx_hal_page_release(pfn, 1, &done) == CBX_OK &&
	       cbx_ghcb_state_set(cbx_snp_exchange(
		       cbx_ghcb_ask_state(pfn, false))) == CBX_OK &&
	       cbx_hal_page_accept(pfn, 1, &done) == CBX_OK && done == 1 &&
	       is_closed(pfn.n);
}

static bool what_nobody_knows_is_refused_with_a_reason(void)
{
	const struct cbx_ghcb_call call = { .event = 0x12345678 };
	struct cbx_ghcb_answer answer;

	return cbx_snp_ask(&call, 0, &answer) == CBX_E_HARDWARE &&
	       answer.info2 == 6;
}

#define TEST(name) SNP_TEST(name)
static const struct snp_test tests[] = {
	TEST(the_machine_is_refused_without_restricted_injection),
	TEST(what_nobody_knows_is_refused_with_a_reason),
	TEST(the_cpuid_page_says_what_there_is),
	TEST(accepting_no_pages_does_nothing),
	TEST(memory_is_accepted_for_nobody_else),
	TEST(memory_that_is_not_given_is_not_accepted),
	TEST(pages_are_scrubbed_and_copied),
	TEST(random_bytes_are_not_the_same_again),
	TEST(a_view_is_what_the_processor_tells),
	TEST(a_released_page_is_shared_until_accepted),
	TEST(half_a_release_can_be_repeated),
	TEST(half_an_accept_can_be_repeated),
	TEST(no_registers_do_not_run),
	TEST(registers_of_another_level_are_refused),
	TEST(what_the_hypervisor_does_not_take_can_be_repeated),
	TEST(the_host_runs_and_leaves),
	TEST(the_host_is_kept_out_of_pages),
	TEST(the_host_has_the_rights_it_was_given),
	TEST(a_call_is_decoded_and_answered),
	TEST(what_is_not_pending_is_no_call),
	TEST(the_host_does_not_run_by_itself),
};

/* A hypervisor that does as it is told; and with two processors. */
static const struct snp_test hostile[] = {
	TEST(snp_host_make),
	TEST(the_host_runs_and_leaves),
	TEST(it_refuses_to_run_the_host),
	TEST(it_runs_nobody),
	TEST(it_runs_another_level),
	TEST(the_host_runs_and_leaves),
	TEST(each_word_is_written_once_and_read_once),
	TEST(a_list_is_written_once_and_read_once),
	TEST(whatever_it_writes_no_page_is_told_wrongly),
};
static const struct snp_test twice[] = {
	TEST(snp_host_make),
	TEST(the_host_runs_and_leaves),
	TEST(it_runs_two_levels_at_once),
};
static const struct snp_test bell[] = {
	TEST(snp_host_make),
	TEST(the_host_runs_and_leaves),
	TEST(it_injects_nothing),
	TEST(the_host_runs_and_leaves),
	TEST(it_can_ring),
	TEST(it_rings_everywhere_on_the_way_into_the_host),
	TEST(the_host_runs_and_leaves),
};
static const struct snp_test chip[] = {
	TEST(a_report_is_of_the_monitor),
	TEST(a_key_is_the_same_again),
	TEST(a_host_is_attested_to),
	TEST(what_nobody_sealed_is_the_keys_end),
};
static const struct snp_test liar[] = {
	TEST(a_report_is_of_the_monitor),
	TEST(what_the_hypervisor_alters_is_the_keys_end),
	TEST(what_it_says_again_is_the_keys_end),
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void say(const char *first, const char *second)
{
	char line[128];
	size_t n = 0;

	for (; *first != '\0'; first++) {
		line[n++] = *first;
	}
	for (; *second != '\0' && n < sizeof(line) - 1; second++) {
		line[n++] = *second;
	}
	line[n] = '\0';
	cbx_hal_log(line);
}

/* By the port QEMU has for it. */
static _Noreturn void finish(bool good)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(0xf4, 4, false),
		.field = { good ? 0x2a : 0x2b },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	cbx_hal_log(good ? "pass" : "fail");
	(void)!cbx_snp_ask(&call, 0, &answer);
	cbx_snp_refuse("there is no end");
}

static _Noreturn void run_tests(const struct snp_test *table, size_t count)
{
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		bool passed = table[i].run() && snp_maps == 0;

		say(passed ? "ok " : "bad ", table[i].name);
		good = good && passed;
	}
	finish(good);
}

static uint64_t choice(void)
{
	struct cbx_rmp_result result = cbx_snp_pvalidate(
		(const void *)(SNP_CHOICE << CBX_PAGE_SHIFT), true);

	return result.code == 0 ? *word(SNP_CHOICE) : 0;
}

_Noreturn void snp_main(void)
{
	const struct cbx_snp_two_ways two = {
		.pfn = { (uint64_t)page >> CBX_PAGE_SHIFT },
		.hidden = page,
		.shared = (volatile void *)((uint64_t)page + SNP_SHARED),
	};
	const char *why = cbx_snp_ghcb_start(&two, snp_c_bit());
	enum cbx_status status = CBX_OK;
	uint64_t done;

	if (why != NULL) {
		cbx_snp_refuse(why);
	}
	cbx_snp_use_start(whole);
	cbx_snp_ghcb()->rung = snp_cpu()->rung; /* no #HV is taken yet */
	switch (choice()) {
	case 1: /* as the monitor begins */
		why = cbx_snp_refusal(snp_status());
		cbx_snp_refuse(why != NULL ? why : "nothing is wrong");
	case 2: /* a page that is accepted already: somebody's double */
		status = cbx_hal_page_accept(
			(struct cbx_pfn){ SNP_CHOICE }, 1, &done);
		break;
	case 3: /* a machine with another C bit than the CPU's */
		why = cbx_snp_ghcb_start(&two, (uint8_t)(snp_c_bit() - 1));
		cbx_snp_refuse(why != NULL ? why : "it was not noticed");
	case 4:
		run_tests(hostile, COUNT(hostile));
	case 5:
		run_tests(twice, COUNT(twice));
	case 6:
		snp_touch_swapped();
		break;
	case 7:
		snp_touch_taken();
		break;
	case 8:
		snp_view_of_swapped();
		break;
	case 9:
		snp_vc_start();
		run_tests(chip, COUNT(chip));
	case 10:
		snp_vc_start();
		run_tests(liar, COUNT(liar));
	case 11:
		run_tests(bell, COUNT(bell));
	case 12:
		run_tests(snp_cpu_tests, snp_cpu_test_count);
	case 13:
		run_tests(snp_user_tests, snp_user_test_count);
	default:
		run_tests(tests, COUNT(tests));
	}
	cbx_snp_refuse(status == CBX_OK ? "it was not noticed" : "it was told");
}
