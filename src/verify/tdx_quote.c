/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/tdx_quote.h>

#include <verify/span.h>

#define TD_REPORT_SIZE 1024u /* as the TDX module gives it, unsigned */

/* Values of the header. */
#define KEY_ECDSA_P256		2u
#define TEE_TDX			0x81u
#define BODY_SGX		1u
#define BODY_TD_1_0		2u
#define BODY_TD_1_5		3u
#define CERTIFICATION_PEM_CHAIN 5u
#define CERTIFICATION_QE_REPORT 6u

static const uint8_t intel[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c,
	0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

struct header {
	uint16_t version;
	uint16_t key_type;
	uint32_t tee;
	struct cbx_span vendor;
	struct cbx_span user_data;
};

static struct header read_header(struct cbx_reader *reader)
{
	struct header header;

	header.version = (uint16_t)cbx_reader_le(reader, 2);
	header.key_type = (uint16_t)cbx_reader_le(reader, 2);
	header.tee = (uint32_t)cbx_reader_le(reader, 4);
	/* Versions of parts, which nobody has to believe. */
	(void)cbx_reader_take(reader, 4);
	header.vendor = cbx_reader_take(reader, sizeof(intel));
	header.user_data = cbx_reader_take(reader, 20);
	return header;
}

static bool is_quote_of_td(const struct header *header)
{
	return (header->version == 4 || header->version == 5) &&
	       header->tee == TEE_TDX;
}

static enum cbx_refusal check_header(struct cbx_verdict *verdict,
	const struct header *header, size_t evidence_size)
{
	if (evidence_size == TD_REPORT_SIZE && !is_quote_of_td(header)) {
		return cbx_refuse(verdict, CBX_REFUSED_WRONG_TYPE,
			"a TD report: only its own machine can check it");
	}
	if (header->version < 3 || header->version > 5) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"quote version %u", header->version);
	}
	if (header->version == 3 || header->tee != TEE_TDX) {
		return cbx_refuse(verdict, CBX_REFUSED_WRONG_TYPE,
			"a version %u quote of TEE type %#x, not of a TD",
			header->version, header->tee);
	}
	if (header->key_type != KEY_ECDSA_P256) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"attestation key type %u", header->key_type);
	}
	if (!cbx_span_equal(header->vendor,
		    (struct cbx_span){ intel, sizeof(intel) })) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"the quote is of another vendor");
	}
	return CBX_ACCEPTED;
}

/* The TD report; since version 5 its type and size come first. */
static enum cbx_refusal read_report(struct cbx_verdict *verdict,
	struct cbx_reader *reader, struct cbx_tdx_quote *quote)
{
	uint64_t type = BODY_TD_1_0;
	uint64_t size = CBX_TD_SIZE_1_0;

	if (quote->version == 5) {
		type = cbx_reader_le(reader, 2);
		size = cbx_reader_le(reader, 4);
	}
	if (type == BODY_SGX) {
		return cbx_refuse(verdict, CBX_REFUSED_WRONG_TYPE,
			"a quote of an SGX enclave, not of a TD");
	}
	if (!reader->failed && type != BODY_TD_1_0 && type != BODY_TD_1_5) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"body type %u", (unsigned int)type);
	}
	quote->is_1_5 = type == BODY_TD_1_5;
	if (size != (quote->is_1_5 ? CBX_TD_SIZE_1_5 : CBX_TD_SIZE_1_0)) {
		reader->failed = true;
	}
	quote->report = cbx_reader_take(reader, (size_t)size);
	return CBX_ACCEPTED;
}

/* Data that begins with its type and size. */
static struct cbx_reader read_certification(
	struct cbx_reader *reader, uint64_t *type)
{
	*type = cbx_reader_le(reader, 2);
	return cbx_reader_of(
		cbx_reader_take(reader, (size_t)cbx_reader_le(reader, 4)));
}

static enum cbx_refusal unsupported(
	struct cbx_verdict *verdict, uint64_t certification)
{
	return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
		"certification data of type %u", (unsigned int)certification);
}

/* The signature data; @p reader has nothing else. */
static enum cbx_refusal read_proof(struct cbx_verdict *verdict,
	struct cbx_reader *reader, struct cbx_tdx_quote *quote)
{
	uint64_t type;

	quote->signature = cbx_reader_take(reader, 64);
	quote->key = cbx_reader_take(reader, 64);

	struct cbx_reader qe = read_certification(reader, &type);

	if (!reader->failed && type != CERTIFICATION_QE_REPORT) {
		return unsupported(verdict, type);
	}
	quote->qe_report = cbx_reader_take(&qe, CBX_QE_SIZE);
	quote->qe_signature = cbx_reader_take(&qe, 64);
	quote->qe_auth = cbx_reader_take(&qe, (size_t)cbx_reader_le(&qe, 2));

	struct cbx_reader pem = read_certification(&qe, &type);

	if (!reader->failed && !qe.failed && type != CERTIFICATION_PEM_CHAIN) {
		return unsupported(verdict, type);
	}
	quote->certificates = pem.rest;
	if (qe.failed || qe.rest.size != 0 || reader->rest.size != 0) {
		reader->failed = true;
	}
	return CBX_ACCEPTED;
}

/* A quote ends in PEM; text around PEM's blocks means nothing. */
static bool is_text(struct cbx_span span)
{
	for (size_t i = 0; i < span.size; i++) {
		uint8_t c = span.bytes[i];

		if ((c < 0x20 || c > 0x7e) && c != '\n' && c != '\r' &&
			c != '\t') {
			return false;
		}
	}
	return true;
}

enum cbx_refusal cbx_tdx_quote_parse(struct cbx_verdict *verdict,
	struct cbx_span evidence, struct cbx_tdx_quote *quote)
{
	struct cbx_reader reader = cbx_reader_of(evidence);
	struct header header = read_header(&reader);

	if (reader.failed) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%zu bytes are no quote", evidence.size);
	}

	enum cbx_refusal refusal =
		check_header(verdict, &header, evidence.size);

	*quote = (struct cbx_tdx_quote){
		.version = header.version,
		.user_data = header.user_data,
	};
	if (refusal == CBX_ACCEPTED) {
		refusal = read_report(verdict, &reader, quote);
	}
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	quote->signed_part =
		cbx_span_part(evidence, 0, evidence.size - reader.rest.size);

	struct cbx_reader proof = cbx_reader_of(
		cbx_reader_take(&reader, (size_t)cbx_reader_le(&reader, 4)));

	refusal = reader.failed ? CBX_ACCEPTED
				: read_proof(verdict, &proof, quote);
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (reader.failed || proof.failed) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"the quote's lengths do not fit");
	}
	if (!cbx_span_is_zero(reader.rest) && !is_text(reader.rest)) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%zu bytes follow the quote, neither zeros nor text",
			reader.rest.size);
	}
	return CBX_ACCEPTED;
}

struct cbx_span cbx_td_field(
	const struct cbx_tdx_quote *quote, enum cbx_td_field field, size_t size)
{
	return cbx_span_part(quote->report, field, size);
}

struct cbx_span cbx_qe_field(
	const struct cbx_tdx_quote *quote, enum cbx_qe_field field, size_t size)
{
	return cbx_span_part(quote->qe_report, field, size);
}

static uint64_t number(struct cbx_span span)
{
	struct cbx_reader reader = cbx_reader_of(span);

	return cbx_reader_le(&reader, span.size);
}

uint64_t cbx_td_number(
	const struct cbx_tdx_quote *quote, enum cbx_td_field field, size_t size)
{
	return number(cbx_td_field(quote, field, size));
}

uint64_t cbx_qe_number(
	const struct cbx_tdx_quote *quote, enum cbx_qe_field field, size_t size)
{
	return number(cbx_qe_field(quote, field, size));
}
