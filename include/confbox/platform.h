/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confidential VM this process runs in, and what its hardware says of it.
 *
 * The evidence is the platform's own and is about the whole VM, not about a
 * box: an SNP report, a TD quote, a CCA token.  <confbox/verify.h> tells whether
 * it is genuine.  Nothing here is trusted: evidence protects itself.
 */
#ifndef CONFBOX_PLATFORM_H
#define CONFBOX_PLATFORM_H

#include <confbox/confbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What vouches. */
enum cbx_platform_kind {
	CBX_PLATFORM_SNP = 1, /* AMD SEV-SNP: an attestation report */
	CBX_PLATFORM_TDX = 2, /* Intel TDX: a quote, or a TDREPORT */
	CBX_PLATFORM_CCA = 3, /* Arm CCA: an attestation token */
};

/** Bytes of the caller's that the evidence repeats. */
#define CBX_PLATFORM_DATA_BYTES 64u

/** In the options: take a TDREPORT where there is no quote to be had.
 * In the evidence: it is one.  Only this machine can check it: the platform's
 * quoting service turns it into a quote. */
#define CBX_PLATFORM_LOCAL 1u
/** In the options: `privilege` holds, else the platform's default is taken. */
#define CBX_PLATFORM_PRIVILEGE 2u

/** How to ask. */
struct cbx_platform_options {
	size_t size;	    /* sizeof(struct cbx_platform_options) */
	uint32_t flags;	    /* CBX_PLATFORM_* */
	uint32_t privilege; /* SNP: the VMPL in the report, 0 to 3, not below
			     * the one Linux runs at */
};

/** What the platform says.  Fields may be added at the end. */
struct cbx_platform_evidence {
	enum cbx_platform_kind kind;
	uint32_t flags;	       /* CBX_PLATFORM_LOCAL */
	const char *source;    /* where it is from: "configfs-tsm",
				 * "/dev/sev-guest" or "/dev/tdx_guest" */
	const uint8_t *report; /* report, quote or token */
	size_t report_bytes;   /* not 0 */
	const uint8_t *table;  /* what came with it: SNP's certificate table;
				 * NULL: nothing */
	size_t table_bytes;
};

/**
 * Ask the platform for evidence.
 *
 * The kernel's configfs-tsm is asked first (Linux 6.7; SNP, TDX and CCA), then
 * /dev/sev-guest, then /dev/tdx_guest; the first that answers is taken.  They
 * are root's, usually.  The call may take seconds: hosts slow it down.
 *
 * @param      data      CBX_PLATFORM_DATA_BYTES bytes: a challenge, or what is
 *                       to be bound
 * @param      options   NULL for defaults
 * @param[out] evidence  the caller destroys it; untouched on failure
 *
 * @retval CBX_OK             the evidence is there, and unchecked
 * @retval CBX_E_INVALID      an option is unknown or out of range
 * @retval CBX_E_UNSUPPORTED  no such platform here, one this library does not
 *                            know, or no more than a TDREPORT to be had
 * @retval CBX_E_DENIED       this process may not ask
 * @retval CBX_E_BUSY         others kept asking in between; try again
 * @retval CBX_E_HARDWARE     the kernel, the firmware or the host refused
 * @retval CBX_E_NOMEM        out of memory
 */
CBX_API CBX_CHECKED enum cbx_status cbx_platform_report(const uint8_t *data,
	const struct cbx_platform_options *options,
	struct cbx_platform_evidence **evidence);

/** @param evidence  NULL does nothing */
CBX_API void cbx_platform_destroy(struct cbx_platform_evidence *evidence);

/** The kind's name, as in "snp"; never NULL. */
CBX_API const char *cbx_platform_name(enum cbx_platform_kind kind);

#ifdef __cplusplus
}
#endif

#endif
