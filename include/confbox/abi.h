/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The wire between a caller and the monitor: numbers, layouts, constants.
 *
 * Everything here is frozen by tests/lint/abi.golden.  Fields are
 * little-endian and have explicit offsets and sizes, asserted below.
 */
#ifndef CONFBOX_ABI_H
#define CONFBOX_ABI_H

#include <stddef.h>
#include <stdint.h>

/** Version of this interface.  Majors do not talk to each other; a caller of
 * a newer minor may see CBX_E_UNKNOWN_CALL. */
#define CBX_ABI_MAJOR 0u
#define CBX_ABI_MINOR 2u

#define CBX_PAGE_SIZE  4096u
#define CBX_PAGE_SHIFT 12u

/** Most pages one range call works on; larger counts are CBX_E_INVALID. */
#define CBX_RANGE_PAGES_MAX 512u

/** Most pages of one input, output or forward buffer. */
#define CBX_IO_PAGES_MAX 64u
#define CBX_IO_BYTES_MAX (CBX_IO_PAGES_MAX * CBX_PAGE_SIZE)

/** Box addresses lie in [CBX_VA_MIN, CBX_VA_MAX). */
#define CBX_VA_MIN 0x10000ull
#define CBX_VA_MAX 0x7e0000000000ull

/** "No page": as BOX_ADD's source, the pages start as zeros. */
#define CBX_NO_PAGE UINT64_MAX

/** What a call came to. */
enum cbx_status {
#define X(number, NAME, text) CBX_##NAME = (number),
#include <confbox/status.def>
#undef X
};

/** Gate call numbers. */
enum cbx_call_id {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	CBX_CALL_##NAME = (number),
#include <confbox/gate.def>
#undef X
};

#define CBX_CALL_ARGS  6
#define CBX_REPLY_RETS 7

/** Request.  Eight bytes per field, no padding. */
struct cbx_call {
	uint64_t id;		     /* enum cbx_call_id */
	uint64_t arg[CBX_CALL_ARGS]; /* zero past the call's nargs */
	uint64_t reserved;	     /* zero */
};

/** Reply.  Every ret is zero unless the status is CBX_OK, except that a range
 * call always reports in ret[0] how many pages it completed. */
struct cbx_reply {
	uint64_t status; /* enum cbx_status */
	uint64_t ret[CBX_REPLY_RETS];
};

/** Rights of a box mapping. */
#define CBX_RIGHT_R 1u
#define CBX_RIGHT_W 2u
#define CBX_RIGHT_X 4u
#define CBX_RIGHTS  7u

/** What the host may do with a page (PAGE_QUERY's ret[1]). */
#define CBX_VIEW_R    1u
#define CBX_VIEW_W    2u
#define CBX_VIEW_UX   4u /* user execute */
#define CBX_VIEW_SX   8u /* supervisor execute */
#define CBX_VIEW_ALL  15u
#define CBX_VIEW_NONE 0u

/** Why BOX_ENTER came back: low 32 bits of ret[0]. */
enum cbx_exit_reason {
	CBX_EXIT_INTERRUPTED = 0, /* the CPU was taken back; enter again */
	CBX_EXIT_IDLE = 1, /* nothing can run; ret[1] wake time, ticks, or 0 */
	CBX_EXIT_OUTPUT = 2, /* ret[1] thread, ret[2] port, ret[3] bytes */
	CBX_EXIT_ENDED = 3,  /* ret[1] status, ret[2] enum cbx_end_reason; both
	                      * zero when the box was confined: then the buffer
	                      * holds its last frame (doc/channel.md) */
	CBX_EXIT_INPUT = 4,  /* ret[1] thread, ret[2] port, ret[3] most bytes */
	CBX_EXIT_FORWARD = 5, /* ret[1] thread, ret[2] call, ret[3] bytes in
	                       * the buffer, ret[4] most bytes of answer */
	CBX_EXIT_TRACE = 6,   /* high half of ret[0] call; ret[1..6] arguments;
	                      * the buffer begins with the thread; without a
	                      * buffer there is no such exit */
	CBX_EXIT_RESULT = 7,  /* of the traced call; ret[1] result, ret[2]
	                      * thread, ret[3] what the box says of it */
	CBX_EXIT_REFUSED = 8, /* as FORWARD, of a call no rule allows: the
	                       * thread has its E_DENIED */
};

/** Why a box ended. */
enum cbx_end_reason {
	CBX_END_EXIT = 0,      /* by itself; the status is its own */
	CBX_END_KILLED = 1,    /* BOX_KILL */
	CBX_END_VIOLATION = 2, /* a call its state or policy forbids */
	CBX_END_FAULT = 3,     /* a fault nobody in the box handles */
	CBX_END_LOST = 4,      /* the hardware lost it */
};

/** Channel ports. */
enum cbx_port {
	CBX_PORT_INPUT = 0,  /* standard input, from the host */
	CBX_PORT_OUTPUT = 1, /* standard output */
	CBX_PORT_ERROR = 2,  /* standard error */
	CBX_PORT_CLIENT = 3, /* the client's data; reading it is asking to be
	                      * confined */
};

/** BOX_CONFINE's last argument: the client's data is complete.  Of a box with
 * CBX_POLICY_PLAIN only; records say so themselves. */
#define CBX_CONFINE_LAST 1u

/** BOX_DIGEST's second argument. */
enum cbx_digest_kind {
	CBX_DIGEST_MEASUREMENT = 0,
	CBX_DIGEST_INPUT = 1,
	CBX_DIGEST_LENDER = 2, /* of the first template borrowed of; 4, 6, ...
	                        * of the next */
	CBX_DIGEST_LENDER_INPUT = 3, /* its input digest; 5, 7, ... */
};
#define CBX_DIGEST_BYTES 48u /* SHA-384 */

/** PAGE_QUERY: ret[0] what a page is (src/core/page.def, in that order from 0;
 * every page of a box that is neither SHARED nor COMMON says PRIVATE), ret[1]
 * the host's view of it, ret[2] the box that owns it, or 0. */

/** BOX_QUERY: ret[0] state, ret[1] flags, ret[2] pages owned, ret[3] pages in
 * reserve, ret[4] threads, ret[5] spaces, ret[6] input bytes.  For a box that
 * is or was confined everything but ret[0] and ret[1] is zero. */
#define CBX_BOX_TAINTED	 1u /* had a shared window, or its template */
#define CBX_BOX_DEBUG	 2u /* policy lets the host look */
#define CBX_BOX_CONFINED 4u /* is or was confined */
#define CBX_BOX_KEEPER	 8u
#define CBX_BOX_TEMPLATE 16u /* never runs again; lends its pages */
#define CBX_BOX_CLONE	 32u /* borrows a template's */

/** Up-call kinds. */
enum cbx_upcall_kind {
	CBX_UPCALL_SYSCALL = 0,
	CBX_UPCALL_FAULT = 1,
	CBX_UPCALL_DEADLINE = 2,
};

/** THREAD_PARK: wait for nothing, only let other threads go first. */
#define CBX_PARK_YIELD UINT64_MAX

/** A forwarded call: this block, then in_bytes of payload, in the box at
 * FORWARD's second argument and in the host's buffer at the exit. */
struct cbx_forward {
	uint64_t arg[6];
};

/** Policy flags. */
#define CBX_POLICY_DEBUG 1u /* the host may PEEK while the box is READY */
#define CBX_POLICY_TRACE 2u /* every system call of the program exits */
/** What may be executed can be neither read nor written: a mapping with X has
 * no other right.  Refused (CBX_E_UNSUPPORTED) without
 * CBX_CAP_BOX_EXECUTE_ONLY. */
#define CBX_POLICY_EXECUTE_ONLY 4u
/** A call that no rule allows ends the box. */
#define CBX_POLICY_STRICT 8u
/** The host may end the box as a template: any box it makes may read what this
 * one holds then. */
#define CBX_POLICY_TEMPLATE 16u
/** The host is the client: its data comes and its output goes in plain
 * (doc/adr/0021).  Without it, both are sealed (doc/channel.md). */
#define CBX_POLICY_PLAIN 32u
/** Only a pristine box is confined: not tainted, no clone, and told nothing by
 * the host after it was measured. */
#define CBX_POLICY_CLEAN 64u
/** CPUID faults into the runtime, whoever executes it: what the box is told of
 * the CPU is its own, measured (doc/adr/0034).  Refused (CBX_E_UNSUPPORTED)
 * without CBX_CAP_CPUID. */
#define CBX_POLICY_CPUID 128u
#define CBX_POLICY_FLAGS 255u

/** CPU features a policy lists: BASIC (x87, SSE) and what else the box may
 * use.  0 is all the CPU has; anything else is refused (CBX_E_UNSUPPORTED)
 * without CBX_CAP_FEATURES. */
#define CBX_FEATURE_BASIC   1u
#define CBX_FEATURE_AVX	    2u
#define CBX_FEATURE_AVX512  4u
#define CBX_FEATURE_COUNTER 8u /* the time stamp counter */
#define CBX_FEATURES	    15u

#define CBX_RULE_ARGS 3u
/** Longest payload that is a name, bytes. */
#define CBX_NAME_MAX 512u

/** What may be forwarded: the call, if each of its first arguments, masked, is
 * the value; and, if the rule has a text, if its payload is a name that equals
 * the text or lies below it ("/a" allows "/a" and "/a/b").  A name begins with
 * a slash, has no empty component, none that is "." or "..", no zero byte. */
struct cbx_rule {
	uint32_t call;
	uint16_t text; /* from where in the policy's text */
	uint16_t text_bytes;
	uint64_t mask[CBX_RULE_ARGS];
	uint64_t value[CBX_RULE_ARGS];
};

#define CBX_POLICY_VERSION 2u
#define CBX_POLICY_RULES   32u
#define CBX_POLICY_TEXT	   1280u

/** What a box may do; measured, fixed at BOX_CREATE. */
struct cbx_policy {
	uint32_t version;      /* CBX_POLICY_VERSION */
	uint32_t flags;	       /* CBX_POLICY_* */
	uint32_t output_pages; /* a confined output's size, 1 to
	                         * CBX_IO_PAGES_MAX */
	uint32_t threads_max;  /* at least 1 */
	uint64_t wake_step;    /* ticks; an IDLE wake time is rounded up to a
	                         * multiple; at least 1 */
	uint64_t features;     /* CBX_FEATURE_*, or 0 */
	uint64_t epoch_ns;     /* what the box's clock says at tick 0 */
	uint32_t rule_count;   /* at most CBX_POLICY_RULES */
	uint32_t reserved;     /* zero */
	struct cbx_rule rule[CBX_POLICY_RULES]; /* any one of them allows */
	char text[CBX_POLICY_TEXT];
};

/** What a confined box's output begins with, when it is opened; the data, and
 * zeros up to policy.output_pages less CBX_OUTPUT_TAIL, follow. */
struct cbx_output {
	uint64_t bytes;	 /* of data */
	uint32_t kind;	 /* enum cbx_output_kind */
	uint32_t port;	 /* of data */
	uint64_t status; /* of the end */
	uint64_t reason; /* of the end: enum cbx_end_reason */
};
enum cbx_output_kind {
	CBX_OUTPUT_DATA = 1,
	CBX_OUTPUT_END = 2, /* the box ended; there is no more */
};
#define CBX_OUTPUT_TAIL 16u /* the tag; zero in plain */

/** MONITOR_EVIDENCE, BOX_EVIDENCE. */
#define CBX_EVIDENCE_PAGES_MAX 16u

/** BOX_SIGN: whoever answers for the box says so (doc/sealing.md). */
#define CBX_FAMILY_BYTES 16u
struct cbx_signature {
	uint8_t key[96]; /* P-384: x, y */
	uint8_t family[CBX_FAMILY_BYTES];
	uint64_t version; /* security version: grows when a hole is closed */
	uint8_t signature[96]; /* r, s; ES384 over "libconfbox signer 1", padded
	                        * with zero bytes to 32, the measurement, family
	                        * and version */
};

/** REPORT: one box says to another, of the same monitor, what it is. */
#define CBX_REPORT_DATA 64u
struct cbx_report {
	uint64_t number; /* of the box: none has another's */
	uint64_t flags;	 /* CBX_BOX_* */
	uint8_t measurement[CBX_DIGEST_BYTES];
	uint8_t input_digest[CBX_DIGEST_BYTES];
	uint8_t signer[CBX_DIGEST_BYTES]; /* SHA-384 of its key, or zero */
	uint8_t family[CBX_FAMILY_BYTES];
	uint64_t version;
	uint8_t data[CBX_REPORT_DATA]; /* whatever the box wants to say */
	uint8_t mac[CBX_DIGEST_BYTES]; /* the monitor's */
};

/** SEAL_KEY's first argument: who gets the same key again (doc/sealing.md). */
enum cbx_seal_selector {
	CBX_SEAL_EXACT = 1,  /* this measurement */
	CBX_SEAL_SIGNER = 2, /* any box of its signer's */
	CBX_SEAL_FAMILY = 3, /* any of the signer's family */
	CBX_SEAL_ROOT = 4,   /* no key, but the root's name: any box's */
};
#define CBX_SEAL_KEY_BYTES 32u
#define CBX_SEAL_ID_BYTES  32u

/** Where sealing keys come from. */
enum cbx_root_kind {
	CBX_ROOT_NONE = 0,
	CBX_ROOT_PLATFORM = 1,
	CBX_ROOT_RELEASED = 2, /* by whoever verified the monitor's evidence */
};

/** CAPS: ret[0] these bits, ret[1] enum cbx_backend, ret[2] pages, ret[3]
 * CPUs. */
#define CBX_CAP_HARDWARE_ROOT	0x01u /* evidence is rooted in hardware */
#define CBX_CAP_HOST_KERNEL_OUT 0x02u /* the guest kernel cannot look in */
#define CBX_CAP_HYPERVISOR_OUT	0x04u /* the hypervisor cannot look in */
#define CBX_CAP_DMA		0x08u /* devices cannot reach protected pages */
#define CBX_CAP_VIEW_FAULTS \
	0x10u			    /* a forbidden host access faults; without
				     * it, it does not succeed: it reads
				     * zeros, is lost or never completes */
#define CBX_CAP_EXECUTE_ONLY  0x20u /* of the host's views */
#define CBX_CAP_EXECUTE_MODES 0x40u /* user and supervisor execute differ */
/** A box cannot read what it maps with X alone; without it, it can.  What it
 * is worth is the backend's: with protection keys it is against disclosure by
 * bugs, not against code in the box that executes WRPKRU. */
#define CBX_CAP_BOX_EXECUTE_ONLY 0x80u
#define CBX_CAP_FEATURES	 0x100u /* policy.features is enforced */
#define CBX_CAP_CPUID		 0x200u /* CPUID can be withheld */

/** Backends. */
enum cbx_backend {
	CBX_BACKEND_MOCK = 0,
	CBX_BACKEND_LINUX = 1,
	CBX_BACKEND_PKS_VM = 2,
	CBX_BACKEND_SNP = 3,
	CBX_BACKEND_TDX = 4,
	CBX_BACKEND_CCA = 5,
};

/* The layout is the contract; the compiler holds us to it. */
#define CBX_AT(offset, size, type, field)                                   \
	_Static_assert(offsetof(struct type, field) == (offset) &&          \
			       sizeof(((struct type *)0)->field) == (size), \
		#type "." #field)
#define CBX_SIZE(size, type) \
	_Static_assert(sizeof(struct type) == (size), #type)

CBX_AT(0x00, 8, cbx_call, id);
CBX_AT(0x08, 48, cbx_call, arg);
CBX_AT(0x38, 8, cbx_call, reserved);
CBX_SIZE(0x40, cbx_call);

CBX_AT(0x00, 8, cbx_reply, status);
CBX_AT(0x08, 56, cbx_reply, ret);
CBX_SIZE(0x40, cbx_reply);

CBX_AT(0x00, 48, cbx_forward, arg);
CBX_SIZE(0x30, cbx_forward);

CBX_AT(0x00, 4, cbx_policy, version);
CBX_AT(0x04, 4, cbx_policy, flags);
CBX_AT(0x08, 4, cbx_policy, output_pages);
CBX_AT(0x0c, 4, cbx_policy, threads_max);
CBX_AT(0x10, 8, cbx_policy, wake_step);
CBX_AT(0x18, 8, cbx_policy, features);
CBX_AT(0x20, 8, cbx_policy, epoch_ns);
CBX_AT(0x28, 4, cbx_policy, rule_count);
CBX_AT(0x2c, 4, cbx_policy, reserved);
CBX_AT(0x30, 1792, cbx_policy, rule);
CBX_AT(0x730, 1280, cbx_policy, text);
CBX_SIZE(0xc30, cbx_policy);

CBX_AT(0x00, 4, cbx_rule, call);
CBX_AT(0x04, 2, cbx_rule, text);
CBX_AT(0x06, 2, cbx_rule, text_bytes);
CBX_AT(0x08, 24, cbx_rule, mask);
CBX_AT(0x20, 24, cbx_rule, value);
CBX_SIZE(0x38, cbx_rule);

CBX_AT(0x00, 8, cbx_output, bytes);
CBX_AT(0x08, 4, cbx_output, kind);
CBX_AT(0x0c, 4, cbx_output, port);
CBX_AT(0x10, 8, cbx_output, status);
CBX_AT(0x18, 8, cbx_output, reason);
CBX_SIZE(0x20, cbx_output);

CBX_AT(0x00, 96, cbx_signature, key);
CBX_AT(0x60, 16, cbx_signature, family);
CBX_AT(0x70, 8, cbx_signature, version);
CBX_AT(0x78, 96, cbx_signature, signature);
CBX_SIZE(0xd8, cbx_signature);

CBX_AT(0x00, 8, cbx_report, number);
CBX_AT(0x08, 8, cbx_report, flags);
CBX_AT(0x10, 48, cbx_report, measurement);
CBX_AT(0x40, 48, cbx_report, input_digest);
CBX_AT(0x70, 48, cbx_report, signer);
CBX_AT(0xa0, 16, cbx_report, family);
CBX_AT(0xb0, 8, cbx_report, version);
CBX_AT(0xb8, 64, cbx_report, data);
CBX_AT(0xf8, 48, cbx_report, mac);
CBX_SIZE(0x128, cbx_report);

#endif
