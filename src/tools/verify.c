/* SPDX-License-Identifier: Apache-2.0 */
/* confbox verify: evidence, appraised. */
#include <tools/commands.h>

#include <stdio.h>

#include <confbox/verify.h>
#include <tools/say.h>
#include <tools/verify_line.h>
#include <tools/verify_policy.h>
#include <tools/verify_print.h>

/* A kind of evidence. */
struct kind {
	enum cbx_evidence_kind kind;
	const char *title;
	enum cbx_refusal (*verify)(struct cbx_verdict *verdict,
		struct cbx_span evidence,
		const struct cbx_endorsements *endorsements,
		const struct cbx_appraisal *appraisal);
};

static const struct kind kinds[] = {
	{ CBX_EVIDENCE_BOX, "evidence of a box", cbx_verify_box },
	{ CBX_EVIDENCE_MONITOR, "evidence of a monitor", cbx_verify_monitor },
	{ CBX_EVIDENCE_SNP, "an AMD SEV-SNP report", cbx_verify_snp },
	{ CBX_EVIDENCE_TDX, "an Intel TD quote", cbx_verify_tdx },
	{ CBX_EVIDENCE_CCA, "an Arm CCA token", cbx_verify_cca },
};

static const struct kind *kind_of(enum cbx_evidence_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].kind == kind) {
			return &kinds[i];
		}
	}
	return &kinds[0];
}

static int verify(struct cbx_verdict *verdict,
	const struct cbx_verify_line *line,
	const struct cbx_appraisal *appraisal)
{
	const struct kind *kind = kind_of(line->kind);
	const struct cbx_endorsements endorsements =
		cbx_verify_line_endorsements(line);

	enum cbx_refusal refusal = kind->verify(
		verdict, line->evidence.span[0], &endorsements, appraisal);

	if (line->json && cbx_verify_print_json(verdict) != 0) {
		return CBX_VERIFY_UNREAD;
	}
	if (refusal != CBX_ACCEPTED) {
		cbx_verify_print_refused(verdict);
		return CBX_VERIFY_REFUSED;
	}
	if (!line->json) {
		cbx_verify_print(verdict, kind->title, appraisal);
	}
	return cbx_say_flush() == 0 ? CBX_VERIFY_ACCEPTED : CBX_VERIFY_UNREAD;
}

static int appraise(struct cbx_verify_line *line)
{
	struct cbx_verify_policy policy;
	struct cbx_verdict *verdict = cbx_verdict_create();
	int code = cbx_verify_policy_read(&policy, line);

	if (code == 0 && verdict == NULL) {
		cbx_say("verify: out of memory, or no cryptography; free "
			"memory");
		code = CBX_VERIFY_UNREAD;
	}
	if (code == 0) {
		code = verify(verdict, line, &policy.appraisal);
	}
	cbx_verdict_destroy(verdict);
	cbx_verify_policy_finish(&policy);
	return code;
}

int cbx_command_verify(char **argv)
{
	struct cbx_verify_line line;
	int code = cbx_verify_line_read(&line, CBX_VERIFY_VERIFY, argv);

	if (code == 0 && line.help) {
		cbx_verify_line_help(CBX_VERIFY_VERIFY);
		code = cbx_say_flush() == 0 ? 0 : CBX_VERIFY_UNREAD;
	} else if (code == 0) {
		code = appraise(&line);
	}
	cbx_verify_line_finish(&line);
	return code;
}
