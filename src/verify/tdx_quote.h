/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quote of a trust domain, taken apart: Intel's quoting library puts a TD
 * report and four links of proof into one blob.
 *
 *   header | [type, size] | TD report | size | signature data | padding
 *
 * Everything in a quote is a span of the evidence; nothing is copied.
 */
#ifndef CBX_VERIFY_TDX_QUOTE_H
#define CBX_VERIFY_TDX_QUOTE_H

#include <verify/verdict.h>

/* Where things are in a TD report. @source Intel TDX DCAP Quoting Library API,
 * A.3.2 TD Quote Body (584 bytes as of TDX 1.0, 648 as of TDX 1.5) */
enum cbx_td_field {
	CBX_TD_TCB_SVN = 0x00,	       /* 16 */
	CBX_TD_MRSEAM = 0x10,	       /* 48 */
	CBX_TD_MRSIGNERSEAM = 0x40,    /* 48 */
	CBX_TD_SEAM_ATTRIBUTES = 0x70, /* 8 */
	CBX_TD_ATTRIBUTES = 0x78,      /* 8 */
	CBX_TD_XFAM = 0x80,	       /* 8 */
	CBX_TD_MRTD = 0x88,	       /* 48 */
	CBX_TD_MRCONFIGID = 0xb8,      /* 48 */
	CBX_TD_MROWNER = 0xe8,	       /* 48 */
	CBX_TD_MROWNERCONFIG = 0x118,  /* 48 */
	CBX_TD_RTMR = 0x148,	       /* 4 times 48 */
	CBX_TD_REPORT_DATA = 0x208,    /* 64 */
	CBX_TD_SIZE_1_0 = 0x248,
	CBX_TD_TCB_SVN2 = 0x248,    /* 16 */
	CBX_TD_MRSERVICETD = 0x258, /* 48 */
	CBX_TD_SIZE_1_5 = 0x288,
};

#define CBX_TDX_DIGEST	    48u
#define CBX_TDX_REPORT_DATA 64u

/* The quoting SGX enclave's own report. */
enum cbx_qe_field {
	CBX_QE_CPUSVN = 0,	  /* 16 */
	CBX_QE_MISCSELECT = 16,	  /* 4 */
	CBX_QE_ATTRIBUTES = 48,	  /* 16 */
	CBX_QE_MRENCLAVE = 64,	  /* 32 */
	CBX_QE_MRSIGNER = 128,	  /* 32 */
	CBX_QE_ISVPRODID = 256,	  /* 2 */
	CBX_QE_ISVSVN = 258,	  /* 2 */
	CBX_QE_REPORT_DATA = 320, /* 64 */
	CBX_QE_SIZE = 384,
};

struct cbx_tdx_quote {
	uint16_t version;	      /* 4 or 5 */
	bool is_1_5;		      /* of the TD report */
	struct cbx_span user_data;    /* 20 bytes the platform chose */
	struct cbx_span report;	      /* CBX_TD_SIZE_1_0 or _1_5 */
	struct cbx_span signed_part;  /* what the signature is over */
	struct cbx_span signature;    /* r, s: 64 */
	struct cbx_span key;	      /* x, y: 64; the attestation key */
	struct cbx_span qe_report;    /* CBX_QE_SIZE */
	struct cbx_span qe_signature; /* r, s: 64 */
	struct cbx_span qe_auth;      /* bound together with the key */
	struct cbx_span certificates; /* PEM: PCK, its CA, the root */
};

/**
 * Take a quote apart.  Nothing of it is believed afterwards.
 *
 * @param[out] quote  spans of @p evidence; undefined after a refusal
 *
 * @retval CBX_ACCEPTED             it has the shape of a quote of a TD
 * @retval CBX_REFUSED_MALFORMED    a length passes the end, does not fit the
 *                                  one around it, or something other than zero
 *                                  bytes alone or text alone follows
 * @retval CBX_REFUSED_WRONG_TYPE   a quote of an SGX enclave, a TD report
 *                                  nobody has quoted
 * @retval CBX_REFUSED_UNSUPPORTED  another version, key type, vendor, body or
 *                                  kind of certification data
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_quote_parse(
	struct cbx_verdict *verdict, struct cbx_span evidence,
	struct cbx_tdx_quote *quote);

/** A field of the TD report; empty where a TDX 1.0 report has none. */
struct cbx_span cbx_td_field(const struct cbx_tdx_quote *quote,
	enum cbx_td_field field, size_t size);

/** A number of at most 8 bytes in the TD report. */
uint64_t cbx_td_number(const struct cbx_tdx_quote *quote,
	enum cbx_td_field field, size_t size);

/** A field of the quoting SGX enclave's report. */
struct cbx_span cbx_qe_field(const struct cbx_tdx_quote *quote,
	enum cbx_qe_field field, size_t size);

/** A number of at most 8 bytes in the quoting SGX enclave's report. */
uint64_t cbx_qe_number(const struct cbx_tdx_quote *quote,
	enum cbx_qe_field field, size_t size);

#endif
