/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types every trusted part shares.  Things that could be swapped by mistake
 * are one-member structs, so that swapping them does not compile.
 */
#ifndef CBX_BASE_TYPES_H
#define CBX_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/abi.h>

/** The caller must look at the result. */
#define CBX_MUST_CHECK __attribute__((warn_unused_result))

/** What a platform's report is. */
enum cbx_platform {
	CBX_PLATFORM_NONE = 0, /* there is no hardware root */
	CBX_PLATFORM_SNP = 1,
	CBX_PLATFORM_TDX = 2,
	CBX_PLATFORM_CCA = 3,
	CBX_PLATFORM_TEST = 4,
};

/** The number of a page of guest-physical memory; never an address. */
struct cbx_pfn {
	uint64_t n;
};

/** A domain.  0 is the host; a box is the number of its root META page. */
struct cbx_dom {
	uint32_t id;
};

/** The host, as a domain. */
#define CBX_HOST ((struct cbx_dom){ 0 })

/** What the host may do with a page: CBX_VIEW_* bits. */
struct cbx_view {
	uint8_t bits;
};

/** What a box may do with a mapping: CBX_RIGHT_* bits. */
struct cbx_rights {
	uint8_t bits;
};

/** An address in a box.  Cannot be dereferenced. */
struct cbx_va {
	uint64_t a;
};

static inline struct cbx_pfn cbx_pfn_add(struct cbx_pfn pfn, uint64_t n)
{
	return (struct cbx_pfn){ pfn.n + n };
}

static inline struct cbx_va cbx_va_add(struct cbx_va va, uint64_t pages)
{
	return (struct cbx_va){ va.a + (pages << CBX_PAGE_SHIFT) };
}

/** Whether [start, start + count) lies in [0, limit), without overflow. */
static inline bool cbx_range_fits(
	uint64_t start, uint64_t count, uint64_t limit)
{
	return start <= limit && count <= limit - start;
}

/** Whether @p pages whole pages at @p va are box addresses. */
static inline bool cbx_va_range_valid(struct cbx_va va, uint64_t pages)
{
	return va.a % CBX_PAGE_SIZE == 0 && va.a >= CBX_VA_MIN &&
	       va.a <= CBX_VA_MAX &&
	       pages <= (CBX_VA_MAX - va.a) >> CBX_PAGE_SHIFT;
}

/** Whether @p bytes bytes at @p va are box addresses. */
static inline bool cbx_va_bytes_valid(struct cbx_va va, uint64_t bytes)
{
	return va.a >= CBX_VA_MIN && va.a <= CBX_VA_MAX &&
	       bytes <= CBX_VA_MAX - va.a;
}

/** Whole pages that hold @p bytes; @p bytes is at most 2^63. */
static inline uint64_t cbx_pages_of(uint64_t bytes)
{
	return (bytes + CBX_PAGE_SIZE - 1) >> CBX_PAGE_SHIFT;
}

#endif
