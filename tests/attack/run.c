/* SPDX-License-Identifier: Apache-2.0 */
/* Every attack of the table, and the table: which ones this backend refuses,
 * which ones do not apply to it and why.  One that is missing, or did not run
 * to its end, is a failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack/attack.h"
#include "attack/tamper.h"

struct attack {
	const char *group;
	uint32_t number;
	const char *name; /* of its test; NULL when there is none */
	void (*test)(void **state);
	const char *reason; /* why it does not run here; NULL when it does;
			     * "see ...": another test of this backend tries it */
	bool besides;	    /* more of an attack that has a row already */
	char id[8];
	const char
		*admitted; /* why it gets through here, as the backend says */
	bool chosen;
	bool passed;
};

#define ROW(group_, number_, test_, reason_) \
	{ .group = #group_,                  \
		.number = (number_),         \
		.name = #test_,              \
		.test = (test_),             \
		.reason = reason_ },

#ifdef ATTACK_ON_MOCK
#define BACKEND			   "mock"
#define WHY(mock, linux, pks, snp) mock
#elif defined(ATTACK_ON_PKS)
#define BACKEND			   "pks-vm"
#define WHY(mock, linux, pks, snp) pks
#elif defined(ATTACK_ON_SNP)
#define BACKEND			   "snp"
#define WHY(mock, linux, pks, snp) snp
#else
#define BACKEND			   "linux"
#define WHY(mock, linux, pks, snp) linux
#endif

#define RUN			    NULL
#define ALL(group_, number_, test_) ROW(group_, number_, test_, RUN)
#define ATTACK(group_, number_, test_, mock_, linux_, pks_, snp_) \
	ROW(group_, number_, test_, WHY(mock_, linux_, pks_, snp_))
#define NONE(group_, number_, reason_) \
	{ .group = #group_, .number = (number_), .reason = reason_ },
#define BESIDES(group_, number_, test_) \
	{ .group = #group_,             \
		.number = (number_),    \
		.name = #test_,         \
		.test = (test_),        \
		.besides = true },
#ifdef ATTACK_ON_PKS
#define PKS(group_, number_, test_) BESIDES(group_, number_, test_)
#else
#define PKS(group_, number_, test_)
#endif
#ifdef ATTACK_ON_SNP
#define SNP(group_, number_, test_) BESIDES(group_, number_, test_)
#else
#define SNP(group_, number_, test_)
#endif

#define ALSO(backend_, group_, number_, where_)
static struct attack attacks[] = {
#include "attack/attack.def"
};
#undef ALSO
#define COUNT (sizeof(attacks) / sizeof(attacks[0]))

#undef ALL
#undef ATTACK
#undef NONE
#undef PKS
#undef SNP
#define ALL(group_, number_, test_)
#define ATTACK(group_, number_, test_, mock_, linux_, pks_, snp_)
#define NONE(group_, number_, reason_)
#define PKS(group_, number_, test_)
#define SNP(group_, number_, test_)
#define ALSO(backend_, group_, number_, where_) \
	{ (backend_), #group_, (number_), (where_) },

/* Where else attacks are tried on machines of their own. */
static const struct {
	const char *backend;
	const char *group;
	uint32_t number;
	const char *where;
} also[] = {
#include "attack/attack.def"
};

/* The list of attacks, counted by hand: group and how many. */
static const struct {
	char group;
	uint32_t count;
} groups[] = {
	{ 'M', 30 },
	{ 'G', 13 },
	{ 'X', 20 },
	{ 'H', 12 },
	{ 'S', 13 },
	{ 'P', 8 },
	{ 'A', 15 },
	{ 'T', 5 },
};

static struct attack *current;

void attack_skip(const char *reason)
{
	current->reason = reason;
	print_message("skipped: %s\n", reason);
	skip();
	abort(); /* skip() does not come back */
}

void attack_admits(const char *reason)
{
	current->admitted = reason;
}

static void run(void **state)
{
	struct attack *attack = *state;

	current = attack;
	if (attack->reason != NULL) {
		print_message("n/a on " BACKEND ": %s\n", attack->reason);
		skip();
	}
	attack->test(state);
	attack->passed = true;
}

/* The machine that starts is sound, other CPUs of it included. */
static int up(void **state)
{
	int result = machine_up(state);

	tamper_begin();
	return result;
}

/* A test that failed may have left anything behind. */
static int down(void **state)
{
	memset(&tamper, 0, sizeof(tamper));
	cpus_down();
	return machine_down(state);
}

static const struct attack *find(char group, uint32_t number)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (attacks[i].group[0] == group &&
			attacks[i].number == number && !attacks[i].besides) {
			return &attacks[i];
		}
	}
	return NULL;
}

/* A test is called what it tests; and there is one where it says so. */
static bool named_right(const struct attack *attack)
{
	char prefix[32];

	if (attack->reason == NULL && attack->test == NULL) {
		return false;
	}
	(void)snprintf(prefix, sizeof(prefix), "attack_%c%02u_",
		attack->group[0] - 'A' + 'a', attack->number);
	return attack->name == NULL ||
	       strncmp(attack->name, prefix, strlen(prefix)) == 0;
}

static size_t besides(void)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT; i++) {
		count += attacks[i].besides;
		if (attacks[i].besides && !named_right(&attacks[i])) {
			printf("%s is misnamed\n", attacks[i].name);
			return SIZE_MAX;
		}
	}
	return count;
}

static bool table_complete(void)
{
	size_t rows = besides();
	bool complete = rows != SIZE_MAX;

	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		for (uint32_t n = 1; n <= groups[g].count; n++, rows++) {
			const struct attack *attack = find(groups[g].group, n);

			if (attack == NULL || !named_right(attack)) {
				printf("%c%02u is missing or misnamed\n",
					groups[g].group, n);
				complete = false;
			}
		}
	}
	return complete && rows == COUNT;
}

/* Whether another program of this backend's tests tries it. */
static bool elsewhere(const struct attack *attack)
{
	return attack->reason != NULL &&
	       strncmp(attack->reason, "see ", 4) == 0;
}

static const char *verdict(const struct attack *attack)
{
	if (elsewhere(attack)) {
		return "";
	}
	if (attack->reason != NULL) {
		return "n/a: ";
	}
	if (attack->admitted != NULL) {
		return "NOT REFUSED, as it says: ";
	}
	return attack->passed ? "refused: " : "NOT REFUSED: ";
}

static void print_also(void)
{
	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++) {
		if (strcmp(also[i].backend, BACKEND) == 0) {
			printf("%s%02u  see %s\n", also[i].group,
				also[i].number, also[i].where);
		}
	}
}

/* @return how many that should have been refused were not */
static int print_table(void)
{
	int failed = 0;
	int refused = 0;
	int away = 0;
	int admitted = 0;
	int others = 0;

	for (size_t i = 0; i < COUNT; i++) {
		const struct attack *attack = &attacks[i];
		bool here = attack->reason == NULL;

		if (!attack->chosen) {
			continue;
		}
		printf("%s  " BACKEND "  %s%s\n", attack->id, verdict(attack),
			!here			   ? attack->reason
			: attack->admitted != NULL ? attack->admitted
						   : attack->name);
		failed += here && !attack->passed;
		away += !here && !elsewhere(attack);
		others += elsewhere(attack);
		admitted += attack->admitted != NULL;
		refused += attack->passed && attack->admitted == NULL;
	}
	printf("attacks on " BACKEND ": %d refused, %d n/a, %d as it says, "
	       "%d not refused, %d tried by other tests\n",
		refused, away, admitted, failed, others);
	return failed;
}

/* Whether there are no arguments, or some that say which not. */
static bool nearly_all(int argc, char **argv)
{
	return argc == 1 || argv[1][0] == '-';
}

/* Whether the arguments name the attack or its test; or do not, where they say
 * which not. */
static bool chosen(const struct attack *attack, int argc, char **argv)
{
	bool but = nearly_all(argc, argv);

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i] + but;

		if (strcmp(word, attack->id) == 0 ||
			(attack->name != NULL &&
				strcmp(word, attack->name) == 0)) {
			return !but;
		}
	}
	return but;
}

/* usage: attack [ID | TEST]...  or  attack [-ID | -TEST]... */
int main(int argc, char **argv)
{
	struct CMUnitTest tests[COUNT];
	size_t count = 0;
	int failed;

	for (size_t i = 0; i < COUNT; i++) {
		struct attack *attack = &attacks[i];
		bool here = attack->reason == NULL;

		(void)snprintf(attack->id, sizeof(attack->id), "%s%02u",
			attack->group, attack->number);
		attack->chosen = chosen(attack, argc, argv);
		if (attack->chosen && !elsewhere(attack)) {
			tests[count++] = (struct CMUnitTest){
				.name = here ? attack->name : attack->id,
				.test_func = run,
				.setup_func = here ? up : NULL,
				.teardown_func = here ? down : NULL,
				.initial_state = attack,
			};
		}
	}
	failed = _cmocka_run_group_tests("attack", tests, count, NULL, NULL);
	failed += print_table();
	if (nearly_all(argc, argv)) {
		print_also();
	}
	return failed == 0 && table_complete() ? 0 : 1;
}
