/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host's page tables do with each frame.  Who owns a frame is the
 * core's business, and not known here.
 */
#ifndef CBX_HAL_PKS_VM_PURE_FRAME_H
#define CBX_HAL_PKS_VM_PURE_FRAME_H

#include <base/types.h>

/** What a frame is to the host's page tables; 1 to 4 is a table's level. */
enum cbx_frame_type {
	CBX_FRAME_PAGE = 0,
	CBX_FRAME_L1 = 1,
	CBX_FRAME_L2 = 2,
	CBX_FRAME_L3 = 3,
	CBX_FRAME_L4 = 4,
	CBX_FRAME_CODE = 5, /* the host kernel's text */
};

/** Of a table or code: no CPU may use it yet, or may use it still. */
#define CBX_FRAME_COMING  1u
#define CBX_FRAME_LEAVING 2u

/** Zero bytes: a page the host may not touch.  Its two words are looked at and
 * counted in at once. */
struct cbx_frame {
	union {
		struct {
			uint32_t maps;	  /* leaves of the host's that map it */
			uint32_t writers; /* of these, writable ones */
		};
		uint64_t counts;
	};
	union {
		struct {
			uint32_t uses; /* executable leaves; a table: entries
					* that lead to it and CPUs that run on
					* it */
			uint8_t type;  /* enum cbx_frame_type */
			uint8_t state; /* 0, CBX_FRAME_COMING or _LEAVING */
			uint8_t view;  /* CBX_VIEW_*, as the core set it */
			uint8_t spare;
		};
		uint64_t rest;
	};
};
CBX_SIZE(16, cbx_frame);

/** The words. */
#define CBX_FRAME_MAPS(maps, writers) \
	((uint64_t)(maps) | (uint64_t)(writers) << 32)
#define CBX_FRAME_REST(uses, type, state, view)                                \
	((uint64_t)(uses) | (uint64_t)(type) << 32 | (uint64_t)(state) << 40 | \
		(uint64_t)(view) << 48)
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the words");

/** Counters that have reached this count no more. */
#define CBX_FRAME_USES_FULL 0x80000000u
#define CBX_FRAME_MAPS_FULL \
	CBX_FRAME_MAPS(CBX_FRAME_USES_FULL, CBX_FRAME_USES_FULL)

#endif
