/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ioctl.h>
#include <linux/sev-guest.h>
#if __has_include(<linux/tdx-guest.h>)
#include <linux/tdx-guest.h>
#else /* before Linux 6.2 */
#define TDX_CMD_GET_REPORT0 0xC4405401ul
#endif

#include <client/platform_sys.h>

#define REPORTS	    FAKE_ROOT "/sys/kernel/config/tsm/report/"
#define DESCRIPTORS 16
#define FIRST_FD    1000
#define INBLOB_MAX  64

struct fake_platform fake;

/* The one question there is room for. */
static struct {
	uint8_t inblob[INBLOB_MAX];
	size_t inblob_size;
	unsigned long written; /* generations */
	unsigned long read;
	bool generated;
	uint8_t report_for[INBLOB_MAX];
} question;

enum what {
	NOTHING,
	INBLOB,
	OUTBLOB,
	AUXBLOB,
	PROVIDER,
	GENERATION,
	PRIVLEVEL,
	SEV,
	TDX,
};

static struct {
	uint8_t *bytes;
	size_t size;
	size_t at;
	enum what what;
	bool filled; /* with all there is to read */
} open_files[DESCRIPTORS];

static bool interrupted;

void fake_platform_reset(void)
{
	fake = (struct fake_platform){ .report_bytes = 1184 };
	memset(&question, 0, sizeof(question));
	interrupted = false;
}

uint8_t fake_report_byte(const uint8_t *inblob, size_t index)
{
	return (uint8_t)(inblob[index % INBLOB_MAX] ^ index / INBLOB_MAX);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

/* Every second call is interrupted. */
static bool signal_comes(void)
{
	interrupted = fake.signals && !interrupted;
	return interrupted;
}

int cbx_platform_mkdir(const char *path)
{
	if (strncmp(path, REPORTS, strlen(REPORTS)) != 0 || !fake.tsm) {
		return fail(ENOENT);
	}
	if (fake.tsm_denied != 0) {
		return fail(fake.tsm_denied);
	}
	if (fake.provider == NULL) {
		return fail(ENXIO);
	}
	if (fake.taken_names != 0) {
		fake.taken_names--;
		return fail(EEXIST);
	}
	(void)snprintf(fake.name, sizeof(fake.name), "%s", path);
	memset(&question, 0, sizeof(question));
	fake.entries++;
	fake.made++;
	return 0;
}

int cbx_platform_rmdir(const char *path)
{
	if (fake.entries == 0 || strcmp(path, fake.name) != 0) {
		return fail(ENOENT);
	}
	fake.entries--;
	return 0;
}

static enum what what_is(const char *path)
{
	static const struct {
		const char *name;
		enum what what;
	} files[] = {
		{ "inblob", INBLOB },
		{ "outblob", OUTBLOB },
		{ "auxblob", AUXBLOB },
		{ "provider", PROVIDER },
		{ "generation", GENERATION },
		{ "privlevel", PRIVLEVEL },
	};
	size_t length = strlen(fake.name);

	if (strcmp(path, FAKE_ROOT "/dev/sev-guest") == 0) {
		return fake.sev_guest ? SEV : NOTHING;
	}
	if (strcmp(path, FAKE_ROOT "/dev/tdx_guest") == 0) {
		return fake.tdx_guest ? TDX : NOTHING;
	}
	if (fake.entries == 0 || strncmp(path, fake.name, length) != 0 ||
		path[length] != '/') {
		return NOTHING;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(path + length + 1, files[i].name) == 0) {
			return files[i].what;
		}
	}
	return NOTHING;
}

/* The modes of the files. */
static bool may_open(enum what what, int flags)
{
	int mode = flags & O_ACCMODE;

	switch (what) {
	case INBLOB:
	case PRIVLEVEL:
		return mode == O_WRONLY;
	case OUTBLOB:
	case AUXBLOB:
	case PROVIDER:
	case GENERATION:
		return mode == O_RDONLY;
	case SEV:
	case TDX:
		return mode == O_RDWR;
	case NOTHING:
		break;
	}
	return false;
}

int cbx_platform_open(const char *path, int flags)
{
	enum what what = what_is(path);

	if (what == NOTHING || (what == AUXBLOB && !fake.auxblob) ||
		(what == PRIVLEVEL && !fake.privlevels)) {
		return fail(ENOENT);
	}
	if ((what == SEV || what == TDX) && fake.device_denied != 0) {
		return fail(fake.device_denied);
	}
	if (!may_open(what, flags)) {
		return fail(EACCES);
	}
	for (int i = 0; i < DESCRIPTORS; i++) {
		if (open_files[i].what == NOTHING) {
			memset(&open_files[i], 0, sizeof(open_files[i]));
			open_files[i].what = what;
			fake.open++;
			return FIRST_FD + i;
		}
	}
	return fail(EMFILE);
}

/* A write the kernel takes, unless an unread report is a whole turn behind. */
static bool advance(void)
{
	if (question.written == question.read - 1) {
		return false;
	}
	question.written++;
	return true;
}

static void intrude(void)
{
	if (fake.intruders == 0) {
		return;
	}
	fake.intruders--;
	if (advance()) {
		memset(question.inblob, 0, sizeof(question.inblob));
		memcpy(question.inblob, FAKE_OTHER, strlen(FAKE_OTHER));
		question.inblob_size = INBLOB_MAX;
	}
}

/* What was written to inblob counts now; nobody is told when it does not. */
static void commit(const uint8_t *bytes, size_t size)
{
	if (fake.lost_writes != 0) {
		fake.lost_writes--;
		return;
	}
	if (advance()) {
		memcpy(question.inblob, bytes, size);
		question.inblob_size = size;
	}
	intrude();
}

int cbx_platform_close(int fd)
{
	int i = fd - FIRST_FD;

	if (i < 0 || i >= DESCRIPTORS || open_files[i].what == NOTHING) {
		return fail(EBADF);
	}
	if (open_files[i].what == INBLOB && open_files[i].bytes != NULL) {
		commit(open_files[i].bytes, open_files[i].size);
	}
	free(open_files[i].bytes);
	open_files[i].what = NOTHING;
	open_files[i].bytes = NULL;
	fake.open--;
	return 0;
}

static int generate(void)
{
	if (fake.outblob_error != 0) {
		return fake.outblob_error;
	}
	if (question.inblob_size == 0) {
		return EINVAL;
	}
	if (question.generated && question.read == question.written) {
		return 0;
	}
	if (fake.busy_reads != 0) {
		fake.busy_reads--;
		return EBUSY;
	}
	if (question.inblob_size != INBLOB_MAX) {
		return EINVAL;
	}
	memcpy(question.report_for, question.inblob, INBLOB_MAX);
	question.generated = true;
	question.read = question.written;
	return 0;
}

/* The first read of a file takes all that is in it. */
static int fill(int i)
{
	size_t size = open_files[i].what == OUTBLOB ? fake.report_bytes
						    : fake.table_bytes;
	char text[96] = "";

	if (open_files[i].what == PROVIDER) {
		(void)snprintf(text, sizeof(text), "%s\n", fake.provider);
		size = strlen(text);
	} else if (open_files[i].what == GENERATION) {
		(void)snprintf(text, sizeof(text), "%lu\n", question.written);
		if (fake.generation != NULL) {
			(void)snprintf(
				text, sizeof(text), "%s", fake.generation);
		}
		size = strlen(text);
	} else {
		int error = generate();

		if (error != 0) {
			return error;
		}
	}
	open_files[i].bytes = malloc(size + 1);
	for (size_t k = 0; k < size; k++) {
		open_files[i].bytes[k] =
			text[0] != '\0' ? (uint8_t)text[k]
			: open_files[i].what == OUTBLOB
				? fake_report_byte(question.report_for, k)
				: (uint8_t)(k * 7 + 1);
	}
	open_files[i].size = size;
	open_files[i].filled = true;
	return 0;
}

ssize_t cbx_platform_read(int fd, void *bytes, size_t size)
{
	int i = fd - FIRST_FD;
	size_t left;

	if (i < 0 || i >= DESCRIPTORS || open_files[i].what == NOTHING) {
		return fail(EBADF);
	}
	if (signal_comes()) {
		return fail(EINTR);
	}
	if (!open_files[i].filled) {
		int error = fill(i);

		if (error != 0) {
			return fail(error);
		}
	}
	left = open_files[i].size - open_files[i].at;
	size = size > left ? left : size;
	if (fake.piece != 0 && size > fake.piece) {
		size = fake.piece;
	}
	memcpy(bytes, open_files[i].bytes + open_files[i].at, size);
	open_files[i].at += size;
	return (ssize_t)size;
}

static ssize_t write_privlevel(const char *text, size_t size)
{
	char copy[16] = "";
	unsigned long level;

	memcpy(copy, text, size < sizeof(copy) - 1 ? size : 0);
	level = strtoul(copy, NULL, 0);
	if (level < fake.floor || level > 3) {
		return fail(EINVAL);
	}
	if (!advance()) {
		return fail(EBUSY);
	}
	fake.vmpl = (uint32_t)level;
	return (ssize_t)size;
}

ssize_t cbx_platform_write(int fd, const void *bytes, size_t size)
{
	int i = fd - FIRST_FD;

	if (i < 0 || i >= DESCRIPTORS || open_files[i].what == NOTHING) {
		return fail(EBADF);
	}
	if (signal_comes()) {
		return fail(EINTR);
	}
	if (open_files[i].what == PRIVLEVEL) {
		return write_privlevel(bytes, size);
	}
	if (open_files[i].size + size > INBLOB_MAX) {
		return fail(EFBIG);
	}
	if (open_files[i].bytes == NULL) {
		open_files[i].bytes = calloc(1, INBLOB_MAX);
	}
	memcpy(open_files[i].bytes + open_files[i].size, bytes, size);
	open_files[i].size += size;
	return (ssize_t)size;
}

/* -------------------------------------------------------------- devices -- */

static void *at(uint64_t address)
{
	return (void *)(uintptr_t)address; // NOLINT: as the kernel has it
}

/* A table of one certificate that ends where the room needed ends. */
static void write_certificates(uint8_t *to)
{
	uint32_t entry[2] = { 48, fake.certs_needed - 48 };

	memset(to, 0, fake.certs_needed);
	memset(to, 0xAA, 16);
	memcpy(to + 16, fake.entry[1] != 0 ? fake.entry : entry, sizeof(entry));
	memset(to + 48, 0x30, fake.certs_needed - 48);
}

static int get_report(struct snp_guest_request_ioctl *message, bool extended)
{
	const struct snp_report_req *request = at(message->req_data);
	uint8_t *response = at(message->resp_data);
	uint32_t size = fake.firmware_bytes != 0 ? fake.firmware_bytes
						 : (uint32_t)fake.report_bytes;

	if (fake.host_busy != 0) {
		fake.host_busy--;
		message->exitinfo2 = 2ull << 32;
		return fail(EIO);
	}
	if (extended && fake.extended_error != 0) {
		message->exitinfo2 = 0xff;
		return fail(fake.extended_error);
	}
	message->exitinfo2 = 0;
	fake.vmpl = request->vmpl;
	memset(response, 0, sizeof(struct snp_report_resp));
	memcpy(response, &fake.firmware_status, 4);
	memcpy(response + 4, &size, 4);
	for (size_t i = 0; i < fake.report_bytes; i++) {
		response[32 + i] = fake_report_byte(request->user_data, i);
	}
	return 0;
}

static int get_extended(struct snp_guest_request_ioctl *message)
{
	struct snp_ext_report_req *request = at(message->req_data);

	if (request->certs_len % 4096 != 0 ||
		(fake.certs_most != 0 &&
			request->certs_len > fake.certs_most)) {
		return fail(EINVAL);
	}
	if (request->certs_len < fake.certs_needed) {
		request->certs_len = (fake.certs_needed + 4095) / 4096 * 4096;
		message->exitinfo2 = 1ull << 32;
		return fail(EIO);
	}
	if (get_report(message, true) != 0) {
		return -1;
	}
	memset(at(request->certs_address), 0, request->certs_len);
	if (fake.certs_needed > 48) {
		write_certificates(at(request->certs_address));
	}
	return 0;
}

static int tdx_report(uint8_t *message)
{
	if (fake.tdx_error != 0) {
		return fail(fake.tdx_error);
	}
	for (size_t i = 0; i < 1024; i++) {
		message[64 + i] = fake_report_byte(message, i);
	}
	return 0;
}

int cbx_platform_ioctl(int fd, unsigned long request, void *argument)
{
	int i = fd - FIRST_FD;

	if (i < 0 || i >= DESCRIPTORS) {
		return fail(EBADF);
	}
	if (signal_comes()) {
		return fail(EINTR);
	}
	if (open_files[i].what == SEV && request == SNP_GET_EXT_REPORT) {
		return get_extended(argument);
	}
	if (open_files[i].what == SEV && request == SNP_GET_REPORT) {
		return get_report(argument, false);
	}
	if (open_files[i].what == TDX && request == TDX_CMD_GET_REPORT0) {
		return tdx_report(argument);
	}
	return fail(ENOTTY);
}

void cbx_platform_pause(unsigned int milliseconds)
{
	(void)milliseconds;
	fake.pauses++;
}
