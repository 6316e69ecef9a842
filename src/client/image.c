/* SPDX-License-Identifier: Apache-2.0 */
#include <client/image.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <base/types.h>
#include <client/error.h>
#include <client/sized.h>

#define THREADS_MAX   1024u
#define CONTEXT_SLACK 256u /* pages: root, space, buffers */

struct cbx_image *cbx_image_new(void)
{
	return calloc(1, sizeof(struct cbx_image));
}

void cbx_image_destroy(struct cbx_image *image)
{
	if (image == NULL) {
		return;
	}
	for (uint32_t i = 0; i < image->segment_count; i++) {
		free(image->segment[i].owned);
	}
	for (uint32_t i = 0; i < image->lender_count; i++) {
		cbx_image_destroy(image->share[i]);
	}
	free(image->file);
	free(image);
}

static uint64_t end_of(const struct cbx_segment *segment)
{
	return segment->va + segment->page_count * CBX_PAGE_SIZE;
}

static uint64_t pages_of(const struct cbx_image *image)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < image->segment_count; i++) {
		pages += image->segment[i].page_count;
	}
	return pages;
}

static const char *why_not(
	const struct cbx_image *image, const struct cbx_segment *segment)
{
	if (segment->page_count == 0 ||
		!cbx_va_range_valid(
			(struct cbx_va){ segment->va }, segment->page_count)) {
		return "addresses are not a box's";
	}
	if (segment->byte_count > segment->page_count * CBX_PAGE_SIZE) {
		return "more bytes than pages";
	}
	if (segment->rights == 0 || segment->rights > CBX_RIGHTS) {
		return "rights are malformed";
	}
	if (image->segment_count == CBX_IMAGE_SEGMENTS_MAX) {
		return "too many segments";
	}
	if (segment->page_count > CBX_IMAGE_PAGES_MAX - pages_of(image)) {
		return "more than 256 GiB of pages";
	}
	if (image->segment_count != 0 &&
		segment->va <
			end_of(&image->segment[image->segment_count - 1])) {
		return "segments overlap or are out of order";
	}
	return NULL;
}

enum cbx_status cbx_image_append(
	struct cbx_image *image, const struct cbx_segment *segment)
{
	const char *cause = why_not(image, segment);

	if (cause != NULL) {
		free(segment->owned);
		return cbx_fail(CBX_E_INVALID, "image: %s", cause);
	}
	image->segment[image->segment_count++] = *segment;
	return CBX_OK;
}

/* Tables of one level, each covering 1 << shift bytes; segments are sorted, so
 * one table is counted again only by its neighbour. */
static uint64_t tables_of_level(const struct cbx_image *image, unsigned shift)
{
	uint64_t count = 0;
	uint64_t next = 0; /* first table not counted yet */

	for (uint32_t i = 0; i < image->segment_count; i++) {
		uint64_t first = image->segment[i].va >> shift;
		uint64_t last = (end_of(&image->segment[i]) - 1) >> shift;

		if (first < next) {
			first = next;
		}
		if (last >= first) {
			count += last - first + 1;
			next = last + 1;
		}
	}
	return count;
}

uint64_t cbx_image_tables(const struct cbx_image *image)
{
	return 1 + tables_of_level(image, 21) + tables_of_level(image, 30) +
	       tables_of_level(image, 39);
}

static bool rules_valid(const struct cbx_policy *policy)
{
	static const struct cbx_rule none;

	for (uint32_t i = 0; i < CBX_POLICY_RULES; i++) {
		const struct cbx_rule *rule = &policy->rule[i];

		if (i >= policy->rule_count &&
			memcmp(rule, &none, sizeof(none)) != 0) {
			return false;
		}
		if (!cbx_range_fits(
			    rule->text, rule->text_bytes, CBX_POLICY_TEXT)) {
			return false;
		}
	}
	return true;
}

static bool features_valid(uint64_t features)
{
	return features == 0 ||
	       ((features & CBX_FEATURE_BASIC) != 0 &&
		       (features & ~(uint64_t)CBX_FEATURES) == 0);
}

int cbx_policy_valid(const struct cbx_policy *policy)
{
	return policy->version == CBX_POLICY_VERSION &&
	       (policy->flags & ~CBX_POLICY_FLAGS) == 0 &&
	       policy->output_pages >= 1 &&
	       policy->output_pages <= CBX_IO_PAGES_MAX &&
	       policy->threads_max >= 1 && policy->threads_max <= THREADS_MAX &&
	       policy->wake_step >= 1 &&
	       policy->rule_count <= CBX_POLICY_RULES &&
	       policy->reserved == 0 && features_valid(policy->features) &&
	       rules_valid(policy);
}

enum cbx_status cbx_image_query(
	const struct cbx_image *image, struct cbx_image_info *info)
{
	struct cbx_image_info known = { 0 };

	if (!cbx_sized_valid(info, sizeof(known))) {
		return cbx_fail(
			CBX_E_INVALID, "image info: of an unknown size");
	}
	known.page_count = pages_of(image);
	known.reserve_pages = image->reserve_pages;
	known.memory_bytes =
		(known.page_count + known.reserve_pages + CONTEXT_SLACK) *
		CBX_PAGE_SIZE;
	for (uint32_t i = 0; i < image->lender_count; i++) {
		struct cbx_image_info share = { .size = sizeof(share) };

		if (image->share[i] != NULL &&
			cbx_image_query(image->share[i], &share) == CBX_OK) {
			known.memory_bytes += share.memory_bytes;
		}
	}
	known.policy = image->policy;
	cbx_sized_write(info, &known, sizeof(known));
	return CBX_OK;
}
