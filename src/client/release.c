/* SPDX-License-Identifier: Apache-2.0 */
/* Getting the root of sealing keys from a service that verifies (doc/sealing.md,
 * key service). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <client/context.h>
#include <client/error.h>
#include <confbox/release.h>

#define NONCE_BYTES 32u

enum cbx_status cbx_release_give(
	struct cbx_context *context, const void *message, size_t size)
{
	struct cbx_call call = { .id = CBX_CALL_ROOT_RELEASE,
		.arg = { 0, size } };
	struct cbx_extent page;
	struct cbx_reply reply;
	enum cbx_status status;

	if (size != CBX_RELEASE_MESSAGE_BYTES) {
		return cbx_fail(CBX_E_INVALID, "a root's message has %u bytes",
			CBX_RELEASE_MESSAGE_BYTES);
	}
	if (!cbx_context_pages(context, 1, &page)) {
		return cbx_fail(
			CBX_E_NOMEM, "root: no page free in the context");
	}
	call.arg[0] = page.pfn;
	memcpy(cbx_monitor_page(&context->monitor, page.pfn), message, size);
	status = cbx_context_call(context, &call, &reply);
	if (status != CBX_OK) {
		status = cbx_fail_call(status, reply.status,
			"the keeper does not take a root");
	}
	cbx_monitor_forget(&context->monitor, page.pfn, 1);
	cbx_pool_give(&context->pool, page);
	return status;
}

static enum cbx_status fail_service(int error)
{
	return cbx_fail_os(CBX_E_INVALID, error, "key service");
}

/* Every byte, without a signal when nobody is there. */
static enum cbx_status send_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size != 0) {
		ssize_t n = send(fd, from, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR) {
			return fail_service(errno);
		}
		from += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return CBX_OK;
}

static enum cbx_status receive_all(int fd, void *bytes, size_t size)
{
	uint8_t *to = bytes;

	while (size != 0) {
		ssize_t n = recv(fd, to, size, 0);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			return fail_service(n == 0 ? ECONNRESET : errno);
		}
		to += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return CBX_OK;
}

/* Show evidence made for the service's nonce. */
static enum cbx_status show(
	struct cbx_context *context, int fd, uint8_t *evidence)
{
	uint8_t nonce[NONCE_BYTES];
	const struct cbx_evidence_want want = { .size = sizeof(want),
		.nonce = nonce,
		.nonce_bytes = sizeof(nonce) };
	size_t size = CBX_EVIDENCE_ROOM;
	enum cbx_status status = receive_all(fd, nonce, sizeof(nonce));
	uint32_t length;

	if (status == CBX_OK) {
		status = cbx_monitor_evidence(context, &want, evidence, &size);
	}
	if (status != CBX_OK) {
		return status;
	}
	length = (uint32_t)size;
	status = send_all(fd, &length, sizeof(length));
	return status == CBX_OK ? send_all(fd, evidence, size) : status;
}

enum cbx_status cbx_release_ask(struct cbx_context *context, int fd)
{
	uint8_t message[CBX_RELEASE_MESSAGE_BYTES];
	uint8_t *evidence = malloc(CBX_EVIDENCE_ROOM);
	uint32_t refusal = 0;
	enum cbx_status status;

	if (evidence == NULL) {
		return cbx_fail_memory("evidence");
	}
	status = show(context, fd, evidence);
	free(evidence);
	if (status == CBX_OK) {
		status = receive_all(fd, &refusal, sizeof(refusal));
	}
	if (status == CBX_OK && refusal != 0) {
		return cbx_fail(CBX_E_DENIED,
			"key service: it refuses this monitor, reason %u",
			refusal);
	}
	if (status == CBX_OK) {
		status = receive_all(fd, message, sizeof(message));
	}
	return status == CBX_OK
		       ? cbx_release_give(context, message, sizeof(message))
		       : status;
}
