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
	A_TIME,
	A_WORD
};

#define V    ((unsigned int)CBX_VERIFY_VERIFY)
#define S    ((unsigned int)CBX_VERIFY_SEND)
#define BOTH (V | S)

struct option {
	const char *name;
	unsigned int commands;
	enum takes takes;
	const char *value;
	const char *help;
};

static const struct option options[] = {
	{ "to", S, A_WORD, "ADDRESS",
		"HOST:PORT, the path of a socket, or a file to write" },
	{ "verify-policy", S, A_FILE, "FILE",
		"what is accepted: an appraisal policy" },
	{ "evidence", S, A_FILE, "FILE",
		"with a file to write: evidence of the box it is for" },
	{ "session", S, A_WORD, "FILE",
		"with a file to write: where to keep what opens the answer" },
	{ "monitor", V, A_FILE, "EVIDENCE", "evidence of a monitor alone" },
	{ "snp", V, A_FILE, "REPORT", "an AMD SEV-SNP attestation report" },
	{ "tdx", V, A_FILE, "QUOTE", "an Intel TD quote" },
	{ "cca", V, A_FILE, "TOKEN", "an Arm CCA attestation token" },
	{ "cert", BOTH, FILES, "FILE...",
		"certificates, PEM or DER, in any order (SNP)" },
	{ "auxblob", BOTH, A_FILE, "FILE",
		"the certificate table that came with a report (SNP)" },
	{ "collateral", BOTH, FILES, "FILE...",
		"tcbInfo, QE identity, CRLs and their issuers (TDX)" },
	{ "event-log", BOTH, A_FILE, "FILE",
		"the CCEL event log behind the registers (TDX)" },
	{ "key", BOTH, A_FILE, "FILE",
		"the platform's key: JWK, PEM or raw point (CCA)" },
	{ "policy", V, A_FILE, "FILE",
		"what is accepted: an appraisal policy" },
	{ "nonce", BOTH, A_NONCE, "HEX", "the challenge it has to answer" },
	{ "at", BOTH, A_TIME, "TIME",
		"when: seconds since 1970, or 2025-07-01T12:00:00Z (now)" },
	{ "root", BOTH, FILES, "FILE...",
		"certificates to trust besides the vendors' own" },
	{ "allow-debug", BOTH, NOTHING, NULL, "accept what may be debugged" },
	{ "allow-no-hardware", BOTH, NOTHING, NULL,
		"accept a box no hardware vouches for" },
	{ "json", V, NOTHING, NULL,
		"print an attestation result (EAR) as JSON" },
	{ "help", BOTH, NOTHING, NULL, "show this" },
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static const char *command_of(const struct cbx_verify_line *line)
{
	return line->command == CBX_VERIFY_SEND ? "send" : "verify";
}

static int unread(
	const struct cbx_verify_line *line, const char *name, const char *why)
{
	cbx_say("--%s: %s; see confbox %s --help", name, why, command_of(line));
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
	} kinds[] = { { "evidence", CBX_EVIDENCE_BOX },
		{ "monitor", CBX_EVIDENCE_MONITOR },
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
			       : unread(line, "nonce",
					 "not 1 to 64 bytes in hexadecimal");
	case A_TIME:
		line->timed = cbx_number_time(value, &line->now);
		return line->timed ? 0
				   : unread(line, "at",
					     "not a time; write seconds "
					     "since 1970, 2025-07-01 or "
					     "2025-07-01T12:00:00Z");
	case A_WORD:
		*(is(option, "to") ? &line->to : &line->session) = value;
		return 0;
	case NOTHING:
	default:
		return apply_flag(line, option);
	}
}

/* "--name" or "--name=value". */
static const struct option *find(const struct cbx_verify_line *line,
	const char *word, const char **value)
{
	const char *equals = strchr(word, '=');
	size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);

	*value = equals != NULL ? equals + 1 : NULL;
	if (strcmp(word, "-h") == 0) {
		return find(line, "--help", value);
	}
	for (size_t i = 0; i < OPTIONS; i++) {
		if ((options[i].commands & (unsigned int)line->command) != 0 &&
			strlen(options[i].name) + 2 == length &&
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
	const struct option *option = find(line, word, &value);
	int code;

	if (option == NULL || (option->takes == NOTHING && value != NULL)) {
		cbx_say("%s: unknown option; see confbox %s --help", word,
			command_of(line));
		return CBX_VERIFY_UNREAD;
	}
	if (option->takes == NOTHING || value != NULL) {
		return apply(line, option, value);
	}
	if (**argv == NULL || is_option(**argv)) {
		return unread(line, option->name, "needs a value");
	}
	do {
		code = apply(line, option, *(*argv)++);
	} while (code == 0 && option->takes == FILES && **argv != NULL &&
		 !is_option(**argv));
	return code;
}

/* To a service or to a file: what the one needs, the other has not. */
static int check_send(const struct cbx_verify_line *line)
{
	bool file = line->evidence.count != 0;

	if (line->to == NULL) {
		return unread(line, "to", "is needed: who gets it?");
	}
	if (line->policy.count == 0) {
		return unread(line, "verify-policy",
			"is needed: without one any program would get it");
	}
	if (file != (line->session != NULL)) {
		return unread(line, file ? "session" : "evidence",
			"both --evidence and --session go with a file to "
			"write, neither with a service");
	}
	return file || line->nonce_size == 0
		       ? 0
		       : unread(line, "nonce",
				 "a service is asked with a new one");
}

static int check(const struct cbx_verify_line *line)
{
	if (line->command == CBX_VERIFY_SEND) {
		return check_send(line);
	}
	if (line->evidence.count == 0) {
		cbx_say("no evidence is named; write confbox verify EVIDENCE, "
			"or see confbox verify --help");
		return CBX_VERIFY_UNREAD;
	}
	if (line->kind == CBX_EVIDENCE_CCA && line->key.count == 0) {
		return unread(line, "cca",
			"a token is believed by its platform's key only: "
			"give it by --key FILE");
	}
	return 0;
}

/* A word that is no option: evidence, or a mistake. */
static int read_word(struct cbx_verify_line *line, const char *word)
{
	if (line->command == CBX_VERIFY_VERIFY) {
		return add_evidence(line, CBX_EVIDENCE_BOX, word);
	}
	cbx_say("%s: unexpected; what is sent is standard input: write confbox "
		"send --to ADDRESS ... < %s",
		word, word);
	return CBX_VERIFY_UNREAD;
}

int cbx_verify_line_read(struct cbx_verify_line *line,
	enum cbx_verify_command command, char **argv)
{
	bool marked = false; /* "--" was there: the rest are files */
	int code = 0;

	*line = (struct cbx_verify_line){ .command = command,
		.now = (int64_t)time(NULL) };
	while (code == 0 && *argv != NULL && !line->help) {
		if (!marked && strcmp(*argv, "--") == 0) {
			marked = true;
			argv++;
		} else if (!marked && is_option(*argv)) {
			code = read_option(line, &argv);
		} else {
			code = read_word(line, *argv++);
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

static struct cbx_span only(const struct cbx_verify_files *files)
{
	return files->count != 0 ? files->span[0] : (struct cbx_span){ 0 };
}

struct cbx_endorsements cbx_verify_line_endorsements(
	const struct cbx_verify_line *line)
{
	return (struct cbx_endorsements){
		.size = sizeof(struct cbx_endorsements),
		.certificates = line->certificates.span,
		.certificate_count = line->certificates.count,
		.certificate_table = only(&line->certificate_table),
		.collateral = line->collateral.span,
		.collateral_count = line->collateral.count,
		.event_log = only(&line->event_log),
		.platform_key = only(&line->key),
	};
}

static const char *const usage_verify =
	"usage: confbox verify [options] EVIDENCE\n"
	"       confbox verify --monitor EVIDENCE [options]\n"
	"       confbox verify --snp REPORT [--cert FILE...] [options]\n"
	"       confbox verify --tdx QUOTE [--collateral FILE...] [options]\n"
	"       confbox verify --cca TOKEN --key FILE [options]\n\n"
	"Check evidence of a box, or of a bare platform, and say what it is "
	"evidence of.\nA file named - is standard input.  Exit status 0: "
	"accepted; 1: refused, with the\nreason on standard error; 2: "
	"something could not be read.\n\noptions:\n";

static const char *const usage_send =
	"usage: confbox send --to HOST:PORT|SOCKET --verify-policy FILE "
	"[options]\n"
	"       confbox send --to FILE --evidence FILE --session FILE\n"
	"                    --verify-policy FILE [options]\n\n"
	"Ask the service for evidence of a box; if it is accepted, send "
	"standard input to\nthat box alone, and write what it answers to "
	"standard output and error.  Or write\nwhat is to be sent to a file; "
	"confbox receive opens the answer.  Exit status: the\nprogram's; "
	"123: the evidence was refused; 125: something else failed; 128+n: "
	"the\nprogram died by signal n.\n\noptions:\n";

void cbx_verify_line_help(enum cbx_verify_command command)
{
	(void)fputs(
		command == CBX_VERIFY_SEND ? usage_send : usage_verify, stdout);
	for (size_t i = 0; i < OPTIONS; i++) {
		char left[48];

		if ((options[i].commands & (unsigned int)command) == 0) {
			continue;
		}
		(void)snprintf(left, sizeof(left), "--%s %s", options[i].name,
			options[i].value != NULL ? options[i].value : "");
		(void)printf("  %-22s  %s\n", left, options[i].help);
	}
}
