/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification of AMD SEV-SNP attestation reports: what cbx_verify_snp is made
 * of.  AMD 56860 (firmware ABI) 7.3, AMD 57230 (VCEK certificates).
 */
#ifndef CBX_VERIFY_SNP_H
#define CBX_VERIFY_SNP_H

#include <stdbool.h>
#include <stdint.h>

#include <confbox/verify.h>
#include <verify/chain.h>

#define CBX_SNP_REPORT_SIZE	 0x4a0u
#define CBX_SNP_SIGNED		 0x2a0u /* the first bytes */
#define CBX_SNP_REPORT_DATA	 0x050u
#define CBX_SNP_REPORT_DATA_SIZE 64u
#define CBX_SNP_REPORTED_TCB	 0x180u
#define CBX_SNP_CHIP_ID		 0x1a0u
#define CBX_SNP_CHIP_ID_SIZE	 64u
#define CBX_SNP_POLICY		 0x008u
#define CBX_SNP_VMPL		 0x030u
#define CBX_SNP_POLICY_DEBUG	 19u /* bit */
#define CBX_SNP_TCB_SIZE	 8u

/** Processors by the root that vouches for them and by the order of a TCB's
 * bytes. */
enum cbx_snp_product {
	CBX_SNP_UNKNOWN,
	CBX_SNP_MILAN,
	CBX_SNP_GENOA, /* Bergamo and Siena, too */
	CBX_SNP_TURIN,
};

/** "Milan"; "" for CBX_SNP_UNKNOWN. */
const char *cbx_snp_product_name(enum cbx_snp_product product);

/* -------------------------------------------------------------- report -- */

struct cbx_snp_report {
	uint8_t bytes[CBX_SNP_REPORT_SIZE]; /* the copy all is read from */
	uint32_t version;		    /* 2 to 5 */
	bool vlek;			    /* signed by a VLEK, not a VCEK */
	enum cbx_snp_product product; /* UNKNOWN: version 2 does not say */
};

/** The bytes of a field. */
struct cbx_span cbx_snp_field(
	const struct cbx_snp_report *report, size_t offset, size_t size);

/** A little-endian field of up to 8 bytes. */
uint64_t cbx_snp_number(
	const struct cbx_snp_report *report, size_t offset, size_t size);

/**
 * Read a report, checking all that needs no key: afterwards every byte of it
 * is either signed or zero.
 *
 * @param[out] report  undefined after a refusal
 *
 * @retval CBX_ACCEPTED             well-formed
 * @retval CBX_REFUSED_MALFORMED    its size, or something that has to be zero
 * @retval CBX_REFUSED_UNSUPPORTED  version, algorithm, kind of key, policy bit
 *                                  or processor
 * @retval CBX_REFUSED_SIGNATURE    it says that nobody signed it
 * @retval CBX_REFUSED_WRONG_TYPE   asked for by the host, not from inside
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_snp_read(struct cbx_verdict *verdict,
	struct cbx_span evidence, struct cbx_snp_report *report);

/** Add what the report says as claims "snp.*", without parts of TCBs. */
void cbx_snp_claims(
	struct cbx_verdict *verdict, const struct cbx_snp_report *report);

/** Add the parts of the TCBs, "snp.reported-tcb.microcode" and the like: the
 * order of their bytes is the product's, which is known. */
void cbx_snp_tcb_claims(struct cbx_verdict *verdict,
	const struct cbx_snp_report *report, enum cbx_snp_product product);

/* --------------------------------------------------------- certificate -- */

/** What a VCEK's or VLEK's certificate says. */
struct cbx_snp_leaf {
	const mbedtls_x509_crt *certificate;
	bool vlek;
	enum cbx_snp_product product;
	uint8_t tcb[CBX_SNP_TCB_SIZE]; /* as a report has it */
	struct cbx_span identity;      /* the chip's, or a provider's name */
	const char *broken; /* NULL, or why it cannot be used; then only
			     * certificate and vlek are set */
};

/** Read a certificate.  @return false when it is no VCEK's or VLEK's */
bool cbx_snp_leaf_read(
	const mbedtls_x509_crt *certificate, struct cbx_snp_leaf *leaf);

/** Whether the report's chip is the VCEK's; of a VLEK: true. */
bool cbx_snp_leaf_is_chip(
	const struct cbx_snp_leaf *leaf, const struct cbx_snp_report *report);

/**
 * Add the certificates of a table as the extended report request returns it
 * (GHCB 2.01, 4.1.8.1): ARK, ASK, ASVK, VCEK, VLEK and CRL; entries of other
 * kinds are checked and left.
 *
 * @param table  size 0: none
 *
 * @retval CBX_ACCEPTED             they are in the chain
 * @retval CBX_REFUSED_CERTIFICATE  an entry lies outside or upon another, is
 *                                  there twice or empty; no end; too many; or
 *                                  as cbx_chain_add
 * @retval CBX_REFUSED_INTERNAL     no memory
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_snp_table_add(
	struct cbx_verdict *verdict, struct cbx_chain *chain,
	struct cbx_span table);

/* -------------------------------------------------------- verification -- */

/**
 * cbx_verify_snp on a verdict that has begun, without its end: for evidence
 * that holds a report the monitor asked for, at VMPL 0.
 *
 * @param report_data  what the report's has to be, 64 bytes; NULL: the
 *                     appraisal's nonce has to match
 *
 * @return as cbx_verify_snp, never CBX_REFUSED_REQUIREMENT; with
 *         @p report_data CBX_REFUSED_BINDING when the report's is another, or
 *         when its VMPL is not 0
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_snp_check(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal,
	const struct cbx_span *report_data);

#endif
