/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM, SIGHUP and SIGQUIT end the box. */
#ifndef CBX_TOOLS_WATCH_H
#define CBX_TOOLS_WATCH_H

#include <stdbool.h>

#include <pthread.h>

#include <confbox/confbox.h>

struct cbx_watch {
	struct cbx_box *box;
	pthread_t thread;
	int stop;    /* eventfd: the box ended by itself */
	int signals; /* signalfd */
	int caught;  /* the signal that came, or 0 */
};

/** Block the signals in this thread and all it starts. Call it first. */
void cbx_watch_block(void);

/** Begin to watch. @return false when the system has no room for it */
bool cbx_watch_start(struct cbx_watch *watch, struct cbx_box *box);

/** Stop watching. @return the signal that ended the box, or 0 */
int cbx_watch_stop(struct cbx_watch *watch);

#endif
