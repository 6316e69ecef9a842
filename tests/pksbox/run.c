/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a box, and what it wants when it comes back. */
#include <base/string.h>
#include <host/host.h>
#include <pksbox/box.h>

#define ENOSYS 38

static const char *keep_digest(struct box *box)
{
	struct cbx_reply reply =
		CALL(CBX_CALL_BOX_DIGEST, box->root, CBX_DIGEST_INPUT);

	WANT(reply.status == CBX_OK);
	memcpy(box->input_digest, reply.ret, sizeof(box->input_digest));
	return NULL;
}

static const void *input_at(const struct box *box)
{
	uint64_t set = DIRECT(SET_PA / CBX_PAGE_SIZE);

	return (const void *)(set + box->set->input_offset + box->fed);
}

/* The client's data, all of it; a piece is a whole number of pages. */
static const char *confine(struct box *box, const struct cbx_reply *exit)
{
	uint64_t left = box->set->input_bytes;
	uint64_t n;

	WANT(left <= exit->ret[3]);
	do {
		uint64_t page = (SET_PA + box->set->input_offset + box->fed) /
				CBX_PAGE_SIZE;
		enum cbx_status status;

		n = left < CBX_IO_BYTES_MAX ? left : CBX_IO_BYTES_MAX;
		left -= n;
		do {
			status = STATUS(CBX_CALL_BOX_CONFINE, box->root,
				exit->ret[1], page, n,
				left == 0 ? CBX_CONFINE_LAST : 0);
		} while (status == CBX_E_BUSY);
		WANT(status == CBX_OK);
		say_numbers("client", n, left == 0 ? CBX_CONFINE_LAST : 0);
		box->fed += n;
	} while (left > 0);
	box->confined = true;
	return keep_digest(box);
}

static const char *input(struct box *box, const struct cbx_reply *exit)
{
	uint64_t n = box->set->input_bytes - box->fed;

	WANT(!box->confined);
	if (exit->ret[2] == CBX_PORT_CLIENT) {
		return confine(box, exit);
	}
	WANT(exit->ret[2] == CBX_PORT_INPUT);
	n = n < exit->ret[3] ? n : exit->ret[3];
	n = n < CBX_IO_BYTES_MAX ? n : CBX_IO_BYTES_MAX;
	memcpy((void *)DIRECT(STAGE_PFN), input_at(box), n);
	WANT(STATUS(CBX_CALL_BOX_REPLY, box->root, exit->ret[1], n, STAGE_PFN,
		     n) == CBX_OK);
	say_numbers("input", n, 0);
	box->fed += n;
	return keep_digest(box);
}

static const char *output(const struct box *box, const struct cbx_reply *exit)
{
	const struct cbx_output *head =
		(const struct cbx_output *)DIRECT(STAGE_PFN);
	uint64_t bytes = exit->ret[3];

	if (box->confined) {
		WANT(exit->ret[1] == 0 && exit->ret[3] == 0);
		WANT(head->bytes <=
			CBX_IO_BYTES_MAX - sizeof(struct cbx_output));
		say_bytes("sealed", head + 1, head->bytes);
		return NULL;
	}
	WANT(bytes > 0 && bytes <= CBX_IO_BYTES_MAX);
	WANT(exit->ret[2] == CBX_PORT_OUTPUT || exit->ret[2] == CBX_PORT_ERROR);
	say_bytes(exit->ret[2] == CBX_PORT_OUTPUT ? "out" : "err",
		(const void *)DIRECT(STAGE_PFN), bytes);
	return NULL;
}

static const char *serve(struct box *box, const struct cbx_reply *exit)
{
	switch ((enum cbx_exit_reason)(uint32_t)exit->ret[0]) {
	case CBX_EXIT_INTERRUPTED:
		return NULL;
	case CBX_EXIT_IDLE: /* until then there is nothing else to do */
		return exit->ret[1] == 0 ? "it sleeps for ever" : NULL;
	case CBX_EXIT_OUTPUT:
		return output(box, exit);
	case CBX_EXIT_INPUT:
		return input(box, exit);
	case CBX_EXIT_FORWARD:
		return STATUS(CBX_CALL_BOX_REPLY, box->root, exit->ret[1],
			       (uint64_t)-ENOSYS, STAGE_PFN, 0) == CBX_OK
			       ? NULL
			       : "the refusal of a forwarded call";
	case CBX_EXIT_ENDED:
		say_bytes("fed", box->input_digest, sizeof(box->input_digest));
		say_numbers("ended", exit->ret[1], exit->ret[2]);
		box->ended = true;
		return NULL;
	case CBX_EXIT_TRACE:
	case CBX_EXIT_RESULT:
	case CBX_EXIT_REFUSED:
	default:
		say_numbers("exit", exit->ret[0], exit->ret[1]);
		return "an exit nobody asked for";
	}
}

const char *box_run(struct box *box)
{
	const char *wrong = NULL;

	while (wrong == NULL && !box->ended) {
		struct cbx_reply exit = CALL(CBX_CALL_BOX_ENTER, box->root,
			STAGE_PFN, CBX_IO_PAGES_MAX);

		WANT(exit.status == CBX_OK);
		wrong = serve(box, &exit);
	}
	return wrong;
}
