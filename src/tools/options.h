/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of confbox(1).
 */
#ifndef CBX_TOOLS_OPTIONS_H
#define CBX_TOOLS_OPTIONS_H

#include <stdbool.h>

#include <confbox/confbox.h>

/** Which command is given; a bit each, for the table of options. */
enum cbx_command {
	CBX_COMMAND_RUN = 1,
	CBX_COMMAND_BUILD = 2,
	CBX_COMMAND_MEASURE = 4,
	CBX_COMMAND_INFO = 8,
	CBX_COMMAND_SCAN = 16,
	CBX_COMMAND_LAB = 32,	   /* reads its arguments itself */
	CBX_COMMAND_POLICY = 64,   /* the same */
	CBX_COMMAND_VERIFY = 128,  /* the same */
	CBX_COMMAND_COUNTER = 256, /* the same */
	CBX_COMMAND_SIGN = 8192,   /* the same */
	CBX_COMMAND_ATTEST = 512,
	CBX_COMMAND_SEND = 2048,    /* the same */
	CBX_COMMAND_RECEIVE = 4096, /* the same */
};

/** Most CPUs of one box (--cpus). */
#define CBX_CPUS_MAX 16u

/** What was asked for. */
struct cbx_command_line {
	enum cbx_command command;
	bool help;
	bool print_measurement;
	uint64_t timeout_ns; /* 0: none */
	uint32_t cpus;	     /* 0: all there are */
	const char *output;  /* build: the image file; attest: the evidence */
	const char *nonce;   /* attest: as it was given */
	const char *image;   /* run, measure, attest: an image file, or NULL;
			      * scan: the file */
	const char *shaping; /* the first option given that shapes an image */
	char **argv; /* program and arguments, NULL-terminated, or NULL */
	struct cbx_program program;
	struct cbx_path *files; /* each owns its host string */
	struct cbx_path *directories;
	struct cbx_path *shares;
	const char **env; /* NULL-terminated */
	size_t env_count;
	const char **with;
	struct cbx_policy rules; /* what a policy file allows */
	bool trace;		 /* --trace was given */
	bool trace_json;
	bool profile;
	const char *trace_file; /* NULL: standard error */
	const char *gdb;	/* run: where to wait for it; NULL: nowhere */
	int gdb_fd;		/* gdb is there; 0: it is not */
	bool serve;		/* run: serve calls of the image's rules */
	const char *keys;	/* run: a key service's socket, or NULL */
	const char *signature;	/* run: a file of confbox sign, or NULL */
	const char *counter;	/* run: who keeps counters, or NULL */
	struct cbx_counter_service counters; /* the same, while it runs */
	bool clone;			     /* measure: of clones */
	bool runtime;			     /* measure: of the runtime */
	uint32_t warm; /* run: clones of a template; 0: none */
};

/**
 * Read the arguments after the command's name.
 *
 * @param[out] line  valid also on failure: finish it
 *
 * @return 0, or the exit status after saying what is wrong
 */
int cbx_options_read(struct cbx_command_line *line, enum cbx_command command,
	int argc, char **argv);

/** Whether a command line that was read is one. @return as above */
int cbx_options_check(const struct cbx_command_line *line);

/** Say that a word is one too many. @return the exit status */
int cbx_options_unexpected(const char *word);

/** Set the option of that name, as a policy file does.
 * @return as cbx_options_read */
int cbx_options_set(
	struct cbx_command_line *line, const char *name, const char *value);

/** Say that a value is not what an option wants.  @return the exit status */
int cbx_options_bad_value(
	const char *name, const char *value, const char *want);

/** Free what reading took. */
void cbx_options_finish(struct cbx_command_line *line);

#endif
