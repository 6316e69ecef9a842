/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The genuine reports of tests/evidence/snp and what they say, read by other
 * means than ours.
 */
#ifndef CBX_TESTS_SNP_SAMPLES_H
#define CBX_TESTS_SNP_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/** A claim, without its "snp."; hex NULL: a number. */
struct snp_said {
	const char *claim;
	const char *hex;
	uint64_t number;
};

/** A report, the certificate of its key, a time when it was valid. */
struct snp_sample {
	const char *report;
	const char *leaf;
	int64_t now;
	const char *product;
	const char *signing_key;
	const char *provider;	     /* NULL: a VCEK */
	const struct snp_said *said; /* ends with a NULL claim */
};

static const struct snp_said said_milan_v2_virtee[] = {
	{ "version", NULL, 0x2 },
	{ "vmpl", NULL, 0x0 },
	{ "policy", NULL, 0x30000 },
	{ "platform-info", NULL, 0x1 },
	{ "guest-svn", NULL, 0x0 },
	{ "reported-tcb", "0300000000000873", 0 },
	{ "current-tcb", "0300000000000873", 0 },
	{ "committed-tcb", "0300000000000873", 0 },
	{ "launch-tcb", "0300000000000873", 0 },
	{ "current-version", NULL, 0x13404 },
	{ "committed-version", NULL, 0x13404 },
	{ "report-data",
		"d447b55d197491bfe15cf298f9de9986b7a7c4be2468b4f6e2d53b71"
		"d7c645810b0f2cdfca0040433be063fc1a8293f0f3f8dae7b79fecb3"
		"d1cd82bd6a93ebfd",
		0 },
	{ "measurement",
		"7a1e5c266c0108dbc9bb94fa926951320940915d0aafb42464bd88b5"
		"79ea158d3e1a0dc39b2c60bd95b9c480cd81841f",
		0 },
	{ "host-data",
		"00000000000000000000000000000000000000000000000000000000"
		"00000000",
		0 },
	{ "id-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "author-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "report-id",
		"92b3b47d59f0a2a10a74c5678868a80238cf593c01a82f3cffb878e9"
		"04c28d5b",
		0 },
	{ "report-id-ma",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffff",
		0 },
	{ "chip-id",
		"d49554ec717f4e5b0fe6b143bcf0405bd7ae304727edf46603f2a76a"
		"ef6a3abc15d7af38db757039029f0efacfd08e244324884738c72b08"
		"2e2f87a44d541eb6",
		0 },
	{ "family-id", "00000000000000000000000000000000", 0 },
	{ "image-id", "00000000000000000000000000000000", 0 },
	{ "reported-tcb.boot-loader", NULL, 0x3 },
	{ "reported-tcb.tee", NULL, 0x0 },
	{ "reported-tcb.snp", NULL, 0x8 },
	{ "reported-tcb.microcode", NULL, 0x73 },
	{ NULL, NULL, 0 },
};

static const struct snp_said said_milan_v2_trustee[] = {
	{ "version", NULL, 0x2 },
	{ "vmpl", NULL, 0x0 },
	{ "policy", NULL, 0x3001f },
	{ "platform-info", NULL, 0x1 },
	{ "guest-svn", NULL, 0x4 },
	{ "reported-tcb", "0300000000000873", 0 },
	{ "current-tcb", "03000000000008ce", 0 },
	{ "committed-tcb", "0300000000000873", 0 },
	{ "launch-tcb", "0300000000000873", 0 },
	{ "current-version", NULL, 0x13404 },
	{ "committed-version", NULL, 0x13404 },
	{ "report-data",
		"ec6c52d7533cc2c4f45be7849cf112ab82b2009fe7bd43e71ed08c14"
		"400ad7e2000000000000000000000000000000000000000000000000"
		"0000000000000000",
		0 },
	{ "measurement",
		"a1f3930413247bb38cfc171579ea3c12d5fe4901f0c792f63fd75d98"
		"f1ef827c23500644e0e692e6be917f9050d3d38c",
		0 },
	{ "host-data",
		"00000000000000000000000000000000000000000000000000000000"
		"00000000",
		0 },
	{ "id-key-digest",
		"0356215882a825279a85b300b0b742931d113bf7e32dde2e50ffde7e"
		"c743ca491ecdd7f336dc28a6e0b2bb57af7a44a3",
		0 },
	{ "author-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "report-id",
		"385eba81216de4776548fcb86f8ead03c1ebc92b6207f3210d9ccebb"
		"89c99005",
		0 },
	{ "report-id-ma",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffff",
		0 },
	{ "chip-id",
		"c38427a30d4c7af9d96f7a15b97269825a64cb76a2352ffd5d18115d"
		"89ad473f8e8c0bcd9a5d9286612bad4aadfb4426205a3b9e4fea8230"
		"1135a170e477524e",
		0 },
	{ "family-id", "01000000000000000000000000000000", 0 },
	{ "image-id", "02000000000000000000000000000000", 0 },
	{ "reported-tcb.boot-loader", NULL, 0x3 },
	{ "reported-tcb.tee", NULL, 0x0 },
	{ "reported-tcb.snp", NULL, 0x8 },
	{ "reported-tcb.microcode", NULL, 0x73 },
	{ NULL, NULL, 0 },
};

static const struct snp_said said_milan_v3_vlek[] = {
	{ "version", NULL, 0x3 },
	{ "vmpl", NULL, 0x1 },
	{ "policy", NULL, 0x30000 },
	{ "platform-info", NULL, 0x27 },
	{ "guest-svn", NULL, 0x0 },
	{ "reported-tcb", "04000000000018d9", 0 },
	{ "current-tcb", "04000000000018dc", 0 },
	{ "committed-tcb", "04000000000018db", 0 },
	{ "launch-tcb", "04000000000018db", 0 },
	{ "cpuid.family", NULL, 0x19 },
	{ "cpuid.model", NULL, 0x1 },
	{ "cpuid.stepping", NULL, 0x1 },
	{ "current-version", NULL, 0x1371d },
	{ "committed-version", NULL, 0x1371d },
	{ "report-data",
		"819770b7e6ea6df8dd8fd4dd146b073c0bf4f3ce5b0977ecac486e3a"
		"05ed1bd54e2a7ac1f5d1ca02e7d7d5ef9f73b8574fd9359e3a480d74"
		"1a4478e8a7bc27ca",
		0 },
	{ "measurement",
		"8922ebbdd00ec2c541f36a6e7a82a8773a7accb451ed67bc94e740db"
		"e92c93c4e8c9af857f5ceeb5a493df2a570d7bf0",
		0 },
	{ "host-data",
		"00000000000000000000000000000000000000000000000000000000"
		"00000000",
		0 },
	{ "id-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "author-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "report-id",
		"62e04fba700afd93b3a0cc0649b633ee36587fa8a8c2eb5d9b7cd7bc"
		"5f4bb057",
		0 },
	{ "report-id-ma",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffff",
		0 },
	{ "chip-id",
		"00000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000",
		0 },
	{ "family-id", "00000000000000000000000000000000", 0 },
	{ "image-id", "00000000000000000000000000000000", 0 },
	{ "reported-tcb.boot-loader", NULL, 0x4 },
	{ "reported-tcb.tee", NULL, 0x0 },
	{ "reported-tcb.snp", NULL, 0x18 },
	{ "reported-tcb.microcode", NULL, 0xd9 },
	{ NULL, NULL, 0 },
};

static const struct snp_said said_genoa_v3_azure[] = {
	{ "version", NULL, 0x3 },
	{ "vmpl", NULL, 0x0 },
	{ "policy", NULL, 0x3001f },
	{ "platform-info", NULL, 0x24 },
	{ "guest-svn", NULL, 0x1000b },
	{ "reported-tcb", "0a00000000001754", 0 },
	{ "current-tcb", "0a00000000001754", 0 },
	{ "committed-tcb", "0a00000000001754", 0 },
	{ "launch-tcb", "0a00000000001754", 0 },
	{ "cpuid.family", NULL, 0x19 },
	{ "cpuid.model", NULL, 0x11 },
	{ "cpuid.stepping", NULL, 0x1 },
	{ "current-version", NULL, 0x13728 },
	{ "committed-version", NULL, 0x13728 },
	{ "report-data",
		"b581f12e29a2d7d64e5e0b738d563879a78b51c644d0fa0cce02b486"
		"99f6bf5f000000000000000000000000000000000000000000000000"
		"0000000000000000",
		0 },
	{ "measurement",
		"f57dc09a507c6ecd82369bffb600f0003792f4d99bc26e985ec0c266"
		"fc34faf3706faf814c9e61065768a6ff917c89ae",
		0 },
	{ "host-data",
		"00000000000000000000000000000000000000000000000000000000"
		"00000000",
		0 },
	{ "id-key-digest",
		"942fd93ebde6ea7a96efadeafc60f1c6b3d10e703b1dafd7555b92f7"
		"f3d32d0e006767648cba5b102af3d65756af4177",
		0 },
	{ "author-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "report-id",
		"8c678f0cba548b25bc8ed1f723231570447886c74b1fa1f7eb236997"
		"55cb4801",
		0 },
	{ "report-id-ma",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffff",
		0 },
	{ "chip-id",
		"0506ffba875e939c2729d20c74eb72b4c5ba6bf7ea1faaa640141f12"
		"c6d64782fb487f68ce69dcd021e914cc0d9244327bc121f0242d6470"
		"903ad1d4aaea4ad1",
		0 },
	{ "family-id", "01232000000000000000000000000000", 0 },
	{ "image-id", "02000000000000000000000000000000", 0 },
	{ "reported-tcb.boot-loader", NULL, 0xa },
	{ "reported-tcb.tee", NULL, 0x0 },
	{ "reported-tcb.snp", NULL, 0x17 },
	{ "reported-tcb.microcode", NULL, 0x54 },
	{ NULL, NULL, 0 },
};

static const struct snp_said said_turin_v5_msft[] = {
	{ "version", NULL, 0x5 },
	{ "vmpl", NULL, 0x0 },
	{ "policy", NULL, 0x3001f },
	{ "platform-info", NULL, 0x65 },
	{ "guest-svn", NULL, 0x2 },
	{ "reported-tcb", "0101010400000051", 0 },
	{ "current-tcb", "0101010400000051", 0 },
	{ "committed-tcb", "0101010400000051", 0 },
	{ "launch-tcb", "0101010400000051", 0 },
	{ "cpuid.family", NULL, 0x1a },
	{ "cpuid.model", NULL, 0x2 },
	{ "cpuid.stepping", NULL, 0x1 },
	{ "current-version", NULL, 0x13741 },
	{ "committed-version", NULL, 0x13741 },
	{ "launch-mitigations", NULL, 0x3f },
	{ "current-mitigations", NULL, 0x3f },
	{ "report-data",
		"00000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000",
		0 },
	{ "measurement",
		"6d6c354511d6f7c6d7504668903dc5bdc066a048b651840d8d03fb85"
		"299ebfa142fccf1d1b0baca496841bdf243619d4",
		0 },
	{ "host-data",
		"b3452a0ed30f1010bd32740dd1610bc63296ceb0f882f2cac3a3152d"
		"651fe7e4",
		0 },
	{ "id-key-digest",
		"4068e9ae4b315aa4b33938ce0ed01a3d5d8e80eb98eab479a0558cd7"
		"de9d4d40d6d80d328d90732688a42b13a0cd6405",
		0 },
	{ "author-key-digest",
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000",
		0 },
	{ "report-id",
		"d2f0b13e226f7c8aee44f2fd22cac739438124864fec3e3a2249901a"
		"2f4bc9a6",
		0 },
	{ "report-id-ma",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffff",
		0 },
	{ "chip-id",
		"59790fb1c39f35c10000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000"
		"0000000000000000",
		0 },
	{ "family-id", "01000000000000000000000000000000", 0 },
	{ "image-id", "02000000000000000000000000000000", 0 },
	{ "reported-tcb.fmc", NULL, 0x1 },
	{ "reported-tcb.boot-loader", NULL, 0x1 },
	{ "reported-tcb.tee", NULL, 0x1 },
	{ "reported-tcb.snp", NULL, 0x4 },
	{ "reported-tcb.microcode", NULL, 0x51 },
	{ NULL, NULL, 0 },
};

static const struct snp_sample snp_samples[] = {
	{ "snp/milan-v2-virtee/report.bin", "snp/milan-v2-virtee/vcek.der",
		1748736000, "Milan", "vcek", NULL, said_milan_v2_virtee },
	{ "snp/milan-v2-trustee/report.bin", "snp/milan-v2-trustee/vcek.der",
		1748736000, "Milan", "vcek", NULL, said_milan_v2_trustee },
	{ "snp/milan-v3-vlek/report.bin", "snp/milan-v3-vlek/vlek.der",
		1748736000, "Milan", "vlek", "CN=cc-us-east-2.amazonaws.com",
		said_milan_v3_vlek },
	{ "snp/genoa-v3-azure/report.bin", "snp/genoa-v3-azure/vcek.pem",
		1748736000, "Genoa", "vcek", NULL, said_genoa_v3_azure },
	{ "snp/turin-v5-msft/report.bin", "snp/turin-v5-msft/vcek.pem",
		1780000000, "Turin", "vcek", NULL, said_turin_v5_msft },
};
#define SNP_SAMPLES (sizeof(snp_samples) / sizeof(snp_samples[0]))

#endif
