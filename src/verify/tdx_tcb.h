/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a platform stands to what Intel published about it: the TCB status.
 *
 * Pure functions of signed collateral and the quote.  @source Intel SGX PCCS
 * and PCS API v4, "Get TDX TCB Info", "Get TD QE Identity": how to determine
 * the status; Intel TDX: TD relaunch as its verification library does it.
 */
#ifndef CBX_VERIFY_TDX_TCB_H
#define CBX_VERIFY_TDX_TCB_H

#include <jansson.h>

#include <verify/pck.h>
#include <verify/tdx_quote.h>

/* Worst last only as far as Revoked is the worst. */
enum cbx_tcb_status {
	CBX_TCB_NONE = 0, /* nobody says */
	CBX_TCB_UP_TO_DATE,
	CBX_TCB_SW_HARDENING,
	CBX_TCB_CONFIGURATION,
	CBX_TCB_CONFIGURATION_AND_SW_HARDENING,
	CBX_TCB_OUT_OF_DATE,
	CBX_TCB_OUT_OF_DATE_CONFIGURATION,
	CBX_TCB_RELAUNCH,
	CBX_TCB_RELAUNCH_CONFIGURATION,
	CBX_TCB_REVOKED,
	CBX_TCB_STATUSES
};

/** Intel's word, as in "UpToDate". */
const char *cbx_tcb_word(enum cbx_tcb_status status);

/** A level of a list, with what its status is founded on. */
struct cbx_tcb_level {
	enum cbx_tcb_status status;
	const json_t *json; /* tcbDate, advisoryIDs; lives with the list */
};

struct cbx_tdx_tcb {
	struct cbx_tcb_level platform; /* processor, PCE, TDX components;
					* NONE: no tcbInfo was given */
	struct cbx_tcb_level module;   /* NONE: it counts as a component */
	struct cbx_tcb_level qe;       /* NONE: no identity was given */
	enum cbx_tcb_status processor; /* without its TDX components */
	enum cbx_tcb_status status;    /* of what there is together */
};

/**
 * Whether the TDX module is who tcbInfo says, and the levels of the platform
 * and of the module.
 *
 * @param tcb_info  a tcbInfo of id "TDX", of the right FMSPC
 *
 * @retval CBX_ACCEPTED            tcb->platform and ->module are set
 * @retval CBX_REFUSED_IDENTITY    the module is another's
 * @retval CBX_REFUSED_TCB         it is below every level
 * @retval CBX_REFUSED_COLLATERAL  tcbInfo is not what Intel specifies
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_tcb_platform(
	struct cbx_verdict *verdict, const json_t *tcb_info,
	const struct cbx_tdx_quote *quote, const struct cbx_pck *pck,
	struct cbx_tdx_tcb *tcb);

/**
 * Whether the quoting SGX enclave is who the identity says, and its level.
 *
 * @param identity  a QE identity of id "TD_QE"
 *
 * @return as cbx_tdx_tcb_platform; tcb->qe is set
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_tcb_qe(struct cbx_verdict *verdict,
	const json_t *identity, const struct cbx_tdx_quote *quote,
	struct cbx_tdx_tcb *tcb);

/**
 * Put the levels together, after those of the above there is collateral for.
 *
 * @param tcb_info  NULL: none; then the platform has no level
 *
 * @retval CBX_ACCEPTED            tcb->status is set; NONE without any level
 * @retval CBX_REFUSED_IDENTITY    the module that runs now is unknown to tcbInfo
 * @retval CBX_REFUSED_COLLATERAL  tcbInfo is not what Intel specifies
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_tcb_converge(
	struct cbx_verdict *verdict, const json_t *tcb_info,
	const struct cbx_tdx_quote *quote, struct cbx_tdx_tcb *tcb);

#endif
