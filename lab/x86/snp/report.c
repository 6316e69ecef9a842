/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation reports.
 */
#include "report.h"

#include "bytes.h"

#define SIGNED_BY_VCEK 0x0
#define AUTHOR_KEY     0x1
#define R_AT	       0x2a0
#define S_AT	       0x2e8

static void fill_guest(const struct snp_launched *guest, uint8_t *report)
{
	snp_store(report + 0x004, guest->svn, 4);
	snp_store(report + 0x008, guest->policy, 8);
	snp_copy(report + 0x010, guest->family, 16);
	snp_copy(report + 0x020, guest->image, 16);
	snp_copy(report + 0x090, guest->measurement, 48);
	snp_copy(report + 0x0c0, guest->host_data, 32);
	snp_copy(report + 0x0e0, guest->id_key, 48);
	snp_copy(report + 0x110, guest->author_key, 48);
	snp_copy(report + 0x140, guest->report_id, 32);
	for (unsigned int i = 0; i < 32; i++) {
		report[0x160 + i] = 0xff; /* no migration agent */
	}
	report[0x048] = SIGNED_BY_VCEK;
	report[0x048] |= snp_is_zero(guest->author_key, 48) ? 0 : AUTHOR_KEY;
}

static void fill_platform(const struct snp_platform *platform, uint8_t *report)
{
	snp_store(report + 0x000, platform->version, 4);
	snp_store(report + 0x034, 1, 4); /* ECDSA P-384 with SHA-384 */
	snp_store(report + 0x038, platform->current, 8);
	snp_store(report + 0x040, platform->info, 8);
	snp_store(report + 0x180, platform->reported, 8);
	if (platform->version >= 3) {
		report[0x188] = platform->family;
		report[0x189] = platform->model;
		report[0x18a] = platform->stepping;
	}
	snp_copy(report + 0x1a0, platform->chip, 64);
	snp_store(report + 0x1e0, platform->committed, 8);
	for (unsigned int i = 0; i < 2; i++) { /* current and committed */
		report[0x1e8 + 4 * i] = platform->build;
		report[0x1e9 + 4 * i] = platform->minor;
		report[0x1ea + 4 * i] = platform->major;
	}
	snp_store(report + 0x1f0, platform->launch, 8);
}

/* Numbers of a signature are little endian, in 72 bytes. */
static void store_number(uint8_t *at, const uint8_t number[SNP_SCALAR])
{
	for (unsigned int i = 0; i < SNP_SCALAR; i++) {
		at[i] = number[SNP_SCALAR - 1 - i];
	}
}

bool snp_report_make(const struct snp_firmware *firmware, uint32_t vmpl,
	const uint8_t data[64], uint8_t report[SNP_REPORT_BYTES])
{
	uint8_t made[SNP_REPORT_BYTES] = { 0 };
	uint8_t r[SNP_SCALAR], s[SNP_SCALAR];

	fill_platform(&firmware->platform, made);
	fill_guest(&firmware->guest, made);
	snp_store(made + 0x030, vmpl, 4);
	snp_copy(made + 0x050, data, 64);
	if (!snp_sign(firmware->vcek, made, SNP_REPORT_SIGNED, r, s)) {
		return false;
	}
	store_number(made + R_AT, r);
	store_number(made + S_AT, s);
	snp_copy(report, made, sizeof(made));
	return true;
}
