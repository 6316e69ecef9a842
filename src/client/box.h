/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A box as the client library keeps it: what it was given, so that all of it
 * comes back, and how far its life is.
 */
#ifndef CBX_CLIENT_BOX_H
#define CBX_CLIENT_BOX_H

#include <pthread.h>

#include <client/context.h>

/** Pages taken from the context's pool for a box. */
struct cbx_holding {
	struct cbx_extent extent;
	uint64_t donated; /* leading pages that are the monitor's */
	uint64_t given;	  /* leading pages that are the box's */
};

/** How far cbx_box_run is. */
enum cbx_phase {
	CBX_PHASE_NEW,
	CBX_PHASE_RUNNING,
	CBX_PHASE_ENDED,  /* result holds */
	CBX_PHASE_FAILED, /* it ended without a result */
};

struct cbx_box {
	struct cbx_context *context;
	uint64_t root; /* handle; 0 before the monitor made the box */
	struct cbx_holding *holdings; /* root and space first */
	size_t holding_count;
	size_t holding_room;
	struct cbx_extent buffer; /* host pages for input, output, sources */
	int wake;		  /* eventfd: somebody wants the run to stop */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	enum cbx_phase phase; /* guarded by lock, as is result */
	struct cbx_result result;
	bool lends;	       /* its policy lets it become a template */
	bool plain;	       /* its policy has no channel */
	uint32_t output_pages; /* of its policy */
	bool to_point;	       /* the run ends when nothing will wake it */
	bool at_point;	       /* it did */
};

/** The bytes of the box's host pages: CBX_IO_BYTES_MAX of them. */
void *cbx_box_buffer(const struct cbx_box *box);

/** Make a call about the box on @p cpu; errors are recorded as @p what. */
CBX_CHECKED enum cbx_status cbx_box_call(struct cbx_cpu *cpu,
	const struct cbx_call *call, struct cbx_reply *reply, const char *what);

/**
 * Take pages from the pool for the box and donate them.
 *
 * Appends holdings; on failure what was taken is in them.
 *
 * @param count  at least 1
 * @param whole  one extent of @p count pages, or nothing
 *
 * @retval CBX_OK       the monitor's POOL pages, in the newest holdings
 * @retval CBX_E_NOMEM  not so many free pages, or out of memory
 */
CBX_CHECKED enum cbx_status cbx_box_take(
	struct cbx_box *box, struct cbx_cpu *cpu, uint64_t count, bool whole);

/** Give a BUILDING box all an image defines beside its policy, and make it
 * READY.  @retval ...  as cbx_box_load */
struct cbx_image;
CBX_CHECKED enum cbx_status cbx_box_fill(
	struct cbx_box *box, const struct cbx_image *image);

/** BOX_KILL until it is not busy; DYING and torn down after. */
CBX_CHECKED enum cbx_status cbx_box_end(
	struct cbx_box *box, struct cbx_cpu *cpu);

/** Give back all that was taken.  What the monitor does not give back is lost
 * to the context. */
void cbx_box_give_back(struct cbx_box *box, struct cbx_cpu *cpu);

#endif
