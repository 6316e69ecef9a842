/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linux backend's wire: what libconfbox and the monitor process say.
 *
 * The library starts the monitor with one end of a SOCK_SEQPACKET socketpair
 * as descriptor CBX_WIRE_CONTROL_FD and two arguments, both optional: the
 * number of pages and the number of host CPUs, in decimal.
 *
 *   control socket   monitor: HELLO, once, with the host file's descriptor
 *                    library: CPU_NEW, with one end of a new socketpair
 *                    monitor: CPU_READY
 *   CPU socket       library: CALL or PAGE_STATE
 *                    monitor: REPLY, one for each, in order
 *
 * A host CPU is a CPU socket; one thread at a time uses it.  A BOX_ENTER holds
 * it until the box exits; another CPU socket can kick it.  Closing a CPU
 * socket gives the CPU back.  Closing the control socket, or the death of the
 * process that made it, ends the monitor and every box at once.
 *
 * Page pfn lies at offset pfn * CBX_PAGE_SIZE of the host file while the host
 * may touch it.  Else the library reads zeros there, and what it writes is
 * lost.  Page 0 is the monitor's.
 *
 * One message is one packet of exactly its struct's size.  Anything else ends
 * the connection it came by.
 */
#ifndef CBX_BASE_WIRE_H
#define CBX_BASE_WIRE_H

#include <confbox/abi.h>

#define CBX_WIRE_CONTROL_FD 3
#define CBX_WIRE_MAGIC	    0x3145524957584243ull /* "CBXWIRE1" */
#define CBX_WIRE_VERSION    1u

/** What the monitor takes when the command line does not say. */
#define CBX_WIRE_PAGES_DEFAULT (1u << 20) /* 4 GiB */
#define CBX_WIRE_CPUS_DEFAULT  64u
#define CBX_WIRE_CPUS_MAX      256u
#define CBX_WIRE_PAGES_MIN     16u

enum cbx_wire_kind {
	CBX_WIRE_HELLO = 1,
	CBX_WIRE_CPU_NEW = 2,
	CBX_WIRE_CPU_READY = 3,
	CBX_WIRE_CALL = 4,
	CBX_WIRE_PAGE_STATE = 5,
	CBX_WIRE_REPLY = 6,
};

/** First bytes of every message. */
struct cbx_wire_head {
	uint32_t kind;	/* enum cbx_wire_kind */
	uint32_t bytes; /* of the whole message */
};

/** Carries the host file's descriptor. */
struct cbx_wire_hello {
	struct cbx_wire_head head;
	uint64_t magic;
	uint32_t version;
	uint32_t cpu_count;
	uint64_t page_count;
	uint64_t caps; /* CBX_CAP_* */
};

/** Carries the monitor's end of the new CPU socket. */
struct cbx_wire_cpu_new {
	struct cbx_wire_head head;
};

/** status is CBX_E_BUSY when all CPUs are in use, CBX_E_NOMEM when the monitor's
 * process gets no thread or descriptor; that socket is closed. */
struct cbx_wire_cpu_ready {
	struct cbx_wire_head head;
	uint32_t status; /* enum cbx_status */
	uint32_t cpu;	 /* its number; 0 unless the status is CBX_OK */
};

struct cbx_wire_call {
	struct cbx_wire_head head;
	struct cbx_call call;
};

struct cbx_wire_page_state {
	struct cbx_wire_head head;
	uint64_t pfn;
	uint64_t count;
	uint64_t shared; /* 1 share with the hypervisor, 0 make private */
};

struct cbx_wire_reply {
	struct cbx_wire_head head;
	struct cbx_reply reply;
};

CBX_AT(0x00, 4, cbx_wire_head, kind);
CBX_AT(0x04, 4, cbx_wire_head, bytes);
CBX_SIZE(0x08, cbx_wire_head);

CBX_AT(0x00, 8, cbx_wire_hello, head);
CBX_AT(0x08, 8, cbx_wire_hello, magic);
CBX_AT(0x10, 4, cbx_wire_hello, version);
CBX_AT(0x14, 4, cbx_wire_hello, cpu_count);
CBX_AT(0x18, 8, cbx_wire_hello, page_count);
CBX_AT(0x20, 8, cbx_wire_hello, caps);
CBX_SIZE(0x28, cbx_wire_hello);

CBX_AT(0x00, 8, cbx_wire_cpu_new, head);
CBX_SIZE(0x08, cbx_wire_cpu_new);

CBX_AT(0x00, 8, cbx_wire_cpu_ready, head);
CBX_AT(0x08, 4, cbx_wire_cpu_ready, status);
CBX_AT(0x0c, 4, cbx_wire_cpu_ready, cpu);
CBX_SIZE(0x10, cbx_wire_cpu_ready);

CBX_AT(0x00, 8, cbx_wire_call, head);
CBX_AT(0x08, 64, cbx_wire_call, call);
CBX_SIZE(0x48, cbx_wire_call);

CBX_AT(0x00, 8, cbx_wire_page_state, head);
CBX_AT(0x08, 8, cbx_wire_page_state, pfn);
CBX_AT(0x10, 8, cbx_wire_page_state, count);
CBX_AT(0x18, 8, cbx_wire_page_state, shared);
CBX_SIZE(0x20, cbx_wire_page_state);

CBX_AT(0x00, 8, cbx_wire_reply, head);
CBX_AT(0x08, 64, cbx_wire_reply, reply);
CBX_SIZE(0x48, cbx_wire_reply);

#endif
