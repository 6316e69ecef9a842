/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_seal [--quick]: sealing and opening blobs, against the library's bare
 * AES-256-GCM of the same bytes.
 *
 * The key of the blob is there; what comes on top are its own key (HKDF) and
 * the header.  Fetching the seal key is a gate, which is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <psa/crypto.h>

#include <trust/aead.h>
#include <trust/seal.h>

#include "bench.h"

#define DATA_MAX (16u << 20)

static const uint8_t key[CBX_SEAL_KEY_BYTES] = { 1 };
static uint8_t data[DATA_MAX];
static uint8_t again[DATA_MAX];
static uint8_t blob[DATA_MAX + CBX_SEAL_MORE];

static void fail(const char *what)
{
	fprintf(stderr, "bench_seal: %s\n", what);
	exit(EXIT_FAILURE);
}

static struct cbx_seal_header header_of(size_t bytes)
{
	return (struct cbx_seal_header){
		.magic = { 'C', 'B', 'X', 'S', 'E', 'A', 'L', '1' },
		.version = CBX_SEAL_VERSION,
		.selector = CBX_SEAL_EXACT,
		.size = bytes,
	};
}

static void seal(size_t bytes)
{
	const struct cbx_seal_header header = header_of(bytes);

	if (cbx_seal_wrap(&header, key, (struct cbx_span){ 0 },
		    (struct cbx_span){ data, bytes }, blob) != CBX_SEAL_OK) {
		fail("not sealed");
	}
}

static void open_it(size_t bytes)
{
	if (cbx_seal_unwrap(key, (struct cbx_span){ 0 },
		    (struct cbx_span){ blob, bytes + CBX_SEAL_MORE },
		    again) != CBX_SEAL_OK) {
		fail("not opened");
	}
}

/* The library, with a key it has. */
static struct cbx_aead bare;

static void bare_seal(size_t bytes)
{
	bare.sequence = 0;
	if (!cbx_aead_seal(&bare, (struct cbx_span){ 0 },
		    (struct cbx_span){ data, bytes }, blob)) {
		fail("AES-GCM");
	}
}

static void bare_open(size_t bytes)
{
	bare.sequence = 0;
	if (!cbx_aead_open(&bare, (struct cbx_span){ 0 },
		    (struct cbx_span){ blob, bytes + CBX_AEAD_TAG }, again)) {
		fail("AES-GCM");
	}
}

static double once(void (*work)(size_t bytes), size_t bytes, unsigned int times)
{
	uint64_t since = bench_now();

	for (unsigned int i = 0; i < times; i++) {
		work(bytes);
	}
	return (double)(bench_now() - since) / times / 1e3;
}

static void measure(const char *what, size_t bytes, bool quick)
{
	const unsigned int times =
		quick ? 1 : (unsigned int)(DATA_MAX / bytes / 4 + 1);
	double least[4] = { 0 };
	char name[64];

	for (int i = 0; i < (quick ? 1 : 9); i++) {
		least[0] = bench_least(least[0], once(seal, bytes, times));
		least[1] = bench_least(least[1], once(open_it, bytes, times));
		least[2] = bench_least(least[2], once(bare_seal, bytes, times));
		least[3] = bench_least(least[3], once(bare_open, bytes, times));
	}
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s a blob of %s",
			i == 0 ? "seal" : "open", what);
		bench_print(&(struct bench_row){ .what = name,
			.figure = least[i],
			.unit = "us",
			.against = "AES-256-GCM of it, bare",
			.baseline = least[2 + i] });
	}
}

int main(int argc, char **argv)
{
	static const uint8_t nonce[CBX_AEAD_NONCE];
	bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;

	if (argc != 1 && !quick) {
		fprintf(stderr, "usage: bench_seal [--quick]\n");
		return EXIT_FAILURE;
	}
	memset(data, 7, sizeof(data));
	if (psa_crypto_init() != PSA_SUCCESS ||
		!cbx_aead_start(
			&bare, (struct cbx_span){ key, sizeof(key) }, nonce)) {
		fail("no AES-GCM");
	}
	bench_heading("Sealing");
	measure("256 bytes", 256, quick);
	measure("4 KiB", 4096, quick);
	measure("64 KiB", 65536, quick);
	measure("1 MiB", 1u << 20, quick);
	measure("16 MiB", 16u << 20, quick);
	cbx_aead_stop(&bare);
	return EXIT_SUCCESS;
}
