/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cbx_box_run: the box, its CPUs, and what it came to so far.
 */
#ifndef CBX_CLIENT_RUN_H
#define CBX_CLIENT_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include <client/box.h>
#include <client/sealed.h>
#include <client/serve.h>
#include <client/stream.h>

struct cbx_running;

/** A thread that runs the box, with its CPU (lend.h). */
struct cbx_lender {
	struct cbx_running *run;
	struct cbx_cpu *cpu;
	struct cbx_extent buffer;
	struct cbx_patience patience; /* its blocked is this one's */
	struct cbx_lender *next;      /* of all */
	pthread_t thread;
	int call;	   /* eventfd: there is work; -1 while it is alone */
	int bell;	   /* epoll: that, or the run is to stop */
	bool inside;	   /* it has a place in the box */
	bool idle;	   /* it waits for its call */
	uint32_t useless;  /* calls in a row that found nothing to do */
	pthread_cond_t go; /* it got a place */
	struct cbx_lender *behind; /* it waits for one before this one */
};

struct cbx_running {
	struct cbx_box *box;
	struct cbx_run how;
	struct cbx_patience patience;
	struct cbx_result result;
	struct cbx_server *server;	    /* NULL: none */
	struct cbx_channel_session session; /* this process is the client */
	uint32_t cpus;			    /* at most inside at once */
	atomic_bool confined;

	struct cbx_lender first; /* the calling thread's */
	pthread_mutex_t serving; /* while an exit is served */
	pthread_mutex_t reading; /* while input is read */
	pthread_mutex_t lock;	 /* guards the rest */
	atomic_bool ended;	 /* the box, or its run by an error */
	enum cbx_status status;	 /* the first error */
	struct cbx_error error;
	struct cbx_lender *all;	    /* NULL while first is alone */
	struct cbx_lender *waiting; /* for a place, the first one first */
	uint32_t lenders;
	uint32_t inside;
	bool no_more; /* there is no CPU, memory or thread for another one */
};

/** Kill the box because its time is over, once. */
CBX_CHECKED enum cbx_status cbx_run_timeout(struct cbx_lender *lender);

/**
 * Serve an exit that wants input, has output, forwards or traces.
 *
 * @param exit  BOX_ENTER's reply; every number in it is checked
 *
 * @retval CBX_OK          served; enter again
 * @retval CBX_E_INVALID   the client's data is larger than the box can take
 * @retval CBX_E_HARDWARE  the monitor ended, or the exit makes no sense
 */
CBX_CHECKED enum cbx_status cbx_run_input(
	struct cbx_lender *lender, const struct cbx_reply *exit);
CBX_CHECKED enum cbx_status cbx_run_output(
	struct cbx_lender *lender, const struct cbx_reply *exit);
CBX_CHECKED enum cbx_status cbx_run_forward(
	struct cbx_lender *lender, const struct cbx_reply *exit);
CBX_CHECKED enum cbx_status cbx_run_refused(
	struct cbx_lender *lender, const struct cbx_reply *exit);

/** Whether the monitor took the answers given before the last entry.
 * @retval CBX_OK         it did, or the box had ended
 * @retval CBX_E_INVALID  it did not */
CBX_CHECKED enum cbx_status cbx_run_answered(struct cbx_lender *lender);

/** Fill the buffer from the run's input; shorter at its end only.
 * @return how many bytes, or a negative errno */
int64_t cbx_run_read_full(struct cbx_lender *lender, uint8_t *buf, size_t size);

/** Write to the run's output of that port, and note what failed.
 * @return how many bytes, or a negative errno */
int64_t cbx_run_write(struct cbx_lender *lender, enum cbx_port port,
	const void *buf, size_t size);

/** Put a status of the box's into the run's result. */
void cbx_run_note_end(
	struct cbx_running *run, uint64_t status, enum cbx_end_reason reason);

/** Answer forwarded calls that waited and need not any more. */
CBX_CHECKED enum cbx_status cbx_run_served(struct cbx_lender *lender);

/** Show a trace's exit to the callback. */
void cbx_run_trace(struct cbx_lender *lender, const struct cbx_reply *exit);

/** Sleep without a CPU until @p until_ns, or a forwarded call can be answered,
 * or patience ends. */
void cbx_run_sleep(struct cbx_lender *lender,
	const struct cbx_patience *patience, uint64_t until_ns);

/** Record that the monitor's answer cannot be. @return CBX_E_HARDWARE */
enum cbx_status cbx_run_nonsense(const char *what);

/** Sleep until a box with nothing to run can have something; @p wake is its
 * exit's.  @retval CBX_E_STATE it never will: it stopped at its point */
CBX_CHECKED enum cbx_status cbx_run_idle(
	struct cbx_lender *lender, uint64_t wake);

#endif
