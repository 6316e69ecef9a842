/* SPDX-License-Identifier: Apache-2.0 */
#include <client/oci.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <psa/crypto.h>

#include <client/error.h>
#include <client/file.h>
#include <client/merge.h>
#include <client/tree_node.h>
#include <trust/turn.h>

#define INDEX	    "index.json"
#define ALGORITHM   "sha256:"
#define HEX_BYTES   64u
#define INDEXES_MAX 4u /* one within the other */
#define NAME_BYTES  96u

/* Bytes of one of the image's files. */
struct blob {
	const uint8_t *bytes;
	size_t size;
	uint8_t *owned; /* what to free, or NULL */
};

static enum cbx_status fail(
	const struct cbx_oci *image, const char *name, const char *cause)
{
	return cbx_fail(CBX_E_INVALID, "%s: %s: %s", image->name, name, cause);
}

static enum cbx_status read_member(
	const struct cbx_oci *image, const char *name, struct blob *blob)
{
	char path[NAME_BYTES + 1];
	const struct cbx_node *node;

	(void)snprintf(path, sizeof(path), "/%s", name);
	node = cbx_tree_find(image->tree, path);
	if (node == NULL || node->kind != CBX_NODE_FILE) {
		return fail(image, name, "the image does not hold it");
	}
	*blob = (struct blob){ node->bytes, node->byte_count, NULL };
	return CBX_OK;
}

static enum cbx_status read_blob(
	const struct cbx_oci *image, const char *name, struct blob *blob)
{
	enum cbx_status status;
	char *path = NULL;

	if (image->tree != NULL) {
		return read_member(image, name, blob);
	}
	if (asprintf(&path, "%s/%s", image->name, name) < 0) {
		return cbx_fail_memory(image->name);
	}
	*blob = (struct blob){ 0 };
	status = cbx_file_read(path, &blob->owned, &blob->size);
	blob->bytes = blob->owned;
	free(path);
	return status;
}

static bool is_digest(const char *digest)
{
	size_t length = strlen(ALGORITHM);

	return digest != NULL && strncmp(digest, ALGORITHM, length) == 0 &&
	       strlen(digest) == length + HEX_BYTES &&
	       strspn(digest + length, "0123456789abcdef") == HEX_BYTES;
}

static bool matches(const struct blob *blob, const char *hex)
{
	char found[HEX_BYTES + 1];
	uint8_t digest[HEX_BYTES / 2];
	size_t length;

	if (!cbx_psa_start() ||
		psa_hash_compute(PSA_ALG_SHA_256, blob->bytes, blob->size,
			digest, sizeof(digest), &length) != PSA_SUCCESS) {
		return false;
	}
	for (size_t i = 0; i < sizeof(digest); i++) {
		(void)snprintf(&found[2 * i], 3, "%02x", digest[i]);
	}
	return memcmp(found, hex, HEX_BYTES) == 0;
}

/* The blob a descriptor is about. */
static enum cbx_status read_described(const struct cbx_oci *image,
	const json_t *descriptor, struct blob *blob)
{
	const char *digest =
		json_string_value(json_object_get(descriptor, "digest"));
	char name[NAME_BYTES];
	enum cbx_status status;

	if (!is_digest(digest)) {
		return fail(image, "a digest",
			"missing, malformed or not of SHA-256");
	}
	(void)snprintf(name, sizeof(name), "blobs/sha256/%s",
		digest + strlen(ALGORITHM));
	status = read_blob(image, name, blob);
	if (status == CBX_OK && !matches(blob, digest + strlen(ALGORITHM))) {
		free(blob->owned);
		*blob = (struct blob){ 0 };
		status = fail(image, name, "not the bytes its digest is of");
	}
	return status;
}

static enum cbx_status parse(const struct cbx_oci *image,
	const struct blob *blob, const char *name, json_t **json)
{
	json_error_t error;

	*json = json_loadb((const char *)blob->bytes, blob->size,
		JSON_REJECT_DUPLICATES, &error);
	return *json != NULL ? CBX_OK : fail(image, name, error.text);
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && strcmp(value, text) == 0;
}

/* An image that says nothing of its platform is taken as it is. */
static bool fits_platform(const json_t *descriptor)
{
	const json_t *platform = json_object_get(descriptor, "platform");

	return platform == NULL ||
	       (text_is(platform, "os", "linux") &&
		       text_is(platform, "architecture", "amd64"));
}

static const json_t *choose(const json_t *manifests)
{
	for (size_t i = 0; i < json_array_size(manifests); i++) {
		const json_t *one = json_array_get(manifests, i);

		if (fits_platform(one)) {
			return one;
		}
	}
	return NULL;
}

/* From an index to the manifest in it, over indexes in between. */
static enum cbx_status find_manifest(
	const struct cbx_oci *image, json_t **manifest)
{
	struct blob blob = { 0 };
	enum cbx_status status = read_blob(image, INDEX, &blob);

	*manifest = NULL;
	for (unsigned int i = 0; status == CBX_OK; i++) {
		const json_t *next;
		json_t *json = NULL;

		status = parse(image, &blob, INDEX, &json);
		free(blob.owned);
		blob = (struct blob){ 0 };
		json_decref(*manifest);
		*manifest = json;
		if (status != CBX_OK ||
			json_object_get(json, "manifests") == NULL) {
			break;
		}
		next = i == INDEXES_MAX
			       ? NULL
			       : choose(json_object_get(json, "manifests"));
		status = next == NULL ? fail(image, INDEX,
						"no image for x86-64 Linux")
				      : read_described(image, next, &blob);
	}
	return status;
}

static enum cbx_status add_layer(struct cbx_tree *tree,
	const struct cbx_oci *image, const json_t *descriptor, uint32_t number,
	struct cbx_layer_budget *budget)
{
	struct cbx_layer_source source = { .name = image->name };
	struct blob blob = { 0 };
	enum cbx_status status = read_described(image, descriptor, &blob);

	if (status != CBX_OK) {
		return status;
	}
	source.bytes = blob.bytes;
	source.size = blob.size;
	status = cbx_layer_add(tree, &source, number, true, budget);
	free(blob.owned);
	return status;
}

enum cbx_status cbx_oci_add(struct cbx_tree *tree, const struct cbx_oci *image,
	struct cbx_layer_budget *budget)
{
	json_t *manifest;
	enum cbx_status status = find_manifest(image, &manifest);
	const json_t *layers = json_object_get(manifest, "layers");

	if (status == CBX_OK && json_array_size(layers) == 0) {
		status = fail(image, INDEX, "an image without layers");
	}
	for (size_t i = 0; i < json_array_size(layers) && status == CBX_OK;
		i++) {
		status = add_layer(tree, image, json_array_get(layers, i),
			(uint32_t)i + 1, budget);
	}
	json_decref(manifest);
	return status == CBX_OK ? cbx_tree_merge(tree) : status;
}
