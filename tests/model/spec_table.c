/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what, with how many arguments, when: said once more by hand, so
 * that a mistake in the gate table is one against this.
 */
#include <model/judge.h>

#include <string.h>

struct row {
	uint64_t number;
	char who; /* h host, b box, a any, k keeper */
	unsigned int args;
	const char *
		when; /* lives: m making, r ready, s sealed, e ending, t lending */
	spec_host_fn *host;
	spec_box_fn *box;
};

static const struct row rows[] = {
	{ 0x000, 'a', 0, "", spec_version, NULL },
	{ 0x001, 'h', 0, "", spec_caps, NULL },
	{ 0x002, 'h', 0, "", spec_boot, NULL },
	{ 0x003, 'h', 4, "", spec_monitor_evidence, NULL },
	{ 0x004, 'h', 2, "", spec_root, NULL },
	{ 0x010, 'h', 2, "", spec_donate, NULL },
	{ 0x011, 'h', 2, "", spec_return, NULL },
	{ 0x012, 'h', 1, "", spec_query, NULL },
	{ 0x020, 'h', 3, "", spec_create, NULL },
	{ 0x021, 'h', 3, "mr", spec_grant, NULL },
	{ 0x022, 'h', 6, "m", spec_add, NULL },
	{ 0x024, 'h', 4, "m", spec_thread_add, NULL },
	{ 0x025, 'h', 1, "m", spec_finalize, NULL },
	{ 0x026, 'h', 3, "rse", NULL, NULL }, /* BOX_ENTER */
	{ 0x027, 'h', 5, "r", spec_reply, NULL },
	{ 0x028, 'h', 5, "rs", spec_confine, NULL },
	{ 0x029, 'h', 2, "rse", spec_kick, NULL },
	{ 0x02a, 'h', 1, "mrset", spec_kill, NULL },
	{ 0x02b, 'h', 3, "e", spec_reclaim, NULL },
	{ 0x02c, 'h', 1, "e", spec_destroy, NULL },
	{ 0x02d, 'h', 1, "mrset", spec_box_query, NULL },
	{ 0x02e, 'h', 2, "mrst", spec_digest, NULL },
	{ 0x02f, 'h', 4, "r", spec_peek, NULL },
	{ 0x030, 'h', 1, "rt", spec_template, NULL },
	{ 0x031, 'h', 2, "m", spec_borrow, NULL },
	{ 0x032, 'h', 5, "rst", spec_box_evidence, NULL },
	{ 0x033, 'h', 2, "r", spec_sign, NULL },
	{ 0x100, 'b', 1, "rs", NULL, spec_do_end },
	{ 0x101, 'b', 4, "rs", NULL, spec_map },
	{ 0x102, 'b', 6, "rs", NULL, spec_alias },
	{ 0x103, 'b', 3, "rs", NULL, spec_unmap },
	{ 0x104, 'b', 4, "rs", NULL, spec_protect },
	{ 0x108, 'b', 0, "rs", NULL, spec_space_create },
	{ 0x109, 'b', 1, "rs", NULL, spec_space_destroy },
	{ 0x10a, 'b', 4, "rs", NULL, spec_space_switch },
	{ 0x110, 'b', 4, "rs", NULL, spec_thread_create },
	{ 0x111, 'b', 0, "rs", NULL, spec_thread_exit },
	{ 0x112, 'b', 1, "rs", NULL, spec_park },
	{ 0x113, 'b', 1, "rs", NULL, spec_unpark },
	{ 0x118, 'b', 2, "rs", NULL, spec_upcall_entry },
	{ 0x119, 'b', 2, "rs", NULL, spec_upcall_resume },
	{ 0x11a, 'b', 2, "rs", NULL, spec_upcall_deadline },
	{ 0x120, 'b', 2, "r", NULL, spec_share },
	{ 0x121, 'b', 2, "r", NULL, spec_unshare },
	{ 0x128, 'b', 5, "r", NULL, spec_forward },
	{ 0x130, 'b', 3, "r", NULL, spec_read },
	{ 0x131, 'b', 3, "rs", NULL, spec_write },
	{ 0x138, 'b', 0, "rs", NULL, spec_random },
	{ 0x139, 'b', 0, "rs", NULL, spec_time },
	{ 0x13a, 'b', 1, "rs", NULL, spec_report },
	{ 0x13b, 'b', 1, "rs", NULL, spec_report_check },
	{ 0x13c, 'b', 6, "rs", NULL, spec_seal_key },
	{ 0x140, 'k', 1, "r", NULL, NULL },
};

static const struct row *row_of(uint64_t number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number == number) {
			return &rows[i];
		}
	}
	return NULL;
}

/* Reasons that need no box. */
static const struct row *look_up(
	const struct cbx_call *call, char who, struct spec_answer *answer)
{
	const struct row *row = row_of(call->id);
	uint64_t rest = call->reserved;

	if (row == NULL) {
		must_be(answer, CBX_E_UNKNOWN_CALL);
		return NULL;
	}
	for (unsigned int i = row->args; i < CBX_CALL_ARGS; i++) {
		rest |= call->arg[i];
	}
	refuse_if(answer, row->who != who && row->who != 'a', CBX_E_DENIED);
	refuse_if(answer, rest != 0 && row->who == who, CBX_E_INVALID);
	refuse_if(answer, rest != 0 && row->who == 'a', CBX_E_INVALID);
	return row;
}

static void check_life(const struct spec_box *box, const char *when,
	struct spec_answer *answer)
{
	static const char letter[] = "-mrset";
	enum cbx_status status =
		box->life == LIFE_ENDING ? CBX_E_STALE : CBX_E_STATE;

	refuse_if(answer, strchr(when, letter[box->life]) == NULL, status);
}

/* Results nobody spoke of are zero; of a failed call all but the count. */
static void rest_is_zero(struct spec_answer *answer)
{
	for (unsigned int i = 0; i < CBX_REPLY_RETS; i++) {
		if ((answer->known & 1u << i) == 0 ||
			(i != 0 && answer->status != CBX_OK)) {
			returns(answer, i, 0);
		}
	}
}

/* The box a host's call names. */
static struct spec_box *named_box(const struct cbx_call *call,
	const struct row *row, struct spec_answer *answer)
{
	struct spec_box *box = box_of(call->arg[0]);

	if (call->arg[0] == spec.keeper) {
		refuse_if(answer, true, CBX_E_DENIED);
	} else if (box == NULL) {
		refuse_if(answer, true, CBX_E_INVALID);
	} else {
		check_life(box, row->when, answer);
	}
	return box;
}

void spec_host(const struct cbx_call *call, struct spec_answer *answer)
{
	const struct row *row = look_up(call, 'h', answer);
	struct spec_box *box = NULL;

	if (answer->right == 0 && row->when[0] != '\0') {
		box = named_box(call, row, answer);
	}
	if (answer->right == 0 && row->host != NULL) {
		row->host(box, call->arg, answer);
	}
	if (answer->known != 0 || answer->right != 0) {
		bool counts = box == NULL || box->life != LIFE_ENDING ||
			      call->id != CBX_CALL_BOX_QUERY;

		if (counts) {
			rest_is_zero(answer);
		}
	}
}

/* A sealed box that tries to talk, however clumsily, is no more. */
static bool is_talk(const struct row *row)
{
	return row == NULL || (row->who != 'b' && row->who != 'a') ||
	       (row->when[0] != '\0' && strchr(row->when, 's') == NULL);
}

void spec_call(struct spec_run *run, const struct cbx_call *call,
	struct spec_answer *answer)
{
	const struct row *row = look_up(call, 'b', answer);

	if (answer->right == 0 && row->when[0] != '\0') {
		check_life(run->box, row->when, answer);
	}
	if (run->box->life == LIFE_SEALED && is_talk(row)) {
		spec_end(run->box, CBX_END_VIOLATION, call->id);
	}
	if (answer->right == 0 && row->box != NULL) {
		row->box(run, call->arg, answer);
	} else if (answer->right == 0) {
		row->host(run->box, call->arg, answer);
	}
	rest_is_zero(answer);
}

void spec_version(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	(void)arg;
	if (allowed(answer)) {
		returns(answer, 0, CBX_ABI_MAJOR);
		returns(answer, 1, CBX_ABI_MINOR);
	}
}

void spec_caps(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	(void)arg;
	if (allowed(answer)) {
		for (unsigned int i = 0; i < 4; i++) {
			returns(answer, i, spec.caps[i]);
		}
	}
}

void spec_boot(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	(void)arg;
	if (allowed(answer)) {
		uint64_t word[CBX_DIGEST_BYTES / 8];

		memcpy(word, spec.boot, sizeof(word));
		for (unsigned int i = 0; i < sizeof(word) / 8; i++) {
			returns(answer, i, word[i]);
		}
	}
}
