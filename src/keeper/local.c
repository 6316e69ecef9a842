/* SPDX-License-Identifier: Apache-2.0 */
/* Signers, reports between boxes, sealing keys. */
#include <string.h>

#include <mbedtls/constant_time.h>

#include <keeper/secret.h>
#include <keeper/work.h>
#include <trust/seal_key.h>

static psa_key_id_t import_signer(const struct cbx_signature *signature)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	uint8_t point[CBX_P384_POINT_BYTES] = { 0x04 };
	psa_key_id_t key = 0;

	memcpy(point + 1, signature->key, sizeof(signature->key));
	psa_set_key_type(&attributes,
		PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_MESSAGE);
	return psa_import_key(&attributes, point, sizeof(point), &key) ==
			       PSA_SUCCESS
		       ? key
		       : 0;
}

/* What a signer signs. */
struct signed_text {
	uint8_t label[CBX_LABEL_BYTES];
	uint8_t measurement[CBX_DIGEST_BYTES];
	uint8_t family[CBX_FAMILY_BYTES];
	uint64_t version;
};
_Static_assert(
	sizeof(struct signed_text) ==
		CBX_LABEL_BYTES + CBX_DIGEST_BYTES + CBX_FAMILY_BYTES + 8,
	"no padding");

static bool signed_by(const struct cbx_signature *signature,
	const uint8_t measurement[CBX_DIGEST_BYTES])
{
	struct signed_text text = { .version = signature->version };
	psa_key_id_t key = import_signer(signature);
	bool is;

	cbx_secret_label(CBX_SIGN_LABEL, text.label);
	memcpy(text.measurement, measurement, CBX_DIGEST_BYTES);
	memcpy(text.family, signature->family, CBX_FAMILY_BYTES);
	is = psa_verify_message(key, PSA_ALG_ECDSA(PSA_ALG_SHA_384),
		     (const uint8_t *)&text, sizeof(text), signature->signature,
		     sizeof(signature->signature)) == PSA_SUCCESS;
	(void)psa_destroy_key(key);
	return is;
}

enum cbx_status cbx_work_signer(struct cbx_desk *request, struct cbx_work work)
{
	struct cbx_signature signature;
	struct cbx_signer signer;
	size_t size = 0;

	if (request->size != sizeof(signature) || request->size > work.room) {
		return CBX_E_INVALID;
	}
	memcpy(&signature, work.data, sizeof(signature));
	if (!signed_by(&signature, request->box.measurement)) {
		return CBX_E_DENIED;
	}
	memcpy(signer.family, signature.family, CBX_FAMILY_BYTES);
	signer.version = signature.version;
	if (psa_hash_compute(PSA_ALG_SHA_384, signature.key,
		    sizeof(signature.key), signer.key, sizeof(signer.key),
		    &size) != PSA_SUCCESS) {
		return CBX_E_HARDWARE;
	}
	request->box.signer = signer;
	return CBX_OK;
}

static bool mac_of(
	const struct cbx_report *report, uint8_t mac[CBX_DIGEST_BYTES])
{
	return cbx_secret_mac("libconfbox report 1",
		(struct cbx_span){ (const uint8_t *)report,
			offsetof(struct cbx_report, mac) },
		mac);
}

enum cbx_status cbx_work_report(struct cbx_desk *request, struct cbx_work work)
{
	const struct cbx_facts *box = &request->box;
	struct cbx_report report;

	if (work.room < sizeof(report)) {
		return CBX_E_INVALID;
	}
	memcpy(&report, work.data, sizeof(report));
	report.number = box->number;
	report.flags = box->flags;
	memcpy(report.measurement, box->measurement, CBX_DIGEST_BYTES);
	memcpy(report.input_digest, box->input_digest, CBX_DIGEST_BYTES);
	memcpy(report.signer, box->signer.key, CBX_DIGEST_BYTES);
	memcpy(report.family, box->signer.family, CBX_FAMILY_BYTES);
	report.version = box->signer.version;
	if (!mac_of(&report, report.mac)) {
		return CBX_E_HARDWARE;
	}
	memcpy(work.data, &report, sizeof(report));
	return CBX_OK;
}

enum cbx_status cbx_work_report_check(struct cbx_work work)
{
	struct cbx_report report;
	uint8_t mac[CBX_DIGEST_BYTES];

	if (work.room < sizeof(report)) {
		return CBX_E_INVALID;
	}
	memcpy(&report, work.data, sizeof(report));
	if (!mac_of(&report, mac)) {
		return CBX_E_HARDWARE;
	}
	return mbedtls_ct_memcmp(mac, report.mac, sizeof(mac)) == 0
		       ? CBX_OK
		       : CBX_E_DENIED;
}

/* Who the box is, as far as the selector asks. */
static bool tell_box(const struct cbx_desk *request, struct cbx_seal_info *info)
{
	const struct cbx_facts *box = &request->box;
	bool exact = request->count == CBX_SEAL_EXACT;

	if ((exact && request->version != 0) ||
		(!exact && box->has_signer != 1)) {
		return false;
	}
	info->policy_flags = (uint32_t)box->policy[CBX_WORD_FLAGS];
	info->security_version = request->version;
	memcpy(info->identity, exact ? box->measurement : box->signer.key,
		CBX_DIGEST_BYTES);
	if (request->count == CBX_SEAL_FAMILY) {
		memcpy(info->family, box->signer.family, CBX_FAMILY_BYTES);
	}
	memcpy(info->key_id, request->nonce, CBX_SEAL_ID_BYTES);
	return true;
}

static bool make_seal_info(
	const struct cbx_desk *request, struct cbx_seal_info *info)
{
	const char *backend = cbx_claims_backend(request->monitor.backend);

	*info = (struct cbx_seal_info){ .label = CBX_SEAL_KEY_LABEL,
		.selector = (uint32_t)request->count };
	if (backend == NULL || request->count < CBX_SEAL_EXACT ||
		request->count > CBX_SEAL_ROOT) {
		return false;
	}
	memcpy(info->backend, backend, strlen(backend));
	return request->count == CBX_SEAL_ROOT || tell_box(request, info);
}

enum cbx_status cbx_work_seal_key(struct cbx_desk *request)
{
	uint32_t kind = cbx_claims_root(&request->monitor);
	const uint8_t *root = request->monitor.root == CBX_ROOT_PLATFORM
				      ? request->monitor.root_key
				      : cbx_secret_root();
	struct cbx_seal_info info;

	if (!make_seal_info(request, &info)) {
		return CBX_E_INVALID;
	}
	if (root == NULL) {
		return CBX_E_UNSUPPORTED;
	}
	request->monitor.root = kind;
	return cbx_seal_derive(root,
		       (struct cbx_span){
			       (const uint8_t *)&info, sizeof(info) },
		       request->key)
		       ? CBX_OK
		       : CBX_E_HARDWARE;
}
