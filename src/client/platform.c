/* SPDX-License-Identifier: Apache-2.0 */
#include <client/platform.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <client/error.h>
#include <client/sized.h>

#define PRIVILEGE_MAX 3u /* VMPL */

enum cbx_status cbx_platform_fail(
	int os_error, const char *path, const char *what)
{
	enum cbx_status status = CBX_E_HARDWARE;

	if (os_error == EACCES || os_error == EPERM) {
		status = CBX_E_DENIED;
	} else if (os_error == ENOMEM) {
		status = CBX_E_NOMEM;
	} else if (os_error == EBUSY || os_error == EAGAIN) {
		status = CBX_E_BUSY;
	}
	return cbx_fail_os(status, os_error, "%s: %s", path, what);
}

void cbx_platform_forget(struct cbx_platform_answer *answer)
{
	free(answer->report.bytes);
	free(answer->table.bytes);
	*answer = (struct cbx_platform_answer){ 0 };
}

const char *cbx_platform_name(enum cbx_platform_kind kind)
{
	switch (kind) {
	case CBX_PLATFORM_SNP:
		return "snp";
	case CBX_PLATFORM_TDX:
		return "tdx";
	case CBX_PLATFORM_CCA:
		return "cca";
	}
	return "unknown";
}

static enum cbx_status read_options(const struct cbx_platform_options *options,
	struct cbx_platform_options *known)
{
	*known = (struct cbx_platform_options){ sizeof(*known), 0, 0 };
	if (options != NULL && !cbx_sized_read(known, sizeof(*known), options,
				       sizeof(*known))) {
		return cbx_fail(CBX_E_INVALID,
			"platform options: of an unknown size or version");
	}
	if ((known->flags & ~(CBX_PLATFORM_LOCAL | CBX_PLATFORM_PRIVILEGE)) !=
			0 ||
		known->privilege > PRIVILEGE_MAX) {
		return cbx_fail(CBX_E_INVALID,
			"platform options: an unknown flag, or a privilege "
			"above %u",
			PRIVILEGE_MAX);
	}
	return CBX_OK;
}

/* The first way that answers; else why the first one that is there does not. */
static enum cbx_status ask(const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer)
{
	struct cbx_error first = { .status = CBX_OK };
	enum cbx_status status = CBX_E_UNSUPPORTED;

	for (int way = 0; way < 3; way++) {
		bool there = false;

		status =
			way == 0 ? cbx_platform_ask_tsm(request, answer, &there)
			: way == 1
				? cbx_platform_ask_snp(request, answer, &there)
				: cbx_platform_ask_tdx(request, answer, &there);
		if (status == CBX_OK) {
			return CBX_OK;
		}
		if (there && first.status == CBX_OK) {
			first = *cbx_error_last();
		}
	}
	if (first.status != CBX_OK) {
		cbx_error_restore(&first);
		return first.status;
	}
	return cbx_fail(CBX_E_UNSUPPORTED,
		"platform: Linux offers no evidence here (no configfs-tsm "
		"provider, no /dev/sev-guest, no /dev/tdx_guest)");
}

static enum cbx_status hand_over(struct cbx_platform_answer *answer,
	struct cbx_platform_evidence **evidence)
{
	struct cbx_platform_evidence *made = malloc(sizeof(*made));

	if (made == NULL) {
		return cbx_fail_memory("platform evidence");
	}
	*made = (struct cbx_platform_evidence){ answer->kind, answer->flags,
		answer->source, answer->report.bytes, answer->report.size,
		answer->table.bytes, answer->table.size };
	*answer = (struct cbx_platform_answer){ 0 };
	*evidence = made;
	return CBX_OK;
}

enum cbx_status cbx_platform_report_at(const char *root, const uint8_t *data,
	const struct cbx_platform_options *options,
	struct cbx_platform_evidence **evidence)
{
	struct cbx_platform_request request = { root, data, { 0 } };
	struct cbx_platform_answer answer = { 0 };
	enum cbx_status status = read_options(options, &request.options);

	if (status == CBX_OK) {
		status = ask(&request, &answer);
	}
	if (status == CBX_OK) {
		status = hand_over(&answer, evidence);
	}
	cbx_platform_forget(&answer);
	return status;
}

enum cbx_status cbx_platform_report(const uint8_t *data,
	const struct cbx_platform_options *options,
	struct cbx_platform_evidence **evidence)
{
	return cbx_platform_report_at("", data, options, evidence);
}

static void free_constant(const uint8_t *bytes)
{
	union {
		const uint8_t *constant;
		void *heap;
	} ours = { bytes };

	free(ours.heap);
}

void cbx_platform_destroy(struct cbx_platform_evidence *evidence)
{
	if (evidence != NULL) {
		free_constant(evidence->report);
		free_constant(evidence->table);
		free(evidence);
	}
}
