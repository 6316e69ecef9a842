/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cbx_box_run: the box, its CPU, and what it came to so far.
 */
#ifndef CBX_CLIENT_RUN_H
#define CBX_CLIENT_RUN_H

#include <client/box.h>
#include <client/serve.h>
#include <client/stream.h>

struct cbx_running {
	struct cbx_box *box;
	struct cbx_cpu *cpu;
	struct cbx_run how;
	struct cbx_patience patience;
	struct cbx_result result;
	struct cbx_server *server; /* NULL: none */
	bool confined;
	bool ended;
};

/** Kill the box because its time is over, once. */
CBX_CHECKED enum cbx_status cbx_run_timeout(struct cbx_running *run);

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
	struct cbx_running *run, const struct cbx_reply *exit);
CBX_CHECKED enum cbx_status cbx_run_output(
	struct cbx_running *run, const struct cbx_reply *exit);
CBX_CHECKED enum cbx_status cbx_run_forward(
	struct cbx_running *run, const struct cbx_reply *exit);
CBX_CHECKED enum cbx_status cbx_run_refused(
	struct cbx_running *run, const struct cbx_reply *exit);

/** Answer forwarded calls that waited and need not any more. */
CBX_CHECKED enum cbx_status cbx_run_served(struct cbx_running *run);

/** Show a trace's exit to the callback. */
void cbx_run_trace(struct cbx_running *run, const struct cbx_reply *exit);

/** Record that the monitor's answer cannot be. @return CBX_E_HARDWARE */
enum cbx_status cbx_run_nonsense(const char *what);

#endif
