/* SPDX-License-Identifier: Apache-2.0 */
#include <model/digest.h>

#include <string.h>

#include <confbox/abi.h>

/* Eight bytes at a time, the rest padded with zeros. */
static uint64_t mix(uint64_t value, const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t word = 0;

		memcpy(&word, data + i, bytes - i < 8 ? bytes - i : 8);
		value = (value ^ word) * 0x9e3779b97f4a7c15u;
		value ^= value >> 29;
	}
	return (value ^ bytes) * 0xbf58476d1ce4e5b9u;
}

void model_digest(uint8_t *digest, const void *head, size_t head_bytes,
	const uint8_t *data, size_t data_bytes)
{
	uint64_t value = mix(0x436f6e66426f78u, digest, CBX_DIGEST_BYTES);

	value = mix(value, head, head_bytes);
	value = mix(value, data, data_bytes);
	for (size_t i = 0; i < CBX_DIGEST_BYTES; i += 8) {
		value = (value ^ i) * 0x94d049bb133111ebu;
		value ^= value >> 31;
		memcpy(digest + i, &value, 8);
	}
}
