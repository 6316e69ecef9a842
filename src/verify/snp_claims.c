/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says, as claims.  Names are ABI (doc/verify.md).
 */
#include <verify/snp.h>

#include <verify/verdict.h>

static const struct {
	uint16_t offset;
	uint16_t size;
	const char *name;
} fields[] = {
	{ 0x010, 16, "family-id" },
	{ 0x020, 16, "image-id" },
	{ CBX_SNP_REPORT_DATA, CBX_SNP_REPORT_DATA_SIZE, "report-data" },
	{ 0x090, 48, "measurement" },
	{ 0x0c0, 32, "host-data" },
	{ 0x0e0, 48, "id-key-digest" },
	{ 0x110, 48, "author-key-digest" },
	{ 0x140, 32, "report-id" },
	{ 0x160, 32, "report-id-ma" },
	{ CBX_SNP_CHIP_ID, CBX_SNP_CHIP_ID_SIZE, "chip-id" },
};

static const struct {
	uint16_t offset;
	uint8_t size;
	uint8_t since; /* version */
	const char *name;
} numbers[] = {
	{ 0x004, 4, 2, "guest-svn" },
	{ CBX_SNP_POLICY, 8, 2, "policy" },
	{ 0x008, 1, 2, "policy.abi-minor" },
	{ 0x009, 1, 2, "policy.abi-major" },
	{ 0x030, 4, 2, "vmpl" },
	{ 0x040, 8, 2, "platform-info" },
	{ 0x188, 1, 3, "cpuid.family" },
	{ 0x189, 1, 3, "cpuid.model" },
	{ 0x18a, 1, 3, "cpuid.stepping" },
	/* build, minor, major: 1.55.40 is 0x013728 */
	{ 0x1e8, 3, 2, "current-version" },
	{ 0x1ec, 3, 2, "committed-version" },
	{ 0x1f8, 8, 5, "launch-mitigations" },
	{ 0x200, 8, 5, "current-mitigations" },
};

static const struct {
	uint16_t offset;
	uint8_t bit;
	const char *name;
} flags[] = {
	{ CBX_SNP_POLICY, 16, "policy.smt" },
	{ CBX_SNP_POLICY, 18, "policy.migration-agent" },
	{ CBX_SNP_POLICY, CBX_SNP_POLICY_DEBUG, "policy.debug" },
	{ CBX_SNP_POLICY, 20, "policy.single-socket" },
	{ CBX_SNP_POLICY, 21, "policy.cxl" },
	{ CBX_SNP_POLICY, 22, "policy.aes-256-xts" },
	{ CBX_SNP_POLICY, 23, "policy.rapl-disabled" },
	{ CBX_SNP_POLICY, 24, "policy.ciphertext-hiding" },
	{ CBX_SNP_POLICY, 25, "policy.page-swap-disabled" },
	{ 0x040, 0, "platform.smt" },
	{ 0x040, 1, "platform.tsme" },
	{ 0x040, 2, "platform.ecc" },
	{ 0x040, 3, "platform.rapl-disabled" },
	{ 0x040, 4, "platform.ciphertext-hiding" },
	{ 0x040, 5, "platform.alias-check" },
	{ 0x040, 7, "platform.tio" },
	{ 0x048, 0, "author-key" },
	{ 0x048, 1, "chip-key-masked" },
};

static const struct {
	uint16_t offset;
	const char *name;
} tcbs[] = {
	{ 0x038, "current-tcb" },
	{ CBX_SNP_REPORTED_TCB, "reported-tcb" },
	{ 0x1e0, "committed-tcb" },
	{ 0x1f0, "launch-tcb" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void cbx_snp_claims(
	struct cbx_verdict *verdict, const struct cbx_snp_report *report)
{
	cbx_claim_number(verdict, report->version, "snp.version");
	cbx_claim_text(verdict, cbx_span_text(report->vlek ? "vlek" : "vcek"),
		"snp.signing-key");
	for (size_t i = 0; i < COUNT(fields); i++) {
		cbx_claim_bytes(verdict,
			cbx_snp_field(report, fields[i].offset, fields[i].size),
			"snp.%s", fields[i].name);
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		if (report->version >= numbers[i].since) {
			cbx_claim_number(verdict,
				cbx_snp_number(report, numbers[i].offset,
					numbers[i].size),
				"snp.%s", numbers[i].name);
		}
	}
	for (size_t i = 0; i < COUNT(flags); i++) {
		uint64_t word = cbx_snp_number(report, flags[i].offset,
			flags[i].offset == 0x048 ? 4 : 8);

		cbx_claim_flag(verdict, (word >> flags[i].bit & 1) != 0,
			"snp.%s", flags[i].name);
	}
	for (size_t i = 0; i < COUNT(tcbs); i++) {
		cbx_claim_bytes(verdict,
			cbx_snp_field(report, tcbs[i].offset, CBX_SNP_TCB_SIZE),
			"snp.%s", tcbs[i].name);
	}
}

/* The names of a TCB's bytes, the first first; NULL: reserved. */
static const char *const before_turin[CBX_SNP_TCB_SIZE] = { "boot-loader",
	"tee", NULL, NULL, NULL, NULL, "snp", "microcode" };
static const char *const since_turin[CBX_SNP_TCB_SIZE] = { "fmc", "boot-loader",
	"tee", "snp", NULL, NULL, NULL, "microcode" };

void cbx_snp_tcb_claims(struct cbx_verdict *verdict,
	const struct cbx_snp_report *report, enum cbx_snp_product product)
{
	const char *const *names =
		product == CBX_SNP_TURIN ? since_turin : before_turin;

	for (size_t i = 0; i < COUNT(tcbs); i++) {
		for (size_t j = 0; j < CBX_SNP_TCB_SIZE; j++) {
			if (names[j] != NULL) {
				cbx_claim_number(verdict,
					report->bytes[tcbs[i].offset + j],
					"snp.%s.%s", tcbs[i].name, names[j]);
			}
		}
	}
}
