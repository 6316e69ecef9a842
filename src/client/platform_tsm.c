/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux's common interface for evidence: a directory in configfs is a question,
 * its files are what is asked and what is answered
 * (Documentation/ABI/testing/configfs-tsm-report).
 *
 * The kernel commits what was written to inblob when the file is closed, and
 * says nothing when it does not; and others may write to the same question.
 * Every write it took counts up "generation": an answer holds when there were
 * exactly as many as we made.
 */
#include <client/platform.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <client/error.h>
#include <client/platform_sys.h>

#define REPORTS	    "/sys/kernel/config/tsm/report"
#define NAMES	    64u /* of questions, tried until one is free */
#define TEXT_MAX    64u
#define FIRST_BYTES 16384u
#define PAUSE_MS    20u /* longer with every attempt */

static const struct {
	const char *name;
	enum cbx_platform_kind kind;
} providers[] = {
	{ "sev_guest", CBX_PLATFORM_SNP },
	{ "tdx_guest", CBX_PLATFORM_TDX },
	{ "arm_cca_guest", CBX_PLATFORM_CCA },
};

/* A question: its directory. */
struct question {
	char path[CBX_PLATFORM_PATH];
};

static int open_file(const struct question *question, const char *file,
	int flags, char path[CBX_PLATFORM_PATH])
{
	int length = snprintf(
		path, CBX_PLATFORM_PATH, "%s/%s", question->path, file);

	if (length < 0 || (size_t)length >= CBX_PLATFORM_PATH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return cbx_platform_open(path, flags);
}

/* Make room for more.  @return 0 or an errno */
static int grow(struct cbx_platform_blob *blob, size_t *room, size_t most)
{
	uint8_t *more;

	if (*room == most) {
		return EFBIG;
	}
	*room = *room == 0 ? FIRST_BYTES : 2 * *room;
	*room = *room > most ? most : *room;
	more = realloc(blob->bytes, *room);
	if (more == NULL) {
		return ENOMEM;
	}
	blob->bytes = more;
	return 0;
}

/* Read to the end.  @return 0 or an errno; what was read has to be freed */
static int read_fd(int fd, struct cbx_platform_blob *blob)
{
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (blob->size == room) {
			int error =
				grow(blob, &room, CBX_PLATFORM_BLOB_MAX + 1);

			if (error != 0) {
				return error;
			}
		}
		n = cbx_platform_read(
			fd, blob->bytes + blob->size, room - blob->size);
		if (n == 0) {
			return 0;
		}
		if (n < 0 && errno != EINTR) {
			return errno;
		}
		blob->size += n < 0 ? 0 : (size_t)n;
	}
}

/* Read a whole file of the question.  @return 0 or an errno */
static int read_file(const struct question *question, const char *file,
	struct cbx_platform_blob *blob)
{
	char path[CBX_PLATFORM_PATH];
	int fd = open_file(question, file, O_RDONLY, path);
	int error;

	*blob = (struct cbx_platform_blob){ 0 };
	if (fd < 0) {
		return errno;
	}
	error = read_fd(fd, blob);
	(void)cbx_platform_close(fd);
	if (error != 0) {
		free(blob->bytes);
		*blob = (struct cbx_platform_blob){ 0 };
	}
	return error;
}

/* Write a file of the question by one call: the kernel takes no part of a
 * value.  @return 0 or an errno */
static int write_file(const struct question *question, const char *file,
	const void *bytes, size_t size)
{
	char path[CBX_PLATFORM_PATH];
	int fd = open_file(question, file, O_WRONLY, path);
	ssize_t n;
	int error;

	if (fd < 0) {
		return errno;
	}
	do {
		n = cbx_platform_write(fd, bytes, size);
	} while (n < 0 && errno == EINTR);
	error = n < 0 ? errno : (size_t)n == size ? 0 : EIO;
	if (cbx_platform_close(fd) != 0 && error == 0 && errno != EINTR) {
		error = errno;
	}
	return error;
}

/* A file of one line, without the newline.  @return 0 or an errno */
static int read_text(
	const struct question *question, const char *file, char text[TEXT_MAX])
{
	struct cbx_platform_blob blob;
	int error = read_file(question, file, &blob);

	if (error != 0) {
		return error;
	}
	if (blob.size != 0 && blob.bytes[blob.size - 1] == '\n') {
		blob.size--;
	}
	if (blob.bytes == NULL || blob.size >= TEXT_MAX ||
		memchr(blob.bytes, 0, blob.size) != NULL) {
		error = EPROTO;
	} else {
		memcpy(text, blob.bytes, blob.size);
		text[blob.size] = '\0';
	}
	free(blob.bytes);
	return error;
}

/* @return 0 or an errno */
static int read_generation(
	const struct question *question, uint64_t *generation)
{
	char text[TEXT_MAX];
	char *end = text;
	int error = read_text(question, "generation", text);

	if (error != 0) {
		return error;
	}
	errno = 0;
	*generation = strtoull(text, &end, 10);
	return errno != 0 || end == text || *end != '\0' ? EPROTO : 0;
}

static enum cbx_status make_question(const struct cbx_platform_request *request,
	struct question *question, bool *there)
{
	static atomic_uint next;

	for (unsigned int i = 0; i < NAMES; i++) {
		int length = snprintf(question->path, sizeof(question->path),
			"%s" REPORTS "/confbox-%ld-%u", request->root,
			(long)getpid(), atomic_fetch_add(&next, 1));

		if (length < 0 || (size_t)length >= sizeof(question->path)) {
			errno = ENAMETOOLONG;
			break;
		}
		if (cbx_platform_mkdir(question->path) == 0) {
			*there = true;
			return CBX_OK;
		}
		if (errno != EEXIST) {
			break;
		}
	}
	/* Not in this kernel, or nobody provides it. */
	*there = errno != ENOENT && errno != ENOTDIR && errno != ENXIO;
	return cbx_platform_fail(
		errno, REPORTS, "there is no asking configfs-tsm");
}

static enum cbx_status read_provider(
	const struct question *question, struct cbx_platform_answer *answer)
{
	char name[TEXT_MAX];
	int error = read_text(question, "provider", name);

	if (error != 0) {
		return cbx_platform_fail(error, REPORTS, "provider");
	}
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		if (strcmp(name, providers[i].name) == 0) {
			answer->kind = providers[i].kind;
			return CBX_OK;
		}
	}
	return cbx_fail(CBX_E_UNSUPPORTED,
		"%s: evidence of \"%s\" is not known here", REPORTS, name);
}

/* Write what is asked.  @return 0 or an errno */
static int write_question(const struct cbx_platform_request *request,
	const struct question *question, unsigned int *writes)
{
	*writes = 0;
	if ((request->options.flags & CBX_PLATFORM_PRIVILEGE) != 0) {
		char text[16];
		int length = snprintf(text, sizeof(text), "%" PRIu32,
			request->options.privilege);
		int error =
			write_file(question, "privlevel", text, (size_t)length);

		if (error != 0) {
			return error;
		}
		(*writes)++;
	}
	(*writes)++;
	return write_file(
		question, "inblob", request->data, CBX_PLATFORM_DATA_BYTES);
}

/* Read what is answered.  @return 0 or an errno */
static int read_answer(
	const struct question *question, struct cbx_platform_answer *answer)
{
	int error = read_file(question, "outblob", &answer->report);

	if (error != 0) {
		return error;
	}
	if (answer->report.size == 0) {
		return ENODATA;
	}
	error = read_file(question, "auxblob", &answer->table);
	if (answer->table.size == 0) {
		free(answer->table.bytes);
		answer->table.bytes = NULL;
	}
	return error == ENOENT ? 0 : error;
}

/* Ask once.  @return 0, EBUSY when somebody came in between, or an errno */
static int ask_once(const struct cbx_platform_request *request,
	const struct question *question, struct cbx_platform_answer *answer)
{
	uint64_t before = 0;
	uint64_t after = 0;
	unsigned int writes = 0;
	int error = read_generation(question, &before);
	int broken;

	if (error == 0) {
		error = write_question(request, question, &writes);
	}
	if (error != 0) {
		return error;
	}
	error = read_answer(question, answer);
	broken = read_generation(question, &after);
	if (broken != 0) {
		return broken;
	}
	return after - before != writes ? EBUSY : error;
}

static enum cbx_status fail_ask(
	const struct cbx_platform_request *request, int error)
{
	bool privilege = (request->options.flags & CBX_PLATFORM_PRIVILEGE) != 0;

	if (privilege && error == ENOENT) {
		return cbx_fail(CBX_E_UNSUPPORTED,
			"%s: this platform has no privilege levels", REPORTS);
	}
	if (privilege && error == EINVAL) {
		return cbx_fail(CBX_E_INVALID,
			"%s: privilege %" PRIu32 " is not for this system",
			REPORTS, request->options.privilege);
	}
	return cbx_platform_fail(error, REPORTS, "the question failed");
}

static enum cbx_status ask_until_told(
	const struct cbx_platform_request *request,
	const struct question *question, struct cbx_platform_answer *answer)
{
	enum cbx_platform_kind kind = answer->kind;
	int error = EBUSY;

	for (unsigned int i = 0; i < CBX_PLATFORM_ATTEMPTS; i++) {
		if (i != 0) {
			cbx_platform_pause(i * PAUSE_MS);
		}
		error = ask_once(request, question, answer);
		if (error == 0) {
			return CBX_OK;
		}
		cbx_platform_forget(answer);
		answer->kind = kind;
		if (error != EBUSY && error != EAGAIN) {
			break;
		}
	}
	return fail_ask(request, error);
}

enum cbx_status cbx_platform_ask_tsm(const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer, bool *there)
{
	struct question question;
	enum cbx_status status = make_question(request, &question, there);

	if (status != CBX_OK) {
		return status;
	}
	status = read_provider(&question, answer);
	if (status == CBX_OK) {
		status = ask_until_told(request, &question, answer);
	}
	(void)cbx_platform_rmdir(question.path);
	if (status != CBX_OK) {
		cbx_platform_forget(answer);
		return status;
	}
	answer->source = "configfs-tsm";
	return CBX_OK;
}
