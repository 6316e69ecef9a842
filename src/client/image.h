/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image: what defines a box, in the order in which it is measured.
 *
 * The file holds exactly one form of every image: segments sorted by address,
 * data in the same order at page boundaries, all padding zero.  Every field is
 * little-endian and every bound is checked before it is used.
 */
#ifndef CBX_CLIENT_IMAGE_H
#define CBX_CLIENT_IMAGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <confbox/confbox.h>

/** Consecutive pages of one kind of rights. */
struct cbx_segment {
	uint64_t va;
	uint64_t page_count;
	uint64_t rights; /* CBX_RIGHT_* */
	uint64_t byte_count;
	const uint8_t *bytes; /* byte_count bytes; zeros follow */
	void *owned;	      /* what free() gets, or NULL */
};

#define CBX_IMAGE_SEGMENTS_MAX 256u

#define CBX_LENDERS 8u /* the monitor's limit */

/** What is measured of a template. */
struct cbx_lender_digests {
	uint8_t measurement[CBX_DIGEST_BYTES];
	uint8_t input[CBX_DIGEST_BYTES];
};

/** Most pages of all segments: 256 GiB; every one of them is measured. */
#define CBX_IMAGE_PAGES_MAX (1ull << 26)

struct cbx_image {
	struct cbx_policy policy;
	uint64_t reserve_pages;
	uint64_t entry;
	uint64_t stack;
	uint64_t arg;
	uint32_t segment_count;
	struct cbx_segment segment[CBX_IMAGE_SEGMENTS_MAX];
	void *file; /* what segments of a parsed image point into, or NULL */
	uint32_t lender_count; /* templates whose pages it begins with */
	struct cbx_lender_digests lender[CBX_LENDERS];
	struct cbx_image *share[CBX_LENDERS]; /* what lender i is made of: its
					       * digests are not in lender; NULL
					       * in a clone's */
	_Atomic uint64_t serial; /* of a share: who has the same has the same
				  * bytes */
};

#define CBX_IMAGE_MAGIC	  0x4547414d49584243ull /* "CBXIMAGE" */
#define CBX_IMAGE_VERSION 2u

/** First bytes of an image file; the segment table follows. */
struct cbx_image_header {
	uint64_t magic;
	uint32_t version;
	uint32_t segment_count; /* at most CBX_IMAGE_SEGMENTS_MAX */
	uint64_t file_bytes;	/* of the whole file */
	uint64_t reserve_pages;
	uint64_t entry;
	uint64_t stack;
	uint64_t arg;
	uint64_t reserved; /* zero */
	struct cbx_policy policy;
};

/** One entry of the segment table. */
struct cbx_image_segment {
	uint64_t va;
	uint64_t page_count;
	uint64_t rights;
	uint64_t offset; /* of its bytes in the file; 0 if there are none */
	uint64_t byte_count;
};

CBX_AT(0x00, 8, cbx_image_header, magic);
CBX_AT(0x08, 4, cbx_image_header, version);
CBX_AT(0x0c, 4, cbx_image_header, segment_count);
CBX_AT(0x10, 8, cbx_image_header, file_bytes);
CBX_AT(0x18, 8, cbx_image_header, reserve_pages);
CBX_AT(0x20, 8, cbx_image_header, entry);
CBX_AT(0x28, 8, cbx_image_header, stack);
CBX_AT(0x30, 8, cbx_image_header, arg);
CBX_AT(0x38, 8, cbx_image_header, reserved);
CBX_AT(0x40, 0xc30, cbx_image_header, policy);
CBX_SIZE(0xc70, cbx_image_header);

CBX_AT(0x00, 8, cbx_image_segment, va);
CBX_AT(0x08, 8, cbx_image_segment, page_count);
CBX_AT(0x10, 8, cbx_image_segment, rights);
CBX_AT(0x18, 8, cbx_image_segment, offset);
CBX_AT(0x20, 8, cbx_image_segment, byte_count);
CBX_SIZE(0x28, cbx_image_segment);

/**
 * The image of clones of a box of @p image: not one that can be saved, and one
 * that can be measured when its lender's digests are filled in.
 *
 * @param[out] clone  the caller destroys it
 *
 * @retval CBX_OK       made
 * @retval CBX_E_NOMEM  out of memory
 */
CBX_CHECKED enum cbx_status cbx_image_clone(
	const struct cbx_image *image, struct cbx_image **clone);

/** An empty image. @return NULL when out of memory */
struct cbx_image *cbx_image_new(void);

/**
 * Append a segment.
 *
 * @param segment  owned is the image's from now on, also on failure
 *
 * @retval CBX_OK         appended
 * @retval CBX_E_INVALID  not box addresses, more bytes than pages, no set of
 *                        rights, below the last one's end, one too many, or
 *                        more than CBX_IMAGE_PAGES_MAX pages
 */
CBX_CHECKED enum cbx_status cbx_image_append(
	struct cbx_image *image, const struct cbx_segment *segment);

/** As cbx_image_parse of malloc()ed bytes, which are the image's from now on,
 * also on failure. */
CBX_CHECKED enum cbx_status cbx_image_adopt(
	void *bytes, size_t size, struct cbx_image **image);

/** Table pages a box needs to map the image's segments: exact. */
uint64_t cbx_image_tables(const struct cbx_image *image);

/** Whether a policy is one the monitor will take. */
int cbx_policy_valid(const struct cbx_policy *policy);

/**
 * Write an image to a descriptor, from its present offset.
 *
 * @retval CBX_OK         all of it
 * @retval CBX_E_INVALID  the descriptor refused; os_error says why
 */
CBX_CHECKED enum cbx_status cbx_image_write(
	const struct cbx_image *image, int fd);

#endif
