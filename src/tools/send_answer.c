/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/send_answer.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/start.h>
#include <confbox/confbox.h>
#include <tools/say.h>
#include <tools/send_socket.h>

int cbx_send_error(const char *what, enum cbx_client_error error)
{
	cbx_say("%s: %s", what, cbx_client_error_text(error));
	return CBX_CODE_FAILED;
}

static int explain_end(const struct cbx_client_frame *frame)
{
	switch (frame->reason) {
	case CBX_END_EXIT:
		return (frame->status & ~0xffull) == CBX_END_SIGNAL
			       ? CBX_CODE_BY_SIGNAL +
					 (int)(frame->status & 0x7f)
			       : (int)(frame->status & 0xff);
	case CBX_END_VIOLATION:
		cbx_say("the box was ended: it tried what a box with a "
			"client's data may not");
		return CBX_CODE_BY_SIGNAL + SIGSYS;
	case CBX_END_FAULT:
		cbx_say("the box was ended: a fault that nothing in it "
			"handles");
		return CBX_CODE_BY_SIGNAL + SIGSEGV;
	case CBX_END_KILLED:
		cbx_say("the box was killed");
		return CBX_CODE_BY_SIGNAL + SIGKILL;
	default:
		cbx_say("the box was lost; send it again");
		return CBX_CODE_FAILED;
	}
}

static bool write_data(const struct cbx_client_frame *frame)
{
	FILE *to = frame->port == CBX_PORT_ERROR ? stderr : stdout;

	if (fwrite(frame->data.bytes, 1, frame->data.size, to) ==
			frame->data.size &&
		fflush(to) == 0) {
		return true;
	}
	cbx_say("the answer cannot be written: %s; make room, or write it "
		"elsewhere",
		strerror(errno));
	return false;
}

/* One frame.  @return -1: there are more; else the exit status */
static int take_frame(
	struct cbx_client *client, struct cbx_span bytes, const char *name)
{
	struct cbx_client_frame frame;
	enum cbx_client_error error = cbx_client_open(client, bytes, &frame);

	if (error != CBX_CLIENT_OK) {
		return cbx_send_error(name, error);
	}
	if (frame.end != 0) {
		return explain_end(&frame);
	}
	return write_data(&frame) ? -1 : CBX_CODE_FAILED;
}

int cbx_send_answer(struct cbx_client *client, int fd, const char *name)
{
	size_t size = cbx_client_frame_size(client);
	uint8_t *bytes = malloc(size);
	int code = -1;

	while (code < 0) {
		if (bytes == NULL) {
			cbx_say("%s: out of memory; free memory", name);
			code = CBX_CODE_FAILED;
		} else if (!cbx_send_read(fd, bytes, size)) {
			cbx_say("%s: the answer is not complete: %s", name,
				errno != 0 ? strerror(errno)
					   : "it ends too early");
			code = CBX_CODE_FAILED;
		} else {
			code = take_frame(
				client, (struct cbx_span){ bytes, size }, name);
		}
	}
	free(bytes);
	return code;
}
