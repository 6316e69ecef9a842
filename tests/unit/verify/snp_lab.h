/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports no public sample has, signed by a vendor of our own whose root the
 * appraisal trusts.
 */
#ifndef SNP_LAB_H
#define SNP_LAB_H

#include "unit.h"

#include "lab.h"
#include "maker.h"
#include "snp_case.h"

#include <confbox/abi.h>

/* 2026-01-01 */
#define NOW 1767225600

/* What a test may change before the lab signs and certifies. */
struct recipe {
	const char *product; /* "Milan-B0" */
	uint8_t version;
	bool vlek;
	struct lab_form leaf;
	struct lab_form issuer;
	uint8_t report[SNP_REPORT];
};

struct lab {
	struct lab_party root;
	struct lab_party issuer;
	struct lab_party leaf;
	struct snp_case test;
	struct recipe recipe;
	struct cbx_span anchor;
};

/** For cmocka: the vendor's keys. */
int snp_lab_make(void **state);
int snp_lab_drop(void **state);

/** The recipe of a good report. */
struct recipe *snp_lab_begin(
	struct lab *lab, const char *product, uint8_t version, bool vlek);

/** Sign, certify, verify. */
enum cbx_refusal snp_lab_run(struct lab *lab);

/** A claim that is a number. */
void snp_lab_number(struct lab *lab, const char *name, uint64_t number);

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, snp_lab_make, snp_lab_drop)

#endif
