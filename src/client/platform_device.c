/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendors' own devices, for kernels without configfs-tsm.
 */
#include <client/platform.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ioctl.h>
#include <linux/sev-guest.h>

#include <client/error.h>
#include <client/platform_sys.h>

#define SEV_GUEST "/dev/sev-guest"
#define TDX_GUEST "/dev/tdx_guest"

#define SNP_MESSAGE_VERSION 1
#define SNP_HEADER_BYTES    32u /* status, size, reserved; then the report */
#define SNP_TABLE_BYTES	    0x4000u
#define SNP_ENTRY_BYTES	    24u /* GUID, offset, size */
#define SNP_PAUSE_MS	    500u

/* linux/tdx-guest.h, which older packages of headers do not have. */
#define TDX_REPORT_BYTES 1024u
struct tdx_request {
	uint8_t data[CBX_PLATFORM_DATA_BYTES];
	uint8_t report[TDX_REPORT_BYTES];
};
#define TDX_GET_REPORT _IOWR('T', 1, struct tdx_request)
_Static_assert(sizeof(struct tdx_request) == 1088, "the kernel's");
_Static_assert(sizeof(struct snp_report_resp) == 4000, "the kernel's");

static int open_device(const struct cbx_platform_request *request,
	const char *device, bool *there)
{
	char path[CBX_PLATFORM_PATH];
	int length =
		snprintf(path, sizeof(path), "%s%s", request->root, device);
	int fd = -1;

	if (length < 0 || (size_t)length >= sizeof(path)) {
		errno = ENAMETOOLONG;
	} else {
		fd = cbx_platform_open(path, O_RDWR);
	}
	*there = fd >= 0 || (errno != ENOENT && errno != ENOTDIR &&
				    errno != ENXIO && errno != ENODEV);
	return fd;
}

/* @return 0 or an errno */
static int call(int fd, unsigned long number, void *argument)
{
	int done;

	do {
		done = cbx_platform_ioctl(fd, number, argument);
	} while (done != 0 && errno == EINTR);
	return done == 0 ? 0 : errno;
}

static uint32_t le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
	       (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* ------------------------------------------------------------------ SNP -- */

/* One request and what came back. */
struct snp {
	int fd;
	struct snp_ext_report_req request;
	struct snp_report_resp response;
	uint64_t firmware; /* exitinfo2 of the last call */
};

/* @return 0 or an errno */
static int snp_call(struct snp *snp, unsigned long number)
{
	struct snp_guest_request_ioctl message = {
		.msg_version = SNP_MESSAGE_VERSION,
		.req_data = (uintptr_t)&snp->request,
		.resp_data = (uintptr_t)&snp->response,
	};
	int error = call(snp->fd, number, &message);

	snp->firmware = message.exitinfo2;
	return error;
}

static uint32_t vmm_error(const struct snp *snp)
{
	return (uint32_t)(snp->firmware >> 32);
}

/* Bytes of a certificate table: up to the end of what its entries point to
 * (GHCB 2.03, 4.1.8.1); 0: it is empty.  The host made it. */
static size_t table_bytes(const struct cbx_platform_blob *table)
{
	static const uint8_t end[SNP_ENTRY_BYTES];
	size_t used = 0;

	for (size_t at = 0; at + SNP_ENTRY_BYTES <= table->size;
		at += SNP_ENTRY_BYTES) {
		const uint8_t *entry = table->bytes + at;
		uint64_t stop = (uint64_t)le32(entry + 16) + le32(entry + 20);

		if (memcmp(entry, end, sizeof(end)) == 0) {
			return used == 0 ? 0
			       : used < at + SNP_ENTRY_BYTES
				       ? at + SNP_ENTRY_BYTES
				       : used;
		}
		if (stop > table->size) {
			return table->size;
		}
		used = stop > used ? (size_t)stop : used;
	}
	return table->size;
}

/* Ask for a report with certificates, as long as the host says how much room
 * they take.  @return 0 or an errno */
static int ask_extended(struct snp *snp, struct cbx_platform_blob *table)
{
	uint32_t room = SNP_TABLE_BYTES;
	int error = EIO;

	for (unsigned int i = 0; i < CBX_PLATFORM_ATTEMPTS; i++) {
		uint8_t *bytes = calloc(1, room);

		free(table->bytes);
		*table = (struct cbx_platform_blob){ bytes, room };
		if (bytes == NULL) {
			return ENOMEM;
		}
		snp->request.certs_address = (uintptr_t)bytes;
		snp->request.certs_len = room;
		error = snp_call(snp, SNP_GET_EXT_REPORT);
		if (error == 0) {
			table->size = table_bytes(table);
			return 0;
		}
		if (vmm_error(snp) == SNP_GUEST_VMM_ERR_INVALID_LEN &&
			snp->request.certs_len > room &&
			snp->request.certs_len <= CBX_PLATFORM_BLOB_MAX) {
			room = snp->request.certs_len;
		} else if (vmm_error(snp) == SNP_GUEST_VMM_ERR_BUSY ||
			   error == EAGAIN) {
			cbx_platform_pause((i + 1) * SNP_PAUSE_MS);
			error = EBUSY;
		} else {
			return error;
		}
	}
	return error;
}

/* The same without; for hosts that do not know the other request, or whose
 * certificates do not fit. */
static int ask_plain(struct snp *snp)
{
	int error = EBUSY;

	for (unsigned int i = 0; i < CBX_PLATFORM_ATTEMPTS; i++) {
		error = snp_call(snp, SNP_GET_REPORT);
		if (error != EAGAIN &&
			vmm_error(snp) != SNP_GUEST_VMM_ERR_BUSY) {
			return error;
		}
		error = EBUSY;
		cbx_platform_pause((i + 1) * SNP_PAUSE_MS);
	}
	return error;
}

static enum cbx_status take_report(
	const struct snp *snp, struct cbx_platform_blob *report)
{
	uint32_t status = le32(snp->response.data);
	uint32_t size = le32(snp->response.data + 4);

	if (status != 0 || size == 0 ||
		size > sizeof(snp->response.data) - SNP_HEADER_BYTES) {
		return cbx_fail(CBX_E_HARDWARE,
			"%s: the firmware answers status %#" PRIx32 ", %" PRIu32
			" bytes",
			SEV_GUEST, status, size);
	}
	report->bytes = malloc(size);
	if (report->bytes == NULL) {
		return cbx_fail_memory("an SNP report");
	}
	memcpy(report->bytes, snp->response.data + SNP_HEADER_BYTES, size);
	report->size = size;
	return CBX_OK;
}

static enum cbx_status ask_firmware(
	struct snp *snp, struct cbx_platform_answer *answer)
{
	int error = ask_extended(snp, &answer->table);

	if (error != 0 && error != ENOMEM && error != EBUSY) {
		error = ask_plain(snp);
		answer->table.size = 0;
	}
	if (answer->table.size == 0) {
		free(answer->table.bytes);
		answer->table.bytes = NULL;
	}
	if (error != 0) {
		char what[64];

		(void)snprintf(what, sizeof(what),
			"no report (exit information %#" PRIx64 ")",
			snp->firmware);
		return cbx_platform_fail(error, SEV_GUEST, what);
	}
	return take_report(snp, &answer->report);
}

enum cbx_status cbx_platform_ask_snp(const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer, bool *there)
{
	struct snp snp = { .fd = open_device(request, SEV_GUEST, there) };
	enum cbx_status status;

	if (snp.fd < 0) {
		return cbx_platform_fail(errno, SEV_GUEST, "cannot be opened");
	}
	memcpy(snp.request.data.user_data, request->data,
		CBX_PLATFORM_DATA_BYTES);
	if ((request->options.flags & CBX_PLATFORM_PRIVILEGE) != 0) {
		snp.request.data.vmpl = request->options.privilege;
	}
	status = ask_firmware(&snp, answer);
	(void)cbx_platform_close(snp.fd);
	if (status != CBX_OK) {
		cbx_platform_forget(answer);
		return status;
	}
	answer->kind = CBX_PLATFORM_SNP;
	answer->source = SEV_GUEST;
	return CBX_OK;
}

/* ------------------------------------------------------------------ TDX -- */

static enum cbx_status ask_module(
	int fd, const uint8_t *data, struct cbx_platform_blob *report)
{
	struct tdx_request message = { 0 };
	int error;

	memcpy(message.data, data, sizeof(message.data));
	error = call(fd, TDX_GET_REPORT, &message);
	if (error != 0) {
		return cbx_platform_fail(error, TDX_GUEST, "no report");
	}
	report->bytes = malloc(sizeof(message.report));
	if (report->bytes == NULL) {
		return cbx_fail_memory("a TDREPORT");
	}
	memcpy(report->bytes, message.report, sizeof(message.report));
	report->size = sizeof(message.report);
	return CBX_OK;
}

enum cbx_status cbx_platform_ask_tdx(const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer, bool *there)
{
	int fd = open_device(request, TDX_GUEST, there);
	enum cbx_status status;

	if (fd < 0) {
		return cbx_platform_fail(errno, TDX_GUEST, "cannot be opened");
	}
	if ((request->options.flags & CBX_PLATFORM_LOCAL) == 0) {
		status = cbx_fail(CBX_E_UNSUPPORTED,
			"%s: it gives a TDREPORT, which nobody can check but "
			"this machine; a quote takes configfs-tsm (Linux 6.7)",
			TDX_GUEST);
	} else {
		status = ask_module(fd, request->data, &answer->report);
	}
	(void)cbx_platform_close(fd);
	if (status != CBX_OK) {
		return status;
	}
	answer->kind = CBX_PLATFORM_TDX;
	answer->flags = CBX_PLATFORM_LOCAL;
	answer->source = TDX_GUEST;
	return CBX_OK;
}
