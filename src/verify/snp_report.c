/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report's bytes: no key, no certificate.
 */
#include <verify/snp.h>

#include <string.h>

#include <verify/span.h>
#include <verify/verdict.h>

struct cbx_span cbx_snp_field(
	const struct cbx_snp_report *report, size_t offset, size_t size)
{
	return cbx_span_part(
		(struct cbx_span){ report->bytes, sizeof(report->bytes) },
		offset, size);
}

uint64_t cbx_snp_number(
	const struct cbx_snp_report *report, size_t offset, size_t size)
{
	struct cbx_reader reader =
		cbx_reader_of(cbx_snp_field(report, offset, size));

	return cbx_reader_le(&reader, size);
}

/* What has to be zero: from, to (exclusive), in versions. */
static const struct {
	uint16_t from;
	uint16_t to;
	uint8_t first;
	uint8_t last;
} zeros[] = {
	{ 0x04c, 0x050, 2, 5 },
	{ 0x188, 0x18b, 2, 2 }, /* the processor since */
	{ 0x18b, 0x1a0, 2, 5 },
	{ 0x1eb, 0x1ec, 2, 5 },
	{ 0x1ef, 0x1f0, 2, 5 },
	{ 0x1f8, 0x208, 2, 4 }, /* the mitigation vectors since */
	{ 0x208, 0x2a0, 2, 5 },
	{ 0x2d0, 0x2e8, 2, 5 }, /* R is 48 bytes long */
	{ 0x318, 0x330, 2, 5 }, /* and so is S */
	{ 0x330, 0x4a0, 2, 5 },
};

static enum cbx_refusal check_zeros(
	struct cbx_verdict *verdict, const struct cbx_snp_report *report)
{
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		size_t size = (size_t)(zeros[i].to - zeros[i].from);

		if (report->version < zeros[i].first ||
			report->version > zeros[i].last) {
			continue;
		}
		if (!cbx_span_is_zero(
			    cbx_snp_field(report, zeros[i].from, size))) {
			return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
				"reserved bytes 0x%x to 0x%x are not zero",
				(unsigned int)zeros[i].from,
				(unsigned int)zeros[i].to - 1);
		}
	}
	return CBX_ACCEPTED;
}

/* KEY_INFO: 0 author key, 1 masked chip key, 4:2 who signed. */
static enum cbx_refusal read_key(
	struct cbx_verdict *verdict, struct cbx_snp_report *report)
{
	unsigned int info = (unsigned int)cbx_snp_number(report, 0x048, 4);
	unsigned int key = info >> 2 & 7;

	if (info >> 5 != 0) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"reserved bits of the key information: 0x%x", info);
	}
	if (key == 7) {
		return cbx_refuse(
			verdict, CBX_REFUSED_SIGNATURE, "nobody signed it");
	}
	if (key > 1) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"signed by a key of kind %u", key);
	}
	report->vlek = key == 1;
	return CBX_ACCEPTED;
}

/* An unknown policy bit may allow anything. */
static enum cbx_refusal check_policy(
	struct cbx_verdict *verdict, const struct cbx_snp_report *report)
{
	uint64_t policy = cbx_snp_number(report, CBX_SNP_POLICY, 8);

	if ((policy >> 17 & 1) == 0) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"bit 17 of the policy is not set");
	}
	if (policy >> 26 != 0) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"unknown bits in the policy");
	}
	return CBX_ACCEPTED;
}

static enum cbx_snp_product product_of(uint8_t family, uint8_t model)
{
	if (family == 0x19 && model <= 0x0f) {
		return CBX_SNP_MILAN;
	}
	if (family == 0x19 && ((model >= 0x10 && model <= 0x1f) ||
				      (model >= 0xa0 && model <= 0xaf))) {
		return CBX_SNP_GENOA;
	}
	return family == 0x1a && model <= 0x11 ? CBX_SNP_TURIN
					       : CBX_SNP_UNKNOWN;
}

static enum cbx_refusal read_product(
	struct cbx_verdict *verdict, struct cbx_snp_report *report)
{
	uint8_t family = report->bytes[0x188];
	uint8_t model = report->bytes[0x189];

	report->product = CBX_SNP_UNKNOWN;
	if (report->version < 3) {
		return CBX_ACCEPTED;
	}
	report->product = product_of(family, model);
	if (report->product == CBX_SNP_UNKNOWN) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"a processor of family 0x%x, model 0x%x", family,
			model);
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal read_head(
	struct cbx_verdict *verdict, struct cbx_snp_report *report)
{
	unsigned int algorithm = (unsigned int)cbx_snp_number(report, 0x034, 4);
	unsigned int vmpl =
		(unsigned int)cbx_snp_number(report, CBX_SNP_VMPL, 4);

	report->version = (uint32_t)cbx_snp_number(report, 0, 4);
	if (report->version < 2 || report->version > 5) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"a report of version %u",
			(unsigned int)report->version);
	}
	if (algorithm != 1) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"a signature of algorithm %u", algorithm);
	}
	if (vmpl > 3) {
		return cbx_refuse(verdict, CBX_REFUSED_WRONG_TYPE,
			"nobody inside asked for it: VMPL 0x%x", vmpl);
	}
	return CBX_ACCEPTED;
}

enum cbx_refusal cbx_snp_read(struct cbx_verdict *verdict,
	struct cbx_span evidence, struct cbx_snp_report *report)
{
	enum cbx_refusal refusal;

	if (evidence.size != CBX_SNP_REPORT_SIZE) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%zu bytes; a report has %u", evidence.size,
			CBX_SNP_REPORT_SIZE);
	}
	memcpy(report->bytes, evidence.bytes, CBX_SNP_REPORT_SIZE);
	refusal = read_head(verdict, report);
	if (refusal == CBX_ACCEPTED) {
		refusal = read_key(verdict, report);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_policy(verdict, report);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_zeros(verdict, report);
	}
	return refusal == CBX_ACCEPTED ? read_product(verdict, report)
				       : refusal;
}
