/* SPDX-License-Identifier: Apache-2.0 */
#include <client/debugger.h>

#include <errno.h>
#include <sys/socket.h>

#include <client/stream.h>

static struct cbx_patience patience_of(
	const struct cbx_lender *lender, uint64_t wait_ns)
{
	struct cbx_patience patience = lender->run->patience;
	uint64_t until_ns = cbx_until_ns(wait_ns);

	if (until_ns < patience.until_ns) {
		patience.until_ns = until_ns;
	}
	patience.blocks = NULL;
	return patience;
}

static int64_t read_some(struct cbx_lender *lender, int fd,
	const struct cbx_forward_call *call, void *data)
{
	const struct cbx_patience patience =
		patience_of(lender, call->args.arg[0]);
	int64_t n = call->args.arg[0] == 0
			    ? recv(fd, data, call->max, MSG_DONTWAIT)
			    : cbx_stream_read(fd, data, call->max, &patience);

	if (n < 0 && call->args.arg[0] == 0) {
		n = -errno;
	}
	if (n == -EAGAIN || n == -EINTR) {
		return 0;
	}
	return n <= 0 ? -EPIPE : n;
}

int64_t cbx_debugger_forward(struct cbx_lender *lender,
	const struct cbx_forward_call *call, void *data, size_t *bytes)
{
	const struct cbx_patience patience = patience_of(lender, UINT64_MAX);
	int fd = lender->run->how.debug_fd;
	size_t payload = *bytes;
	int64_t n;

	*bytes = 0;
	if (fd == 0 ||
		(payload != 0 && cbx_stream_write(fd, data, payload,
					 &patience) != (int64_t)payload)) {
		return -EPIPE;
	}
	n = call->max == 0 ? 0 : read_some(lender, fd, call, data);
	*bytes = n > 0 ? (size_t)n : 0;
	return n;
}
