/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the platform for evidence: one function for each way Linux offers.
 */
#ifndef CBX_CLIENT_PLATFORM_H
#define CBX_CLIENT_PLATFORM_H

#include <stdbool.h>

#include <confbox/platform.h>

/** What a platform says is at most that long; its certificates are, too. */
#define CBX_PLATFORM_BLOB_MAX (1u << 20)
/** How often a question is asked again that somebody disturbed. */
#define CBX_PLATFORM_ATTEMPTS 8u
/** Room for the path of a file asked. */
#define CBX_PLATFORM_PATH 256u

/** Bytes on the heap. */
struct cbx_platform_blob {
	uint8_t *bytes;
	size_t size;
};

struct cbx_platform_request {
	const char *root; /* in front of every path; "" but in tests */
	const uint8_t *data;
	struct cbx_platform_options options;
};

struct cbx_platform_answer {
	enum cbx_platform_kind kind;
	uint32_t flags;
	const char *source;
	struct cbx_platform_blob report;
	struct cbx_platform_blob table;
};

/**
 * Ask by configfs-tsm, by /dev/sev-guest, by /dev/tdx_guest.
 *
 * @param[out] answer  the caller frees its blobs; all zero on failure
 * @param[out] there   whether this machine has that way at all
 *
 * @return as cbx_platform_report; any failure when it is not there
 */
CBX_CHECKED enum cbx_status cbx_platform_ask_tsm(
	const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer, bool *there);
CBX_CHECKED enum cbx_status cbx_platform_ask_snp(
	const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer, bool *there);
CBX_CHECKED enum cbx_status cbx_platform_ask_tdx(
	const struct cbx_platform_request *request,
	struct cbx_platform_answer *answer, bool *there);

/** cbx_platform_report with another root directory. */
CBX_CHECKED enum cbx_status cbx_platform_report_at(const char *root,
	const uint8_t *data, const struct cbx_platform_options *options,
	struct cbx_platform_evidence **evidence);

/** Fail by the kernel's word for it. */
enum cbx_status cbx_platform_fail(
	int os_error, const char *path, const char *what);

/** Free both blobs; the answer is all zero then. */
void cbx_platform_forget(struct cbx_platform_answer *answer);

#endif
