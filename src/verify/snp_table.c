/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of certificates a host hands to the inside (auxblob): an array of
 * GUID, offset and length, an entry of zeros, then what they point at.
 */
#include <verify/snp.h>

#include <string.h>

#include <verify/span.h>
#include <verify/verdict.h>

#define ENTRIES	   32u
#define ENTRY_SIZE 24u
#define GUID_SIZE  16u

struct entry {
	struct cbx_span guid;
	struct cbx_span content;
	size_t offset;
};

struct table {
	struct entry entries[ENTRIES];
	size_t count;
};

static const uint8_t certificates[][GUID_SIZE] = {
	/* ARK */
	{ 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f,
		0xb6, 0x01, 0x4c, 0xd0, 0xae },
	/* ASK, ASVK */
	{ 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05,
		0xae, 0xf3, 0x27, 0xc7, 0x82 },
	/* VCEK */
	{ 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4,
		0xb9, 0x3b, 0xe8, 0xac, 0xcd },
	/* VLEK */
	{ 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39,
		0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
	/* CRL */
	{ 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1,
		0x9f, 0x88, 0xdc, 0x67, 0xea },
};

static bool is_certificate(struct cbx_span guid)
{
	for (size_t i = 0; i < sizeof(certificates) / GUID_SIZE; i++) {
		if (memcmp(guid.bytes, certificates[i], GUID_SIZE) == 0) {
			return true;
		}
	}
	return false;
}

/* One more entry.  @return NULL, or what is wrong with it */
static const char *add_entry(
	struct table *table, struct cbx_span all, struct cbx_span bytes)
{
	struct cbx_reader reader = cbx_reader_of(bytes);
	struct entry *entry = &table->entries[table->count];
	size_t length;

	if (table->count == ENTRIES) {
		return "too many entries";
	}
	entry->guid = cbx_reader_take(&reader, GUID_SIZE);
	entry->offset = cbx_reader_le(&reader, 4);
	length = cbx_reader_le(&reader, 4);
	entry->content = cbx_span_part(all, entry->offset, length);
	if (entry->content.size == 0) {
		return "an entry is empty or passes the end";
	}
	table->count++;
	return NULL;
}

static const char *read_entries(struct table *table, struct cbx_span all)
{
	struct cbx_reader reader = cbx_reader_of(all);
	const char *wrong = NULL;

	while (wrong == NULL) {
		struct cbx_span bytes = cbx_reader_take(&reader, ENTRY_SIZE);

		if (reader.failed) {
			return "it has no end";
		}
		if (cbx_span_is_zero(bytes)) {
			return NULL;
		}
		wrong = add_entry(table, all, bytes);
	}
	return wrong;
}

static bool apart(const struct entry *a, const struct entry *b)
{
	return a->offset + a->content.size <= b->offset ||
	       b->offset + b->content.size <= a->offset;
}

static const char *check_entries(const struct table *table)
{
	const size_t head = (table->count + 1) * ENTRY_SIZE;

	for (size_t i = 0; i < table->count; i++) {
		if (table->entries[i].offset < head) {
			return "an entry lies upon the table";
		}
		for (size_t j = 0; j < i; j++) {
			if (!apart(&table->entries[i], &table->entries[j])) {
				return "two entries lie upon each other";
			}
			if (cbx_span_equal(table->entries[i].guid,
				    table->entries[j].guid)) {
				return "an entry is there twice";
			}
		}
	}
	return NULL;
}

enum cbx_refusal cbx_snp_table_add(struct cbx_verdict *verdict,
	struct cbx_chain *chain, struct cbx_span all)
{
	struct table table = { .count = 0 };
	enum cbx_refusal refusal = CBX_ACCEPTED;
	const char *wrong;

	if (all.size == 0) {
		return CBX_ACCEPTED;
	}
	wrong = all.size > CBX_CHAIN_FILE ? "it is too large"
					  : read_entries(&table, all);
	if (wrong == NULL) {
		wrong = check_entries(&table);
	}
	if (wrong != NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_CERTIFICATE,
			"the certificate table: %s", wrong);
	}
	for (size_t i = 0; i < table.count && refusal == CBX_ACCEPTED; i++) {
		if (is_certificate(table.entries[i].guid)) {
			refusal = cbx_chain_add(
				verdict, chain, table.entries[i].content);
		}
	}
	return refusal;
}
