/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading certificates and revocation lists, PEM and DER.
 */
#include <verify/chain.h>

#include <stdlib.h>
#include <string.h>

#include <verify/verdict.h>

#define BEGIN		  "-----BEGIN "
#define BEGIN_CERTIFICATE "-----BEGIN CERTIFICATE-----"
#define END_CERTIFICATE	  "-----END CERTIFICATE-----"
#define BEGIN_LIST	  "-----BEGIN X509 CRL-----"
#define END_LIST	  "-----END X509 CRL-----"

struct cbx_chain *cbx_chain_create(void)
{
	return calloc(1, sizeof(struct cbx_chain));
}

void cbx_chain_destroy(struct cbx_chain *chain)
{
	if (chain == NULL) {
		return;
	}
	for (size_t i = 0; i < chain->given_count; i++) {
		mbedtls_x509_crt_free(&chain->given[i]);
	}
	for (size_t i = 0; i < chain->trusted_count; i++) {
		mbedtls_x509_crt_free(&chain->trusted[i]);
	}
	for (size_t i = 0; i < chain->list_count; i++) {
		mbedtls_x509_crl_free(&chain->lists[i]);
	}
	free(chain);
}

/* Where the next file goes, and what it may hold. */
struct target {
	struct cbx_verdict *verdict;
	struct cbx_chain *chain;
	bool trusted;
};

static enum cbx_refusal refuse(const struct target *to, const char *what)
{
	return cbx_refuse(to->verdict, CBX_REFUSED_CERTIFICATE, "%s", what);
}

static enum cbx_refusal parse_error(const struct target *to, int error)
{
	if (error == MBEDTLS_ERR_X509_ALLOC_FAILED) {
		return cbx_refuse(
			to->verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	return cbx_refuse(to->verdict, CBX_REFUSED_CERTIFICATE,
		"not an X.509 certificate (mbedTLS: -0x%04x)", -error);
}

/* The place for one more; NULL when all are taken. */
static mbedtls_x509_crt *next_place(const struct target *to)
{
	struct cbx_chain *chain = to->chain;

	if (to->trusted) {
		return chain->trusted_count == CBX_CHAIN_TRUSTED
			       ? NULL
			       : &chain->trusted[chain->trusted_count];
	}
	return chain->given_count == CBX_CHAIN_GIVEN
		       ? NULL
		       : &chain->given[chain->given_count];
}

static enum cbx_refusal add_certificate(
	const struct target *to, const unsigned char *bytes, size_t size)
{
	mbedtls_x509_crt *certificate = next_place(to);
	int error;

	if (certificate == NULL) {
		return refuse(to, "too many certificates");
	}
	mbedtls_x509_crt_init(certificate);
	error = mbedtls_x509_crt_parse_der(certificate, bytes, size);
	if (error != 0) {
		mbedtls_x509_crt_free(certificate);
		return parse_error(to, error);
	}
	if (to->trusted) {
		to->chain->trusted_count++;
	} else {
		to->chain->given_count++;
	}
	if (certificate->raw.len != size) {
		return refuse(to, "bytes behind the end of a certificate");
	}
	if (!cbx_certificate_key_usual(certificate)) {
		return refuse(to, "a certificate with an unusual key");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal add_list(
	const struct target *to, const unsigned char *bytes, size_t size)
{
	struct cbx_chain *chain = to->chain;
	mbedtls_x509_crl *list = &chain->lists[chain->list_count];
	int error;

	if (to->trusted || chain->list_count == CBX_CHAIN_LISTS) {
		return refuse(to, "too many revocation lists");
	}
	mbedtls_x509_crl_init(list);
	error = mbedtls_x509_crl_parse_der(list, bytes, size);
	if (error != 0) {
		mbedtls_x509_crl_free(list);
		return parse_error(to, error);
	}
	chain->list_count++;
	if (list->raw.len != size) {
		return refuse(to, "bytes behind the end of a revocation list");
	}
	return CBX_ACCEPTED;
}

/* No certificate is a revocation list, too. */
static bool is_list(const unsigned char *bytes, size_t size)
{
	mbedtls_x509_crl list;
	bool is;

	mbedtls_x509_crl_init(&list);
	is = mbedtls_x509_crl_parse_der(&list, bytes, size) == 0;
	mbedtls_x509_crl_free(&list);
	return is;
}

/* Add the block that begins at *text, and move behind it. */
static enum cbx_refusal add_block(
	const struct target *to, const unsigned char **text, bool list)
{
	mbedtls_pem_context pem;
	const unsigned char *bytes;
	size_t used = 0;
	size_t size;
	enum cbx_refusal refusal;

	mbedtls_pem_init(&pem);
	if (mbedtls_pem_read_buffer(&pem, list ? BEGIN_LIST : BEGIN_CERTIFICATE,
		    list ? END_LIST : END_CERTIFICATE, *text, NULL, 0,
		    &used) != 0) {
		mbedtls_pem_free(&pem);
		return refuse(to, "a broken PEM block");
	}
	*text += used;
	bytes = cbx_pem_bytes(&pem, &size);
	refusal = list ? add_list(to, bytes, size)
		       : add_certificate(to, bytes, size);
	mbedtls_pem_free(&pem);
	return refusal;
}

static bool begins(const unsigned char *text, const char *with)
{
	return strncmp((const char *)text, with, strlen(with)) == 0;
}

/* Text outside of blocks is nobody's: certificates are sold with comments. */
static enum cbx_refusal add_pem(
	const struct target *to, const unsigned char *text)
{
	enum cbx_refusal refusal = CBX_ACCEPTED;
	size_t blocks = 0;

	while (refusal == CBX_ACCEPTED) {
		const char *at = strstr((const char *)text, BEGIN);

		if (at == NULL) {
			break;
		}
		text = (const unsigned char *)at;
		if (!begins(text, BEGIN_CERTIFICATE) &&
			!begins(text, BEGIN_LIST)) {
			return refuse(to, "a PEM block that is no certificate");
		}
		refusal = add_block(to, &text, begins(text, BEGIN_LIST));
		blocks++;
	}
	return refusal == CBX_ACCEPTED && blocks == 0
		       ? refuse(to, "neither PEM nor DER")
		       : refusal;
}

static enum cbx_refusal add_copy(
	const struct target *to, const unsigned char *copy, size_t size)
{
	/* No certificate is shorter than 128 bytes. */
	if (size >= 2 && copy[0] == 0x30 && copy[1] >= 0x80) {
		return is_list(copy, size) ? add_list(to, copy, size)
					   : add_certificate(to, copy, size);
	}
	if (memchr(copy, 0, size) != NULL) {
		return refuse(to, "neither PEM nor DER");
	}
	return add_pem(to, copy);
}

static enum cbx_refusal add_file(const struct target *to, struct cbx_span file)
{
	unsigned char *copy;
	enum cbx_refusal refusal;

	if (file.size == 0 || file.size > CBX_CHAIN_FILE) {
		return refuse(to, file.size == 0 ? "an empty certificate"
						 : "a file too large");
	}
	copy = malloc(file.size + 1);
	if (copy == NULL) {
		return cbx_refuse(
			to->verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	memcpy(copy, file.bytes, file.size);
	copy[file.size] = '\0';
	refusal = add_copy(to, copy, file.size);
	free(copy);
	return refusal;
}

enum cbx_refusal cbx_chain_add(struct cbx_verdict *verdict,
	struct cbx_chain *chain, struct cbx_span file)
{
	return add_file(&(struct target){ verdict, chain, false }, file);
}

enum cbx_refusal cbx_chain_trust(struct cbx_verdict *verdict,
	struct cbx_chain *chain, struct cbx_span file)
{
	return add_file(&(struct target){ verdict, chain, true }, file);
}

enum cbx_refusal cbx_chain_bring(struct cbx_verdict *verdict,
	struct cbx_chain *chain, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal)
{
	enum cbx_refusal refusal = CBX_ACCEPTED;

	for (size_t i = 0; i < appraisal->root_count; i++) {
		refusal = cbx_chain_trust(verdict, chain, appraisal->roots[i]);
		if (refusal != CBX_ACCEPTED) {
			return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
				"root %zu of the appraisal cannot be read", i);
		}
	}
	if (endorsements == NULL) {
		return CBX_ACCEPTED;
	}
	if (endorsements->size != sizeof(*endorsements)) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
			"the endorsements are of another version");
	}
	for (size_t i = 0;
		i < endorsements->certificate_count && refusal == CBX_ACCEPTED;
		i++) {
		refusal = cbx_chain_add(
			verdict, chain, endorsements->certificates[i]);
	}
	return refusal;
}
