/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context: a monitor, its free pages, its CPUs.  Boxes hold it.
 */
#ifndef CBX_CLIENT_CONTEXT_H
#define CBX_CLIENT_CONTEXT_H

#include <pthread.h>

#include <client/monitor.h>
#include <client/pool.h>

/** A host CPU; one thread at a time uses it. */
struct cbx_cpu {
	struct cbx_context *context;
	struct cbx_cpu *next; /* in the context's list of idle CPUs */
	struct cbx_lane lane;
	bool broken;		/* the connection failed: never used again */
	uint32_t owed;		/* posted calls whose answers are to come */
	enum cbx_status posted; /* of the first of them that failed */
};

struct cbx_share;

struct cbx_context {
	struct cbx_monitor monitor;
	struct cbx_pool pool;
	pthread_mutex_t lock;
	pthread_cond_t cpu_idle; /* a CPU came back */
	struct cbx_cpu *idle;	 /* guarded by lock, as is all below */
	uint32_t cpus;		 /* idle or taken */
	uint32_t wanted;	 /* threads that wait for one */
	uint32_t holders;	 /* the opener and every box */
	pthread_mutex_t share_lock;
	struct cbx_share *shares; /* guarded by share_lock */
	pthread_mutex_t service_lock;
	struct cbx_cpu *service; /* guarded by service_lock: for calls that
				  * must not wait for a box to stop */
};

/** One more, one fewer who needs the context; the last one frees it. */
void cbx_context_hold(struct cbx_context *context);
void cbx_context_release(struct cbx_context *context);

/**
 * Take a CPU, waiting until one is idle.
 *
 * @param[out] cpu  the caller puts it back
 *
 * @retval CBX_OK          taken
 * @retval CBX_E_NOMEM     there is none, and none is in use
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_CHECKED enum cbx_status cbx_cpu_take(
	struct cbx_context *context, struct cbx_cpu **cpu);
void cbx_cpu_put(struct cbx_cpu *cpu);

/** Take a CPU if one is to be had at once and nobody waits for one. */
CBX_CHECKED bool cbx_cpu_try(struct cbx_context *context, struct cbx_cpu **cpu);

/**
 * Make a call whose answer nobody waits for: what is sent next follows it at
 * once, where the transport can do that.
 *
 * @retval CBX_OK          on its way
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_CHECKED enum cbx_status cbx_cpu_post(
	struct cbx_cpu *cpu, const struct cbx_call *call);

/** Wait until all posted calls are done, and what they name is free again. */
void cbx_cpu_settle(struct cbx_cpu *cpu);

/** How the posted calls ended, once they are done.
 * @return CBX_OK, or the status of the first that failed since last asked */
CBX_CHECKED enum cbx_status cbx_cpu_posted(struct cbx_cpu *cpu);

/** Send a call.  @retval CBX_E_HARDWARE the monitor ended */
CBX_CHECKED enum cbx_status cbx_cpu_send(
	struct cbx_cpu *cpu, const struct cbx_call *call);

/** Wait until the answer to the call sent can be received; the device says so
 * at once, and the receiving takes the time.  @param ms  -1 for ever
 * @return false after @p ms */
bool cbx_cpu_wait(struct cbx_cpu *cpu, int ms);

/** Receive the answer to the call sent; its status is a known one.
 * @retval CBX_E_HARDWARE the monitor ended, or talks nonsense */
CBX_CHECKED enum cbx_status cbx_cpu_receive(
	struct cbx_cpu *cpu, struct cbx_reply *reply);

/**
 * Make one gate call.
 *
 * @param[out] reply  what the monitor said; zero when the transport failed
 *
 * @return the transport's error, else the reply's status, without an error
 *         recorded for the latter
 */
CBX_CHECKED enum cbx_status cbx_cpu_call(struct cbx_cpu *cpu,
	const struct cbx_call *call, struct cbx_reply *reply);

/** As cbx_cpu_call, on the CPU that is never lent to a box. */
CBX_CHECKED enum cbx_status cbx_context_call(struct cbx_context *context,
	const struct cbx_call *call, struct cbx_reply *reply);

/**
 * Take pages of the host's out of the pool; when they do not suffice, those
 * that were left donated are returned first.
 *
 * @param[out] extent  @p count consecutive pages; untouched on failure
 *
 * @return false when there are none
 */
CBX_CHECKED bool cbx_context_pages(
	struct cbx_context *context, uint64_t count, struct cbx_extent *extent);

/** Wait before call number @p tries of a gate that said CBX_E_BUSY; longer
 * each time, up to 1 ms.  @return false when it was long enough */
CBX_CHECKED bool cbx_busy_wait(uint32_t tries);

/** As cbx_busy_wait, of a gate that is busy because it does a range call's worth
 * at a time: waits only after more of them than there can be. */
CBX_CHECKED bool cbx_busy_part(uint32_t tries);

#endif
