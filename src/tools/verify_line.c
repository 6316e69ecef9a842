/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/verify_line.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tools/number.h>
#include <tools/say.h>
#include <tools/verify_file.h>

#define CERTIFICATES_MOST 16u
#define COLLATERAL_MOST	  16u

/* What an option takes. */
enum takes {
	NOTHING,
	A_FILE,
	FILES,
	A_NONCE,
	A_TIME
};

struct option {
	const char *name;
	enum takes takes;
	const char *value;
	const char *help;
};

static const struct option options[] = {
	{ "monitor", A_FILE, "EVIDENCE", "evidence of a monitor alone" },
	{ "snp", A_FILE, "REPORT", "an AMD SEV-SNP attestation report" },
	{ "tdx", A_FILE, "QUOTE", "an Intel TD quote" },
	{ "cca", A_FILE, "TOKEN", "an Arm CCA attestation token" },
	{ "cert", FILES, "FILE...",
		"certificates, PEM or DER, in any order (SNP)" },
	{ "auxblob", A_FILE, "FILE",
		"the certificate table that came with a report (SNP)" },
	{ "collateral", FILES, "FILE...",
		"tcbInfo, QE identity, CRLs and their issuers (TDX)" },
	{ "event-log", A_FILE, "FILE",
		"the CCEL event log behind the registers (TDX)" },
	{ "key", A_FILE, "FILE",
		"the platform's key: JWK, PEM or raw point (CCA)" },
	{ "policy", A_FILE, "FILE", "what is accepted: an appraisal policy" },
	{ "nonce", A_NONCE, "HEX", "the challenge it has to answer" },
	{ "at", A_TIME, "TIME",
		"when: seconds since 1970, or 2025-07-01T12:00:00Z (now)" },
	{ "root", FILES, "FILE...",
		"certificates to trust besides the vendors' own" },
	{ "allow-debug", NOTHING, NULL, "accept what may be debugged" },
	{ "allow-no-hardware", NOTHING, NULL,
		"accept a box no hardware vouches for" },
	{ "json", NOTHING, NULL, "print an attestation result (EAR) as JSON" },
	{ "help", NOTHING, NULL, "show this" },
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static int unread(const char *name, const char *why)
{
	cbx_say("--%s: %s; see confbox verify --help", name, why);
	return CBX_VERIFY_UNREAD;
}

static bool is(const struct option *option, const char *name)
{
	return strcmp(option->name, name) == 0;
}

static int add_evidence(struct cbx_verify_line *line,
	enum cbx_evidence_kind kind, const char *path)
{
	if (line->evidence.count != 0) {
		cbx_say("%s: one piece of evidence at a time; see confbox "
			"verify --help",
			path);
		return CBX_VERIFY_UNREAD;
	}
	line->kind = kind;
	return cbx_verify_files_add(&line->evidence, 1, "evidence", path);
}

/* The files of an option that is no evidence, and how many there may be. */
static struct cbx_verify_files *files_of(
	struct cbx_verify_line *line, const struct option *option, size_t *most)
{
	*most = 1;
	if (is(option, "cert")) {
		*most = CERTIFICATES_MOST;
		return &line->certificates;
	}
	if (is(option, "collateral")) {
		*most = COLLATERAL_MOST;
		return &line->collateral;
	}
	if (is(option, "root")) {
		*most = CBX_VERIFY_ROOTS_MOST;
		return &line->roots;
	}
	return is(option, "auxblob")	 ? &line->certificate_table
	       : is(option, "event-log") ? &line->event_log
	       : is(option, "key")	 ? &line->key
					 : &line->policy;
}

static int apply_file(struct cbx_verify_line *line, const struct option *option,
	const char *path)
{
	static const struct {
		const char *name;
		enum cbx_evidence_kind kind;
	} kinds[] = { { "monitor", CBX_EVIDENCE_MONITOR },
		{ "snp", CBX_EVIDENCE_SNP }, { "tdx", CBX_EVIDENCE_TDX },
		{ "cca", CBX_EVIDENCE_CCA } };
	struct cbx_verify_files *files;
	size_t most;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (is(option, kinds[i].name)) {
			return add_evidence(line, kinds[i].kind, path);
		}
	}
	files = files_of(line, option, &most);
	if (files == &line->policy) {
		line->policy_path = path;
	}
	return cbx_verify_files_add(files, most, option->name, path);
}

static int apply_flag(struct cbx_verify_line *line, const struct option *option)
{
	line->help = line->help || is(option, "help");
	line->json = line->json || is(option, "json");
	line->flags |= is(option, "allow-debug") ? CBX_APPRAISE_DEBUG
		       : is(option, "allow-no-hardware")
			       ? CBX_APPRAISE_NO_HARDWARE
			       : 0;
	return 0;
}

static int apply(struct cbx_verify_line *line, const struct option *option,
	const char *value)
{
	switch (option->takes) {
	case A_FILE:
	case FILES:
		return apply_file(line, option, value);
	case A_NONCE:
		return cbx_number_hex(value, line->nonce, sizeof(line->nonce),
			       &line->nonce_size)
			       ? 0
			       : unread("nonce",
					 "not 1 to 64 bytes in hexadecimal");
	case A_TIME:
		line->timed = cbx_number_time(value, &line->now);
		return line->timed ? 0
				   : unread("at", "not a time; write seconds "
						  "since 1970, 2025-07-01 or "
						  "2025-07-01T12:00:00Z");
	case NOTHING:
	default:
		return apply_flag(line, option);
	}
}

/* "--name" or "--name=value". */
static const struct option *find(const char *word, const char **value)
{
	const char *equals = strchr(word, '=');
	size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);

	*value = equals != NULL ? equals + 1 : NULL;
	if (strcmp(word, "-h") == 0) {
		return find("--help", value);
	}
	for (size_t i = 0; i < OPTIONS; i++) {
		if (strlen(options[i].name) + 2 == length &&
			strncmp(word + 2, options[i].name, length - 2) == 0) {
			return &options[i];
		}
	}
	return NULL;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* One option at *argv, which moves past it and what it takes. */
static int read_option(struct cbx_verify_line *line, char ***argv)
{
	const char *value;
	const char *word = *(*argv)++;
	const struct option *option = find(word, &value);
	int code;

	if (option == NULL || (option->takes == NOTHING && value != NULL)) {
		cbx_say("%s: unknown option; see confbox verify --help", word);
		return CBX_VERIFY_UNREAD;
	}
	if (option->takes == NOTHING || value != NULL) {
		return apply(line, option, value);
	}
	if (**argv == NULL || is_option(**argv)) {
		return unread(option->name, "needs a value");
	}
	do {
		code = apply(line, option, *(*argv)++);
	} while (code == 0 && option->takes == FILES && **argv != NULL &&
		 !is_option(**argv));
	return code;
}

static int check(const struct cbx_verify_line *line)
{
	if (line->evidence.count == 0) {
		cbx_say("no evidence is named; write confbox verify EVIDENCE, "
			"or see confbox verify --help");
		return CBX_VERIFY_UNREAD;
	}
	if (line->kind == CBX_EVIDENCE_CCA && line->key.count == 0) {
		return unread("cca",
			"a token is believed by its platform's key only: "
			"give it by --key FILE");
	}
	return 0;
}

int cbx_verify_line_read(struct cbx_verify_line *line, char **argv)
{
	bool marked = false; /* "--" was there: the rest are files */
	int code = 0;

	*line = (struct cbx_verify_line){ .now = (int64_t)time(NULL) };
	while (code == 0 && *argv != NULL && !line->help) {
		if (!marked && strcmp(*argv, "--") == 0) {
			marked = true;
			argv++;
		} else if (!marked && is_option(*argv)) {
			code = read_option(line, &argv);
		} else {
			code = add_evidence(line, CBX_EVIDENCE_BOX, *argv++);
		}
	}
	return code != 0 || line->help ? code : check(line);
}

void cbx_verify_line_finish(struct cbx_verify_line *line)
{
	struct cbx_verify_files *all[] = { &line->evidence, &line->certificates,
		&line->collateral, &line->certificate_table, &line->event_log,
		&line->key, &line->policy, &line->roots };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		cbx_verify_files_free(all[i]);
	}
}

void cbx_verify_line_help(void)
{
	(void)printf(
		"usage: confbox verify [options] EVIDENCE\n"
		"       confbox verify --monitor EVIDENCE [options]\n"
		"       confbox verify --snp REPORT [--cert FILE...] "
		"[options]\n"
		"       confbox verify --tdx QUOTE [--collateral FILE...] "
		"[options]\n"
		"       confbox verify --cca TOKEN --key FILE [options]\n\n"
		"Check evidence of a box, or of a bare platform, and say what "
		"it is evidence of.\nA file named - is standard input.  Exit "
		"status 0: accepted; 1: refused, with the\nreason on standard "
		"error; 2: something could not be read.\n\noptions:\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		char left[48];

		(void)snprintf(left, sizeof(left), "--%s %s", options[i].name,
			options[i].value != NULL ? options[i].value : "");
		(void)printf("  %-22s  %s\n", left, options[i].help);
	}
}
