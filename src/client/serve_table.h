/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's insides: its handles, and calls that wait.
 */
#ifndef CBX_CLIENT_SERVE_TABLE_H
#define CBX_CLIENT_SERVE_TABLE_H

#include <dirent.h>
#include <poll.h>
#include <pthread.h>

#include <client/serve.h>

#define CBX_SERVE_HANDLES 1024u
#define CBX_SERVE_POLLS	  1024u

enum cbx_serve_kind {
	CBX_SERVE_FREE,
	CBX_SERVE_FILE,
	CBX_SERVE_DIRECTORY,
	CBX_SERVE_LISTENER,
	CBX_SERVE_SOCKET,
};

/** What a handle stands for. */
struct cbx_serve_open {
	enum cbx_serve_kind kind;
	int fd;
	DIR *directory;
	uint64_t listed; /* entries of the directory read so far */
};

/** A call that waits: POLL, or CONNECT when its handle is a socket. */
struct cbx_serve_wait {
	struct cbx_serve_wait *next;
	uint64_t thread;
	uint64_t until_ns;
	int64_t connecting; /* the handle, or -1 */
	bool woken;
	size_t count;
	struct cbx_forward_poll *asked; /* count of them, of a POLL */
	struct pollfd *poll;		/* count of them */
};

struct cbx_server {
	pthread_mutex_t lock; /* of all of it */
	struct cbx_serve_open open[CBX_SERVE_HANDLES];
	struct cbx_serve_wait *waiting;
	bool woken; /* the next POLL does not wait */
};

/** A call as its parts see it. */
struct cbx_serve_call {
	struct cbx_server *server;
	uint64_t thread;
	const uint64_t *arg;
	void *data;
	size_t payload; /* bytes at data */
	size_t max;	/* of the answer */
	size_t *bytes;	/* of the answer */
};

/** What a handle stands for; NULL when it is not open, or not of @p kind
 * (FREE: any). */
struct cbx_serve_open *cbx_serve_get(
	struct cbx_server *server, uint64_t handle, enum cbx_serve_kind kind);

/** Give a descriptor a handle; it is closed when there is none.
 * @return the handle, or -EMFILE */
int64_t cbx_serve_add(
	struct cbx_server *server, enum cbx_serve_kind kind, int fd);

/** Close a handle. */
void cbx_serve_close(struct cbx_serve_open *open);

/** Make @p bytes at @p from the answer; -ERANGE when there is no room. */
int64_t cbx_serve_answer(
	struct cbx_serve_call *call, const void *from, size_t bytes);

/** What fstat and SO_ERROR say. @return 0 or -errno */
int64_t cbx_serve_stat(int fd, bool socket, struct cbx_forward_stat *told);

/** Remember a POLL of the payload, or a CONNECT of @p handle.
 * @return CBX_SERVE_LATER, or a result */
int64_t cbx_serve_poll(struct cbx_serve_call *call);
int64_t cbx_serve_connecting(struct cbx_serve_call *call, int64_t handle);

/** Forget what waits for a handle that is closed, and answer it. */
void cbx_serve_wake(struct cbx_server *server);

/** Answer a connected socket's CONNECT or ACCEPT: both ends. */
int64_t cbx_serve_ends(struct cbx_serve_call *call, int64_t handle);

/* The calls, one function each. */
#define X(number, NAME, name) \
	int64_t cbx_serve_##name##_call(struct cbx_serve_call *call);
#include <confbox/forward.def>
#undef X

#endif
